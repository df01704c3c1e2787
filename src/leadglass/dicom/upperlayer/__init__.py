"""The DICOM upper layer (PS3.8): how an association is asked for, used, ended and broken off.

A conversation without I/O. Bytes and the time go in, events and bytes come out; who owns a socket and a clock
is `net`'s business. Follow a byte through the room:

    items.py        what is inside association PDUs, as values
    pdu.py          the seven PDUs, as values
    tlv.py          type-length-value: how items are written and how fields are taken from bytes
    user_information.py, encode.py, decode.py    values → bytes by the book, bytes → values
    codec.py        `encode_pdu`, `decode_pdu`: the two above, and byte-exact for what was received
    reader.py       bytes as they arrive → whole PDUs, or pieces of P-DATA as they come
    states.py       table 9-10 as data: the only place with transitions
    negotiation.py  a request and an offer → the answer (pure)
    events.py       what an association tells its user
    association.py  `Association`, the engine: performs the actions that table 9-10 names
"""

from leadglass.dicom.upperlayer.association import Association
from leadglass.dicom.upperlayer.codec import decode_pdu, encode_pdu
from leadglass.dicom.upperlayer.events import (
    Aborted,
    AssociateAccepted,
    AssociateRejected,
    AssociateRequested,
    ConnectionClosed,
    Event,
    PdvReceived,
    ReleaseConfirmed,
    ReleaseRequested,
)
from leadglass.dicom.upperlayer.items import (
    APPLICATION_CONTEXT,
    CommonExtendedNegotiation,
    ContextResult,
    ExtendedNegotiation,
    NegotiationResult,
    ProposedContext,
    RoleSelection,
    UnknownItem,
    UserInformation,
)
from leadglass.dicom.upperlayer.negotiation import (
    NegotiatedContext,
    Negotiation,
    Offer,
    OfferedSyntax,
    established_contexts,
    negotiate,
)
from leadglass.dicom.upperlayer.pdu import (
    Abort,
    AbortReason,
    AbortSource,
    AssociateAc,
    AssociateRj,
    AssociateRq,
    PDataTf,
    Pdu,
    PresentationDataValue,
    ReleaseRp,
    ReleaseRq,
)
from leadglass.dicom.upperlayer.states import State

__all__ = [
    "APPLICATION_CONTEXT",
    "Abort",
    "AbortReason",
    "AbortSource",
    "Aborted",
    "AssociateAc",
    "AssociateAccepted",
    "AssociateRejected",
    "AssociateRequested",
    "AssociateRj",
    "AssociateRq",
    "Association",
    "CommonExtendedNegotiation",
    "ConnectionClosed",
    "ContextResult",
    "Event",
    "ExtendedNegotiation",
    "NegotiatedContext",
    "Negotiation",
    "NegotiationResult",
    "Offer",
    "OfferedSyntax",
    "PDataTf",
    "Pdu",
    "PdvReceived",
    "PresentationDataValue",
    "ProposedContext",
    "ReleaseConfirmed",
    "ReleaseRequested",
    "ReleaseRp",
    "ReleaseRq",
    "RoleSelection",
    "State",
    "UnknownItem",
    "UserInformation",
    "decode_pdu",
    "encode_pdu",
    "established_contexts",
    "negotiate",
]
