"""The items inside association PDUs (PS3.8 §9.3.2, §9.3.3 and annex D; PS3.7 annex D.3.3), as values.

UIDs and names are read as text without their padding; bytes that are not ASCII come through as Latin-1, so
that reading never fails. Whether a UID is one the reader knows is the reader's question.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from leadglass.terms.evidence import UserIdentity

__all__ = [
    "APPLICATION_CONTEXT",
    "CommonExtendedNegotiation",
    "ContextResult",
    "ExtendedNegotiation",
    "ItemType",
    "NegotiationResult",
    "ProposedContext",
    "RoleSelection",
    "UnknownItem",
    "UserInformation",
]

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
"""The one application context name there is (PS3.7 §A.2.1)."""


class ItemType(IntEnum):
    """First byte of an item: PS3.8 tables 9-12 to 9-19 and D.1-1, PS3.7 tables D.3-1 to D.3-15."""

    APPLICATION_CONTEXT = 0x10
    PROPOSED_CONTEXT = 0x20
    CONTEXT_RESULT = 0x21
    ABSTRACT_SYNTAX = 0x30
    TRANSFER_SYNTAX = 0x40
    USER_INFORMATION = 0x50
    MAXIMUM_LENGTH = 0x51
    IMPLEMENTATION_CLASS_UID = 0x52
    ASYNCHRONOUS_OPERATIONS_WINDOW = 0x53
    ROLE_SELECTION = 0x54
    IMPLEMENTATION_VERSION_NAME = 0x55
    EXTENDED_NEGOTIATION = 0x56
    COMMON_EXTENDED_NEGOTIATION = 0x57
    USER_IDENTITY = 0x58
    USER_IDENTITY_RESPONSE = 0x59


class NegotiationResult(IntEnum):
    """What the acceptor says to one proposed context (PS3.8 table 9-18)."""

    ACCEPTANCE = 0
    USER_REJECTION = 1
    NO_REASON = 2
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """One presentation context of a request (PS3.8 §9.3.2.2)."""

    presentation_context_id: int  # odd, 1 to 255
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContextResult:
    """The answer to one proposed context (PS3.8 §9.3.3.2). `transfer_syntax` means something only if accepted."""

    presentation_context_id: int
    result: int  # a NegotiationResult; a number the standard does not know is a rejection
    transfer_syntax: str = ""

    @property
    def is_accepted(self) -> bool:
        return self.result == NegotiationResult.ACCEPTANCE


@dataclass(frozen=True, slots=True)
class RoleSelection:
    """The roles the association *requestor* takes for a SOP class, proposed or answered (PS3.7 §D.3.3.4)."""

    sop_class_uid: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class ExtendedNegotiation:
    """SOP class extended negotiation: bytes that only the service class can read (PS3.7 §D.3.3.5)."""

    sop_class_uid: str
    service_class_application_information: bytes


@dataclass(frozen=True, slots=True)
class CommonExtendedNegotiation:
    """SOP class common extended negotiation (PS3.7 §D.3.3.6)."""

    sop_class_uid: str
    service_class_uid: str
    related_general_sop_class_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownItem:
    """An item this version of the protocol does not know; receivers keep quiet about it (PS3.8 §9.3.1)."""

    item_type: int
    value: bytes


@dataclass(frozen=True, slots=True)
class UserInformation:
    """The user information item: everything negotiated beside the contexts (PS3.8 annex D, PS3.7 §D.3.3)."""

    max_pdu_length: int = 0  # the largest P-DATA-TF the sender of this item wants to receive; 0: no limit
    implementation_class_uid: str = ""
    implementation_version_name: str = ""
    async_window: tuple[int, int] | None = None  # operations invoked, operations performed
    roles: tuple[RoleSelection, ...] = ()
    extended: tuple[ExtendedNegotiation, ...] = ()
    common_extended: tuple[CommonExtendedNegotiation, ...] = ()
    user_identity: UserIdentity | None = None
    identity_response: bytes | None = field(default=None, repr=False)
    unknown: tuple[UnknownItem, ...] = ()
