"""The command dictionary (PS3.7 annex E.1) and which message holds which of its elements, as data.

A command set is implicit VR little endian, its elements in ascending order (PS3.7 §6.3.1). The rows of a message are
not written out a second time: they are the fields of its dataclass, looked up in COMMAND_ELEMENTS.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from enum import Enum, auto
from typing import Final

from leadglass.dicom.dimse import messages
from leadglass.dicom.dimse.messages import Message

__all__ = [
    "COMMAND_DATA_SET_TYPE",
    "COMMAND_ELEMENTS",
    "COMMAND_FIELD",
    "COMMAND_FIELDS",
    "DATA_SET_PRESENT",
    "LAYOUTS",
    "NO_DATA_SET",
    "CommandElement",
    "ElementKind",
    "Layout",
]

COMMAND_FIELD: Final = 0x0100
COMMAND_DATA_SET_TYPE: Final = 0x0800
NO_DATA_SET: Final = 0x0101
"""The one value of Command Data Set Type that means "none"; all others mean a data set follows (PS3.7 §E.1)."""
DATA_SET_PRESENT: Final = 0x0001


class ElementKind(Enum):
    """Value representations that occur in command sets (PS3.5 §6.2)."""

    UI = auto()
    US = auto()
    AE = auto()
    LO = auto()
    AT = auto()


@dataclass(frozen=True, slots=True)
class CommandElement:
    """One element (0000,`element`) as it stands in one message."""

    element: int
    kind: ElementKind
    name: str
    is_mandatory: bool


COMMAND_ELEMENTS: Final[dict[str, tuple[int, ElementKind]]] = {
    "affected_sop_class_uid": (0x0002, ElementKind.UI),
    "requested_sop_class_uid": (0x0003, ElementKind.UI),
    "message_id": (0x0110, ElementKind.US),
    "message_id_being_responded_to": (0x0120, ElementKind.US),
    "move_destination": (0x0600, ElementKind.AE),
    "priority": (0x0700, ElementKind.US),
    "status": (0x0900, ElementKind.US),
    "offending_element": (0x0901, ElementKind.AT),
    "error_comment": (0x0902, ElementKind.LO),
    "error_id": (0x0903, ElementKind.US),
    "affected_sop_instance_uid": (0x1000, ElementKind.UI),
    "requested_sop_instance_uid": (0x1001, ElementKind.UI),
    "event_type_id": (0x1002, ElementKind.US),
    "attribute_identifier_list": (0x1005, ElementKind.AT),
    "action_type_id": (0x1008, ElementKind.US),
    "number_of_remaining_suboperations": (0x1020, ElementKind.US),
    "number_of_completed_suboperations": (0x1021, ElementKind.US),
    "number_of_failed_suboperations": (0x1022, ElementKind.US),
    "number_of_warning_suboperations": (0x1023, ElementKind.US),
    "move_originator_ae_title": (0x1030, ElementKind.AE),
    "move_originator_message_id": (0x1031, ElementKind.US),
}

COMMAND_FIELDS: Final[dict[int, type[Message]]] = {
    0x0001: messages.CStoreRq,
    0x8001: messages.CStoreRsp,
    0x0010: messages.CGetRq,
    0x8010: messages.CGetRsp,
    0x0020: messages.CFindRq,
    0x8020: messages.CFindRsp,
    0x0021: messages.CMoveRq,
    0x8021: messages.CMoveRsp,
    0x0030: messages.CEchoRq,
    0x8030: messages.CEchoRsp,
    0x0FFF: messages.CCancelRq,
    0x0100: messages.NEventReportRq,
    0x8100: messages.NEventReportRsp,
    0x0110: messages.NGetRq,
    0x8110: messages.NGetRsp,
    0x0120: messages.NSetRq,
    0x8120: messages.NSetRsp,
    0x0130: messages.NActionRq,
    0x8130: messages.NActionRsp,
    0x0140: messages.NCreateRq,
    0x8140: messages.NCreateRsp,
    0x0150: messages.NDeleteRq,
    0x8150: messages.NDeleteRsp,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How one kind of message is written: its command field and its elements, ascending."""

    command_field: int
    elements: tuple[CommandElement, ...]


def _layout(command_field: int, message: type[Message]) -> Layout:
    rows = [
        CommandElement(*COMMAND_ELEMENTS[f.name], f.name, is_mandatory=f.default is MISSING)
        for f in fields(message)
        if f.name in COMMAND_ELEMENTS
    ]
    return Layout(command_field, tuple(sorted(rows, key=lambda row: row.element)))


LAYOUTS: Final[dict[type[Message], Layout]] = {
    message: _layout(command_field, message) for command_field, message in COMMAND_FIELDS.items()
}
