"""Which kinds of personal data a field's name speaks of: names only, never values.

The words, in the languages that leaks have been found in, are data: `personal_data.toml`. A user name, a host name or a
file name is nobody's name here: an account is not a patient, and a finding must hold.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from leadglass.terms.ceilings import MAX_FIELD_NAME

__all__ = ["KINDS", "UNSAID", "kinds_of_field", "kinds_of_fields", "name_aloud"]

_BOUNDARY: Final = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])"  # birthDate
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # PIDName
    r"|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])"  # phone1
)
_BETWEEN: Final = re.compile(r"[^a-z0-9]+")
_SAME_FIELD: Final = re.compile(r"\.(keyword|raw)$")
"""How Elasticsearch names the second form of a field."""
_NO_DECOMPOSITION: Final = str.maketrans({"ı": "i", "İ": "I", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O"})


@dataclass(frozen=True, slots=True)
class _Kind:
    says: frozenset[str]  # phrases, their words written together
    hints: frozenset[str]
    unless: frozenset[str]


def _joined(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(phrase.replace(" ", "") for phrase in phrases)


def _table() -> dict[str, _Kind]:
    text = files(__package__).joinpath("personal_data.toml").read_text(encoding="utf-8")
    return {
        name: _Kind(_joined(row["says"]), _joined(row.get("hints", ())), frozenset(row.get("unless", ())))
        for name, row in tomllib.loads(text)["kind"].items()
    }


_TABLE: Final = _table()
_LONGEST: Final = 6
"""Words of the longest phrase: a run of more can be none."""

KINDS: Final = tuple(sorted(_TABLE))
"""All kinds there are."""


UNSAID: Final = "…"
"""In place of a name that may be somebody's."""
_SOMEBODYS: Final = re.compile(r"@|[0-9]{6}|[0-9a-f]{16}|\b[0-9]{3}[-.][0-9]{2}[-.][0-9]{4}\b", re.IGNORECASE)
"""Addresses, dates of birth, numbers of people and of examinations, names coded as hexadecimal digits."""
_DAY_OF_A_LOG: Final = re.compile(r"(?<![0-9a-f])20[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-3][0-9])?(?![0-9a-f])", re.IGNORECASE)


def name_aloud(name: str) -> str:
    """The name of a database, index or collection as it may be kept and shown; UNSAID if it may be somebody's."""
    return UNSAID if _SOMEBODYS.search(_DAY_OF_A_LOG.sub("", name)) else name


def kinds_of_field(name: str) -> frozenset[str]:
    """The kinds that a field's name alone speaks of; "patient.birthDate" says "birth date".

    `name` may be a dotted path in any spelling: camelCase, snake_case, accents. Never raises.
    """
    words = _words(name)
    runs = _runs(words)
    return frozenset(kind for kind, row in _TABLE.items() if runs & row.says and not row.unless.intersection(words))


def kinds_of_fields(names: Iterable[str]) -> tuple[str, ...]:
    """The kinds that the fields of one collection speak of, sorted.

    A field called "name" or "notes" counts if another field says that the collection is about people.
    """
    said: set[str] = set()
    hinted: set[str] = set()
    for name in names:
        said |= kinds_of_field(name)
        whole = "".join(_words(_SAME_FIELD.sub("", name)))
        hinted |= {kind for kind, row in _TABLE.items() if whole in row.hints}
    return tuple(sorted(said | hinted)) if said else ()


def _words(name: str) -> list[str]:
    """Its words, small and without accents."""
    plain = unicodedata.normalize("NFKD", name[:MAX_FIELD_NAME].translate(_NO_DECOMPOSITION))
    unaccented = "".join(c for c in plain if not unicodedata.combining(c)).replace("ß", "ss")
    return [word for word in _BETWEEN.split(_BOUNDARY.sub(" ", unaccented).lower()) if word]


def _runs(words: list[str]) -> set[str]:
    """Words that stand together, written together: so "birth_date" and "birthdate" are the same."""
    return {
        "".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1)
    }
