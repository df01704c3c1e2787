"""What runs there, with proof, or "unknown": by implementation class UID, version name and manners.

A toolkit is not a product: a thousand devices say "DCMTK 3.6.7". Orthanc has no name of its own in DICOM; it is told by
its manners: DCMTK, any AE title let in, echo and store open, and an abort where something is not allowed. An echoed AE
title proves nothing, as every acceptor repeats the one it was called by (PS3.8 §9.3.3). Tables: `facts/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from leadglass.survey.facts import table
from leadglass.survey.observation import Software, Try, Verdict

__all__ = ["software_of"]

_UID, _NAME = "impl_class_uid", "impl_version_name"
_DOTTED: Final = re.compile(r"\d+(?:\.\d+)+")
_RUN: Final = re.compile(r"(?<!\d)(\d)(\d)(\d{1,2})(?!\d)")  # 362: three numbers, written together
_NOT_A_PRODUCT: Final = ("toolkit", "file writer", "vendor root", "HONEYPOT")
_NEXT_MAJOR: Final = "2"
_ABORTED: Final = ("C-FIND", "C-GET", "C-MOVE", "worklist C-FIND")
_ARCHIVE: Final = {"dcm4che 5": "dcm4chee-arc"}
"""Toolkits whose makers' archive says the same of itself, once it is plain that it is an archive."""


@dataclass(frozen=True, slots=True)
class _Row:
    field: str
    is_exact: bool
    pattern: str
    name: str  # the short one that is shown and joined by
    role: str
    version_from: str

    def matches(self, text: str) -> bool:
        return text == self.pattern if self.is_exact else text.startswith(self.pattern)

    @property
    def names_a_product(self) -> bool:
        return not self.role.startswith(_NOT_A_PRODUCT)


@cache
def _rows() -> tuple[_Row, ...]:
    return tuple(
        _Row(
            field=row["match_field"],
            is_exact=row["match_type"] == "exact",
            pattern=row["pattern"],
            name=row["name"],
            role=row["role"],
            version_from=row["version_from"],
        )
        for row in table("fingerprints")
        if row["match_field"] in (_UID, _NAME)
    )


def software_of(implementation_class_uid: str, implementation_version_name: str, tries: Iterable[Try] = ()) -> Software:
    """What the peer of an association is, as far as what it says of itself and what it did prove it."""
    said = _software_said(implementation_class_uid[:64], implementation_version_name[:16])
    return _by_manners(said, {done.how: done for done in tries}) if said.toolkit and not said.product else said


@lru_cache(maxsize=512)
def _software_said(uid: str, name: str) -> Software:
    by_uid = max((r for r in _rows() if r.field == _UID and r.matches(uid)), key=lambda r: len(r.pattern), default=None)
    by_name = max(
        (r for r in _rows() if r.field == _NAME and r.matches(name)), key=lambda r: len(r.pattern), default=None
    )
    found = [row for row in (by_uid, by_name) if row]
    if not found:
        return Software()
    row = next((row for row in found if row.names_a_product), found[0])
    version = _version(row, uid, name)
    proof = _proof(found, uid, name)
    if row.role.startswith("vendor root"):
        return Software(toolkit=_toolkit_within(name), proof=f"{proof}: made by {row.name}, product unknown")
    if row.names_a_product:
        is_over = "EOL" in row.role
        toolkit = f"DCMTK {version}" if version and "DCMTK base" in row.version_from else _toolkit_within(name)
        return Software(
            product=row.name, version="" if toolkit else version, toolkit=toolkit, proof=proof, is_end_of_life=is_over
        )
    return Software(toolkit=f"{row.name} {version}".strip(), proof=proof)


def _version(row: _Row, uid: str, name: str) -> str:
    if row.version_from.startswith("none"):
        return ""
    if row.field == _UID and not row.is_exact and "UID" in row.version_from:
        tail = uid[len(row.pattern) :].split(".")[-3:]
        if len(tail) == 3:
            return ".".join(tail)
    if dotted := _DOTTED.search(name):
        return dotted[0]
    run = _RUN.search(name)
    return ".".join(run.groups()) if run and "DCMTK" not in name.removeprefix(row.pattern) else ""


def _toolkit_within(name: str) -> str:
    """The toolkit that a maker left in the version name, like CVI42_DCMTK_360."""
    run = _RUN.search(name.partition("_DCMTK_")[2])
    return f"DCMTK {'.'.join(run.groups())}" if run else ""


def _proof(found: Sequence[_Row], uid: str, name: str) -> str:
    said = {_UID: f"implementation class UID {uid}", _NAME: f"implementation version name {name}"}
    return " and ".join(said[row.field] for row in found)


def _by_manners(said: Software, tries: dict[str, Try]) -> Software:
    """The product behind a toolkit, inferred from what it did."""

    def is_open(how: str) -> bool:
        return how in tries and tries[how].verdict is Verdict.OPEN

    aborts = [how for how in _ABORTED if how in tries and tries[how].code.startswith("aborted")]
    is_unable = "C-GET" in tries and tries["C-GET"].code == "0xC000"
    if said.toolkit.startswith("DCMTK ") and is_open("C-ECHO") and is_open("C-STORE") and (aborts or is_unable):
        since, before = _orthanc_built_with(said.toolkit.removeprefix("DCMTK "))
        manner = f"{', '.join(aborts)} aborted" if aborts else "C-GET of nothing fails with 0xC000"
        why = f"{said.proof}; inferred from its manners: any AE title, echo and store open, {manner}"
        return Software(product="Orthanc", version=since, version_before=before, toolkit=said.toolkit, proof=why)
    archive = next((product for toolkit, product in _ARCHIVE.items() if said.toolkit.startswith(toolkit)), "")
    if archive and is_open("C-FIND") and is_open("C-STORE"):
        version = said.toolkit.partition(" ")[2]
        why = f"{said.proof}; inferred from its manners: it stores and is queried"
        return Software(product=archive, version=version, toolkit=said.toolkit, proof=why)
    return said


@lru_cache(maxsize=64)
def _orthanc_built_with(dcmtk: str) -> tuple[str, str]:
    """From which version to before which; ("", "") if it is not in the table.

    The table holds the maker's own builds. Distributions link a DCMTK of their own, of about the same time: one row
    more to either side. The last row has no end but the next major version.
    """
    rows = table("orthanc-dcmtk")
    for number, row in enumerate(rows):
        if row["dcmtk_static"] == dcmtk:
            before = rows[min(number + 1, len(rows) - 1)]["orthanc_to_before"]
            return rows[max(number - 1, 0)]["orthanc_from"], _NEXT_MAJOR if "+" in before else before
    return "", ""
