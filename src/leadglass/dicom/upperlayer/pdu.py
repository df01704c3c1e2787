"""The seven protocol data units of PS3.8 §9.3, as values.

`as_received` is a keepsake: the exact bytes a PDU was read from, kept only when they are not the bytes we
would have written (reserved bytes that are not zero, items in another order, padded UIDs). It takes no part
in comparison. `encode_pdu` writes it back as long as it still reads as this very value; a PDU that was
altered is ours, and is written by the book.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from leadglass.dicom.upperlayer.items import (
    APPLICATION_CONTEXT,
    ContextResult,
    ProposedContext,
    UnknownItem,
    UserInformation,
)
from leadglass.terms.ae_title import AETitle

__all__ = [
    "Abort",
    "AbortReason",
    "AbortSource",
    "AssociateAc",
    "AssociateRj",
    "AssociateRq",
    "PDataTf",
    "Pdu",
    "PduType",
    "PresentationDataValue",
    "ReleaseRp",
    "ReleaseRq",
]


class PduType(IntEnum):
    """First byte of a PDU."""

    ASSOCIATE_RQ = 0x01
    ASSOCIATE_AC = 0x02
    ASSOCIATE_RJ = 0x03
    P_DATA_TF = 0x04
    RELEASE_RQ = 0x05
    RELEASE_RP = 0x06
    ABORT = 0x07


class AbortSource(IntEnum):
    """Who aborts (PS3.8 §9.3.8)."""

    SERVICE_USER = 0
    SERVICE_PROVIDER = 2


class AbortReason(IntEnum):
    """Why the service-provider aborts (PS3.8 §9.3.8); means nothing if the service-user does."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    UNRECOGNIZED_PDU_PARAMETER = 4
    UNEXPECTED_PDU_PARAMETER = 5
    INVALID_PDU_PARAMETER_VALUE = 6


@dataclass(frozen=True, slots=True)
class AssociateRq:
    """A-ASSOCIATE-RQ (PS3.8 §9.3.2)."""

    called_ae_title: AETitle
    calling_ae_title: AETitle
    contexts: tuple[ProposedContext, ...]
    user_information: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1  # one bit per version; only bit 0 is tested
    unknown: tuple[UnknownItem, ...] = ()
    as_received: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class AssociateAc:
    """A-ASSOCIATE-AC (PS3.8 §9.3.3). The AE titles are those of the request, returned and not tested."""

    called_ae_title: AETitle
    calling_ae_title: AETitle
    contexts: tuple[ContextResult, ...]
    user_information: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1
    unknown: tuple[UnknownItem, ...] = ()
    as_received: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class AssociateRj:
    """A-ASSOCIATE-RJ: (result, source, reason) of PS3.8 table 9-21."""

    result: int  # 1 permanent, 2 transient
    source: int  # 1 service-user, 2 service-provider (ACSE), 3 service-provider (presentation)
    reason: int
    as_received: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class PresentationDataValue:
    """One presentation data value with its message control header (PS3.8 §9.3.5.1, annex E.2)."""

    presentation_context_id: int
    is_command: bool
    is_last: bool
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PDataTf:
    """P-DATA-TF as a whole (PS3.8 §9.3.5). The engine streams P-DATA and never builds one of these."""

    pdvs: tuple[PresentationDataValue, ...]
    as_received: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ReleaseRq:
    """A-RELEASE-RQ (PS3.8 §9.3.6)."""

    as_received: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ReleaseRp:
    """A-RELEASE-RP (PS3.8 §9.3.7)."""

    as_received: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Abort:
    """A-ABORT (PS3.8 §9.3.8)."""

    source: int  # an AbortSource, or 1 (reserved)
    reason: int = AbortReason.NOT_SPECIFIED
    as_received: bytes = field(default=b"", repr=False, compare=False)


Pdu = AssociateRq | AssociateAc | AssociateRj | PDataTf | ReleaseRq | ReleaseRp | Abort
