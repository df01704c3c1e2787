"""What can go wrong on the way to a peer, as errors that say so.

LeadglassError
└── NetFault                 the connection cannot do what was asked; never our own bug
    ├── PeerUnreachable      no connection: refused, no route, timed out, name unknown
    ├── TlsFault             a connection, but no TLS on it; the text says whose mistake it is
    ├── PeerRejected         the peer answered A-ASSOCIATE-RJ
    ├── AssociationLost      the association is over: released, aborted or the connection broke
    └── ResponseOverdue      the peer did not answer in time; the association has been aborted
"""

from __future__ import annotations

from leadglass.dicom.upperlayer import AssociateRj
from leadglass.terms.errors import LeadglassError

__all__ = ["AssociationLost", "NetFault", "PeerRejected", "PeerUnreachable", "ResponseOverdue", "TlsFault"]


class NetFault(LeadglassError):
    """The connection cannot do what was asked."""


class PeerUnreachable(NetFault):
    """There is no connection to the peer."""


class TlsFault(NetFault):
    """The TLS handshake failed, or the peer's certificate does not hold."""


class PeerRejected(NetFault):
    """The peer rejected the association; `rejection` says how (PS3.8 §9.3.4)."""

    def __init__(self, rejection: AssociateRj) -> None:
        super().__init__(
            f"the peer rejected the association: result {rejection.result}, source {rejection.source}, "
            f"reason {rejection.reason}"
        )
        self.rejection = rejection


class AssociationLost(NetFault):
    """The association is over."""


class ResponseOverdue(NetFault):
    """The peer did not answer in time."""
