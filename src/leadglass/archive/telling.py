"""What a peer is told of a fault, whatever the door: the status it deserves, and words without a secret."""

from __future__ import annotations

from leadglass.dicom.dimse.statuses import Status
from leadglass.terms.errors import LeadglassError, LedgerFault, PeerAnswer, PeerViolation, StorageFault

__all__ = ["status_for", "words_on"]


def status_for(fault: LeadglassError, otherwise: int) -> int:
    """The status (PS3.7 annex C, PS3.4 table B.2-1) that tells a peer of `fault`; `otherwise` for a violation that
    knows none."""
    match fault:
        case StorageFault() | LedgerFault():
            return Status.OUT_OF_RESOURCES
        case PeerViolation(answer=PeerAnswer(status=int(status))):
            return status
        case _:
            return otherwise


def words_on(fault: LeadglassError) -> str:
    """What a peer may read about `fault`. Our own troubles are nobody's business: the log has them."""
    if isinstance(fault, LedgerFault):
        return "the ledger cannot be written: nothing is released or taken"
    if isinstance(fault, StorageFault):
        return "the storage cannot take or give the object now"
    words = str(fault)
    if isinstance(fault, PeerViolation):
        words = words.removesuffix(f" ({fault.clause})")
    return words
