"""What an association tells its user: past tense, in the order it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadglass.dicom.upperlayer.negotiation import NegotiatedContext
from leadglass.dicom.upperlayer.pdu import AssociateAc, AssociateRj, AssociateRq
from leadglass.terms.errors import PeerViolation

__all__ = [
    "Aborted",
    "AssociateAccepted",
    "AssociateRejected",
    "AssociateRequested",
    "ConnectionClosed",
    "Event",
    "PdvReceived",
    "ReleaseConfirmed",
    "ReleaseRequested",
]


@dataclass(frozen=True, slots=True)
class AssociateRequested:
    """A-ASSOCIATE indication. Owed: `accept` or `reject`."""

    request: AssociateRq


@dataclass(frozen=True, slots=True)
class AssociateAccepted:
    """A-ASSOCIATE confirmation (accept). `contexts` holds the accepted ones only, by id."""

    accept: AssociateAc
    contexts: Mapping[int, NegotiatedContext]


@dataclass(frozen=True, slots=True)
class AssociateRejected:
    """A-ASSOCIATE confirmation (reject). At an acceptor: the engine itself refused the request (action AE-6)."""

    reject: AssociateRj


@dataclass(frozen=True, slots=True)
class PdvReceived:
    """A piece of a presentation data value, as it came off the wire. P-DATA is never collected.

    `is_last` is set only on the piece that ends a PDV marked "last fragment". `begins_pdv` is set on the first
    piece of each PDV: whoever counts fragments counts these. Empty `data` means an empty PDV.
    `data` is a view of the caller's receive buffer and is valid until the next `receive_data`.
    """

    presentation_context_id: int
    is_command: bool
    is_last: bool
    data: memoryview = field(repr=False)
    begins_pdv: bool = True


@dataclass(frozen=True, slots=True)
class ReleaseRequested:
    """A-RELEASE indication. Owed: `answer_release`, also when it crossed our own request (release collision)."""


@dataclass(frozen=True, slots=True)
class ReleaseConfirmed:
    """A-RELEASE confirmation: the peer answered our release."""


@dataclass(frozen=True, slots=True)
class Aborted:
    """The association ended at once. `by_peer`: an A-ABORT came; otherwise we sent it.

    `violation` is what the peer did wrong, if that is why; it is for the log and the ledger.
    """

    source: int
    reason: int
    by_peer: bool
    violation: PeerViolation | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """The transport connection is gone: always the last event, exactly once.

    `lost`: it went while an association was alive or being made (the A-P-ABORT indication of action AA-4).
    """

    lost: bool = False


Event = (
    AssociateRequested
    | AssociateAccepted
    | AssociateRejected
    | PdvReceived
    | ReleaseRequested
    | ReleaseConfirmed
    | Aborted
    | ConnectionClosed
)
