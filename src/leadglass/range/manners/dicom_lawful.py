"""How far a DIMSE request goes, as law 4 counts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadglass.range.law import NEVER

__all__ = [
    "QUERY_RETRIEVE_LEVEL",
    "STUDY_DATE",
    "STUDY_INSTANCE_UID",
    "STUDY_TIME",
    "is_single",
    "needed_by_identity",
    "needed_by_query",
    "needed_by_retrieval",
    "needed_by_worklist",
]

ACCESSION_NUMBER: Final = 0x00080050
QUERY_RETRIEVE_LEVEL: Final = 0x00080052
STUDY_DATE: Final = 0x00080020
STUDY_TIME: Final = 0x00080030
STUDY_INSTANCE_UID: Final = 0x0020000D
_COUNTING: Final = frozenset(
    {0x00080005, QUERY_RETRIEVE_LEVEL, STUDY_DATE, STUDY_TIME, STUDY_INSTANCE_UID, 0x00201206, 0x00201208}
)
"""What tells how much there is, and nothing of anybody."""
_PASSWORDLESS: Final = 1

Needed = tuple[int, str]
"""A level and a name of ours for what was asked."""


def is_single(value: object) -> bool:
    """Whether a key asks for one value, and not for any, several, or all that look alike."""
    return isinstance(value, str) and bool(value) and not any(sign in value for sign in "*?\\")


def needed_by_identity(kind: int) -> Needed:
    """A user identity was shown in an association request (PS3.7 §D.3.3.7)."""
    if kind == _PASSWORDLESS:
        return 2, "user identity without a passcode"
    return NEVER, "logging in"


def needed_by_query(identifier: Mapping[int, object], is_known: bool) -> Needed:
    """A C-FIND; `is_known`: by the UID of a study that is there."""
    attributes = identifier.keys() - _COUNTING
    if is_single(identifier.get(STUDY_INSTANCE_UID)) and not is_known:
        return 2, "C-FIND by an unknown UID"
    if identifier.get(QUERY_RETRIEVE_LEVEL) == "STUDY" and not attributes:
        return 3, "C-FIND for counts"
    if is_known:
        return 4, "C-FIND for attributes"
    return NEVER, "list of patients"


def needed_by_worklist(identifier: Mapping[int, object]) -> Needed:
    """A C-FIND of the modality worklist."""
    if is_single(identifier.get(ACCESSION_NUMBER)):
        return 2, "worklist C-FIND by accession number"
    return NEVER, "list of the day's patients"


def needed_by_retrieval(how: str, identifier: Mapping[int, object], is_known: bool) -> Needed:
    """A C-GET or C-MOVE."""
    if is_single(identifier.get(STUDY_INSTANCE_UID)) and not is_known:
        return 2, f"{how} by an unknown UID"
    return NEVER, f"{how} of images"
