"""What an answer to a question for something that does not exist says of the door it came through.

Calibrated on real archives (`tests/interop/test_survey_dicom_archives.py`): each verdict is held against what a client
gets from the same archive when it asks for something that does exist.
"""

from __future__ import annotations

from typing import Final

from leadglass.dicom.dimse.statuses import Status, StatusCategory, category_of
from leadglass.survey.observation import Verdict

__all__ = ["ANSWERS_WITHOUT_MATCHING", "verdict_of"]

ANSWERS_WITHOUT_MATCHING: Final = "answers without matching"

_REFUSALS: Final = frozenset(
    {
        Status.SOP_CLASS_NOT_SUPPORTED,
        Status.NOT_AUTHORIZED,
        Status.UNRECOGNIZED_OPERATION,
        Status.MOVE_DESTINATION_UNKNOWN,  # it would ask, and has nowhere to send it: not to us
    }
)


_UNABLE: Final = 0xC000
_DCMTK: Final = "1.2.276.0.7230010.3.0."
"""Of what is built on DCMTK, Orthanc is "unable to process" a C-GET that it allows and has nothing for; it aborts those
that it does not allow. DCMTK's own archive says success."""


def verdict_of(how: str, status: int, implementation_class_uid: str = "") -> Verdict:
    """The verdict on a final status. A C-MOVE without a match is unclear: whether the archive would have known where
    to send it is found out only when there is something to send."""
    if status in _REFUSALS:
        return Verdict.CLOSED
    if how == "C-MOVE":
        return Verdict.UNCLEAR
    if status == Status.NO_SUCH_SOP_INSTANCE or category_of(status) in (StatusCategory.SUCCESS, StatusCategory.WARNING):
        return Verdict.OPEN
    if how == "C-GET" and status == _UNABLE and implementation_class_uid.startswith(_DCMTK):
        return Verdict.OPEN
    return Verdict.UNCLEAR
