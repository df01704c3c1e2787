"""The 23 DIMSE messages (PS3.7 §9.3 and §10.3) as values, in the standard's words.

A field without a default is mandatory on the wire. Of the others, "", None and () mean: not in the command set.
Every field is given by name, so that two UIDs or two counts cannot be swapped by accident.

`has_data_set` is the reading of Command Data Set Type (0000,0800). Who sends a message through a conversation
need not care: the conversation says True exactly when it was given a data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "PRIORITY_HIGH",
    "PRIORITY_LOW",
    "PRIORITY_MEDIUM",
    "CCancelRq",
    "CEchoRq",
    "CEchoRsp",
    "CFindRq",
    "CFindRsp",
    "CGetRq",
    "CGetRsp",
    "CMoveRq",
    "CMoveRsp",
    "CStoreRq",
    "CStoreRsp",
    "Message",
    "NActionRq",
    "NActionRsp",
    "NCreateRq",
    "NCreateRsp",
    "NDeleteRq",
    "NDeleteRsp",
    "NEventReportRq",
    "NEventReportRsp",
    "NGetRq",
    "NGetRsp",
    "NSetRq",
    "NSetRsp",
    "Request",
    "Response",
]

PRIORITY_MEDIUM: Final = 0
PRIORITY_HIGH: Final = 1
PRIORITY_LOW: Final = 2


# --- C-services (PS3.7 §9.3) ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CEchoRq:
    """PS3.7 §9.3.5.1."""

    message_id: int
    affected_sop_class_uid: str = "1.2.840.10008.1.1"
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CEchoRsp:
    """PS3.7 §9.3.5.2."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    error_comment: str = ""
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CStoreRq:
    """PS3.7 §9.3.1.1."""

    message_id: int
    affected_sop_class_uid: str
    affected_sop_instance_uid: str
    priority: int = PRIORITY_MEDIUM
    move_originator_ae_title: str = ""
    move_originator_message_id: int | None = None
    has_data_set: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CStoreRsp:
    """PS3.7 §9.3.1.2."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    affected_sop_instance_uid: str = ""
    offending_element: tuple[int, ...] = ()
    error_comment: str = ""
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CFindRq:
    """PS3.7 §9.3.2.1. The data set is the identifier."""

    message_id: int
    affected_sop_class_uid: str
    priority: int = PRIORITY_MEDIUM
    has_data_set: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CFindRsp:
    """PS3.7 §9.3.2.2. One per match (pending, with an identifier) and a last one without."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    offending_element: tuple[int, ...] = ()
    error_comment: str = ""
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CGetRq:
    """PS3.7 §9.3.3.1. The data set is the identifier."""

    message_id: int
    affected_sop_class_uid: str
    priority: int = PRIORITY_MEDIUM
    has_data_set: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CGetRsp:
    """PS3.7 §9.3.3.2. A data set, if any, is the list of failed SOP Instance UIDs (PS3.4 §C.4.3.1.4)."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    offending_element: tuple[int, ...] = ()
    error_comment: str = ""
    number_of_remaining_suboperations: int | None = None
    number_of_completed_suboperations: int | None = None
    number_of_failed_suboperations: int | None = None
    number_of_warning_suboperations: int | None = None
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CMoveRq:
    """PS3.7 §9.3.4.1. The data set is the identifier."""

    message_id: int
    affected_sop_class_uid: str
    move_destination: str
    priority: int = PRIORITY_MEDIUM
    has_data_set: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CMoveRsp:
    """PS3.7 §9.3.4.2. A data set, if any, is the list of failed SOP Instance UIDs (PS3.4 §C.4.2.1.4)."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    offending_element: tuple[int, ...] = ()
    error_comment: str = ""
    number_of_remaining_suboperations: int | None = None
    number_of_completed_suboperations: int | None = None
    number_of_failed_suboperations: int | None = None
    number_of_warning_suboperations: int | None = None
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CCancelRq:
    """PS3.7 §9.3.2.3, §9.3.3.3, §9.3.4.3: one and the same for C-FIND, C-GET and C-MOVE. It has no response."""

    message_id_being_responded_to: int
    has_data_set: bool = False


# --- N-services (PS3.7 §10.3) --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NEventReportRq:
    """PS3.7 §10.3.1.1. The data set is the event information."""

    message_id: int
    affected_sop_class_uid: str
    affected_sop_instance_uid: str
    event_type_id: int
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NEventReportRsp:
    """PS3.7 §10.3.1.2. The data set is the event reply."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    affected_sop_instance_uid: str = ""
    event_type_id: int | None = None
    error_comment: str = ""
    error_id: int | None = None
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NGetRq:
    """PS3.7 §10.3.2.1."""

    message_id: int
    requested_sop_class_uid: str
    requested_sop_instance_uid: str
    attribute_identifier_list: tuple[int, ...] = ()
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NGetRsp:
    """PS3.7 §10.3.2.2. The data set is the attribute list."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    affected_sop_instance_uid: str = ""
    attribute_identifier_list: tuple[int, ...] = ()
    error_comment: str = ""
    error_id: int | None = None
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NSetRq:
    """PS3.7 §10.3.3.1. The data set is the modification list."""

    message_id: int
    requested_sop_class_uid: str
    requested_sop_instance_uid: str
    has_data_set: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NSetRsp:
    """PS3.7 §10.3.3.2. The data set is the attribute list."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    affected_sop_instance_uid: str = ""
    attribute_identifier_list: tuple[int, ...] = ()
    error_comment: str = ""
    error_id: int | None = None
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NActionRq:
    """PS3.7 §10.3.4.1. The data set is the action information."""

    message_id: int
    requested_sop_class_uid: str
    requested_sop_instance_uid: str
    action_type_id: int
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NActionRsp:
    """PS3.7 §10.3.4.2. The data set is the action reply."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    affected_sop_instance_uid: str = ""
    action_type_id: int | None = None
    error_comment: str = ""
    error_id: int | None = None
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NCreateRq:
    """PS3.7 §10.3.5.1. The data set is the attribute list; the performer may choose the instance UID."""

    message_id: int
    affected_sop_class_uid: str
    affected_sop_instance_uid: str = ""
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NCreateRsp:
    """PS3.7 §10.3.5.2. The data set is the attribute list."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    affected_sop_instance_uid: str = ""
    error_comment: str = ""
    error_id: int | None = None
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NDeleteRq:
    """PS3.7 §10.3.6.1."""

    message_id: int
    requested_sop_class_uid: str
    requested_sop_instance_uid: str
    has_data_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NDeleteRsp:
    """PS3.7 §10.3.6.2."""

    message_id_being_responded_to: int
    status: int
    affected_sop_class_uid: str = ""
    affected_sop_instance_uid: str = ""
    error_comment: str = ""
    error_id: int | None = None
    has_data_set: bool = False


Request = (
    CEchoRq
    | CStoreRq
    | CFindRq
    | CGetRq
    | CMoveRq
    | NEventReportRq
    | NGetRq
    | NSetRq
    | NActionRq
    | NCreateRq
    | NDeleteRq
)
"""Messages that are answered: all have a `message_id`."""

Response = (
    CEchoRsp
    | CStoreRsp
    | CFindRsp
    | CGetRsp
    | CMoveRsp
    | NEventReportRsp
    | NGetRsp
    | NSetRsp
    | NActionRsp
    | NCreateRsp
    | NDeleteRsp
)
"""Answers: all have `message_id_being_responded_to` and `status`."""

Message = Request | Response | CCancelRq
