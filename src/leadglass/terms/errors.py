"""The error tree. Everything Leadglass raises on purpose descends from LeadglassError.

    LeadglassError
    ├── LocalViolation      our own code broke a protocol rule: a bug, abort and report
    ├── PeerViolation       the other side broke a rule: carries the answer owed to it
    │   └── CeilingReached  the other side asked for more than a named ceiling allows
    ├── StorageFault        the disk, the database or the ledger could not do what durability needs
    │   ├── OutOfSpace      ... because there is no room left: the sender may try again
    │   └── IntegrityFault  ... because stored bytes are not the bytes that were written
    ├── LedgerFault         the ledger could not be written: nothing may be released
    └── UserFault           something the person at the keyboard can mend; says how

A refusal (no grant, unknown device) is never an exception: it is a value, see `outcome.Refused`.
No text of any error may hold patient data (law 6): name the field and the rule, never the value.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CeilingReached",
    "IntegrityFault",
    "LeadglassError",
    "LedgerFault",
    "LocalViolation",
    "OutOfSpace",
    "PeerAnswer",
    "PeerViolation",
    "StorageFault",
    "UserFault",
]


class LeadglassError(Exception):
    """Root of all errors raised on purpose."""


class LocalViolation(LeadglassError):
    """Our own code asked for something the protocol state does not allow."""


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What the standard says we owe a peer that broke a rule: an A-ABORT, an A-ASSOCIATE-RJ or a DIMSE status.

    Exactly one of the three is meant: `abort_reason` (PS3.8 §9.3.8, provider-initiated), `reject` as
    (result, source, reason) (PS3.8 §9.3.4), or `status` (PS3.7 annex C).
    """

    abort_reason: int | None = None
    reject: tuple[int, int, int] | None = None
    status: int | None = None


class PeerViolation(LeadglassError):
    """The peer broke a rule of the standard; `answer` is what it must be told, `clause` where the rule stands."""

    def __init__(self, what: str, *, answer: PeerAnswer, clause: str = "") -> None:
        super().__init__(f"{what} ({clause})" if clause else what)
        self.answer = answer
        self.clause = clause


class CeilingReached(PeerViolation):
    """The peer asked for more than a named ceiling of `terms.ceilings` allows (law 5)."""

    def __init__(self, ceiling: str, limit: int, seen: int, *, answer: PeerAnswer) -> None:
        super().__init__(f"{ceiling}: {seen} is over the ceiling of {limit}", answer=answer)
        self.ceiling = ceiling
        self.limit = limit
        self.seen = seen


class StorageFault(LeadglassError):
    """Durability cannot be promised; whatever was in flight is not acknowledged."""


class OutOfSpace(StorageFault):
    """No room left on the device. Nothing acknowledged is lost; the sender may try again later."""


class IntegrityFault(StorageFault):
    """Stored bytes fail their authentication tag. They are named, and never served."""


class LedgerFault(LeadglassError):
    """The ledger cannot be written, so nothing may be released (laws 1 and 3)."""


class UserFault(LeadglassError):
    """Something the person at the keyboard can mend: `str()` says what is wrong, `advice` what to do next."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.advice = advice
