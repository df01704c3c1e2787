"""What MongoDB's answers say, and what of them is kept."""

from __future__ import annotations

import re
from typing import Final

from leadglass.survey.observation import Verdict
from leadglass.survey.personal_data import name_aloud
from leadglass.survey.probes.bson import Document, Value, Writable

__all__ = ["names_in", "number_in", "understood", "verdict_of", "version_in"]

_DENIED: Final = frozenset({13, 18, 8000})  # Unauthorized, AuthenticationFailed, AtlasError
_VERSION: Final = re.compile(r"[0-9]+(\.[0-9]+){1,3}")
_KINDS_OF_COLLECTION: Final = frozenset({"collection", "view", "timeseries"})
_MAX_NAME: Final = 120  # the longest a collection may be called


def verdict_of(document: Document) -> tuple[Verdict, str]:
    """OPEN if the command was obeyed, CLOSED if it wants to know who we are; and the code."""
    if document.get("ok") == 1:
        return Verdict.OPEN, ""
    code = number_in(document.get("code"))
    if not code and "auth" in str(document.get("errmsg", "")).lower():
        code = 13  # servers before 3.0 say it in words only
    return (Verdict.CLOSED if code in _DENIED else Verdict.UNCLEAR), str(code) if code else ""


def names_in(listed: Value | None) -> list[str]:
    """The names in a list of databases or collections; UNSAID in place of those that may be somebody's."""
    rows = listed if isinstance(listed, list) else []
    names = [row.get("name") for row in rows if isinstance(row, dict)]
    fit = (name for name in names if isinstance(name, str) and 0 < len(name) <= _MAX_NAME and name.isprintable())
    return [name_aloud(name) for name in fit]


def number_in(value: Value | None) -> int:
    return value if isinstance(value, int) else 0


def version_in(document: Document) -> str:
    version = document.get("version")
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else ""


def understood(document: Document) -> dict[str, Writable]:
    """An answer that is understood as this one, without what was not looked at."""
    verdict, code = verdict_of(document)
    kept: dict[str, Writable] = {"ok": int(verdict is Verdict.OPEN)}
    if code:
        kept["code"] = int(code)
    if "maxWireVersion" in document:
        kept["maxWireVersion"] = number_in(document["maxWireVersion"])
    if version := version_in(document):
        kept["version"] = version
    if "databases" in document:
        kept["databases"] = [{"name": name} for name in names_in(document["databases"])]
    cursor = document.get("cursor")
    if isinstance(cursor, dict) and isinstance(cursor.get("firstBatch"), list):
        kept["cursor"] = {"firstBatch": [{"name": name} for name in names_in(_only_collections(cursor["firstBatch"]))]}
    return kept


def _only_collections(rows: Value) -> list[Value]:
    """Rows of listCollections, and no document of anybody's collection."""
    listed = rows if isinstance(rows, list) else []
    return [row for row in listed if isinstance(row, dict) and row.get("type") in _KINDS_OF_COLLECTION]
