"""Status codes of DIMSE responses: numbers, names, categories (PS3.7 annex C; PS3.4 per service class).

A status is an int everywhere: peers may send any of 65,536. `Status` names the ones we say or act upon; `category_of`
reads any.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final

__all__ = ["Status", "StatusCategory", "category_of", "is_pending"]


class StatusCategory(Enum):
    """What a status means for the operation (PS3.7 §C.1)."""

    SUCCESS = "success"
    PENDING = "pending"  # not the final response: more follow
    CANCEL = "cancel"
    WARNING = "warning"  # done, with a remark
    FAILURE = "failure"


class Status(IntEnum):
    """Statuses with a name. Ranges of the standard (A7xx, A9xx, Cxxx) are named by their first member."""

    SUCCESS = 0x0000
    # general (PS3.7 annex C)
    ATTRIBUTE_LIST_ERROR = 0x0107  # warning
    ATTRIBUTE_VALUE_OUT_OF_RANGE = 0x0116  # warning
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    CLASS_INSTANCE_CONFLICT = 0x0119
    DUPLICATE_SOP_INSTANCE = 0x0111
    DUPLICATE_INVOCATION = 0x0210
    INVALID_ARGUMENT_VALUE = 0x0115
    INVALID_ATTRIBUTE_VALUE = 0x0106
    INVALID_OBJECT_INSTANCE = 0x0117
    MISSING_ATTRIBUTE = 0x0120
    MISSING_ATTRIBUTE_VALUE = 0x0121
    MISTYPED_ARGUMENT = 0x0212
    NO_SUCH_ACTION_TYPE = 0x0123
    NO_SUCH_ARGUMENT = 0x0114
    NO_SUCH_ATTRIBUTE = 0x0105
    NO_SUCH_EVENT_TYPE = 0x0113
    NO_SUCH_SOP_INSTANCE = 0x0112
    NO_SUCH_SOP_CLASS = 0x0118
    PROCESSING_FAILURE = 0x0110
    RESOURCE_LIMITATION = 0x0213
    UNRECOGNIZED_OPERATION = 0x0211
    NOT_AUTHORIZED = 0x0124
    # storage, query/retrieve (PS3.4 annexes B and C)
    OUT_OF_RESOURCES = 0xA700
    UNABLE_TO_CALCULATE_NUMBER_OF_MATCHES = 0xA701
    UNABLE_TO_PERFORM_SUBOPERATIONS = 0xA702
    MOVE_DESTINATION_UNKNOWN = 0xA801
    DATA_SET_DOES_NOT_MATCH_SOP_CLASS = 0xA900  # C-STORE; C-FIND, C-GET, C-MOVE: the identifier does not
    CANNOT_UNDERSTAND = 0xC000  # C-STORE: error; C-FIND, C-GET, C-MOVE: unable to process
    COERCION_OF_DATA_ELEMENTS = 0xB000  # C-STORE; C-GET, C-MOVE: complete, one or more failures
    ELEMENTS_DISCARDED = 0xB006
    DATA_SET_DOES_NOT_MATCH_SOP_CLASS_WARNING = 0xB007
    CANCEL = 0xFE00
    PENDING = 0xFF00
    PENDING_OPTIONAL_KEYS_UNSUPPORTED = 0xFF01


_WARNINGS: Final = frozenset({0x0001, Status.ATTRIBUTE_LIST_ERROR, Status.ATTRIBUTE_VALUE_OUT_OF_RANGE})
_PENDING: Final = frozenset({Status.PENDING, Status.PENDING_OPTIONAL_KEYS_UNSUPPORTED})


def category_of(status: int) -> StatusCategory:
    """The category of any status; what the standard does not know is a failure."""
    if status == Status.SUCCESS:
        return StatusCategory.SUCCESS
    if status in _PENDING:
        return StatusCategory.PENDING
    if status == Status.CANCEL:
        return StatusCategory.CANCEL
    if status in _WARNINGS or 0xB000 <= status <= 0xBFFF:
        return StatusCategory.WARNING
    return StatusCategory.FAILURE


def is_pending(status: int) -> bool:
    """True if more responses to the same request follow."""
    return status in _PENDING
