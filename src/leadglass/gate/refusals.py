"""Refusals on their way to the ledger: the first at once, floods counted exactly and written sparingly. Pure.

Each refusal is in the ledger (design: "each refusal is in it too"), but strangers must not be able to fill it. So the
first refusal of a kind becomes an entry at once; the same again is counted, and the count is written after five
seconds, then ten, and so on up to five minutes while it goes on. New kinds become entries at a bounded pace; what
comes faster is counted together, by reason and door only. The sum of `counts["refusals"]` over all entries is the
exact number.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from leadglass.gate.ledger import Entry, Event, Outcome
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import Refused

__all__ = ["Refusal", "Refusals"]

FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 300.0
MAX_KINDS: Final = 200
"""Kinds counted apart at a time; beyond, by reason and door only."""
NEW_KINDS_AT_ONCE: Final = 30.0
NEW_KINDS_PER_SECOND: Final = 1.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What makes two refusals the same."""

    refused: Refused
    door: Door
    address: str
    study_instance_uid: str = ""
    patient: str = ""  # pseudonym
    called_ae_title: str = ""


@dataclass(slots=True)
class _Count:
    pending: int  # refused, not yet in an entry
    since: datetime
    due: float
    wait: float


class Refusals:
    """Counts. Every method returns the entries that must be written now; `now` is monotonic seconds, `at` wall time."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Refusal | tuple[str, Door], _Count] = OrderedDict()
        self._allowance = NEW_KINDS_AT_ONCE
        self._allowed_at: float | None = None

    def add(self, refusal: Refusal, at: datetime, now: float) -> list[Entry]:
        """One more refusal: an entry if it is the first of its kind, else none yet."""
        count = self._counts.get(refusal)
        if count is not None:
            count.pending += 1
            return []
        if len(self._counts) < MAX_KINDS and self._may_be_new(now):
            self._counts[refusal] = _Count(0, at, now + FIRST_WAIT, FIRST_WAIT)
            return [_entry(refusal, at, 1)]
        kind = (refusal.refused.reason.value, refusal.door)
        together = self._counts.setdefault(kind, _Count(0, at, now + FIRST_WAIT, FIRST_WAIT))
        together.pending += 1
        return []

    def due(self, at: datetime, now: float) -> list[Entry]:
        """The counts whose time has come. What was quiet for its whole wait is forgotten."""
        return self._write([kind for kind, count in self._counts.items() if count.due <= now], at, now)

    def all(self, at: datetime, now: float) -> list[Entry]:
        """Every count there is: call before closing."""
        return self._write(list(self._counts), at, now)

    def __bool__(self) -> bool:
        """True while something is counted."""
        return bool(self._counts)

    def _write(self, kinds: list[Refusal | tuple[str, Door]], at: datetime, now: float) -> list[Entry]:
        entries = []
        for kind in kinds:
            count = self._counts[kind]
            if count.pending == 0:
                del self._counts[kind]
                continue
            entries.append(_entry(kind, at, count.pending, since=count.since))
            wait = min(2 * count.wait, LONGEST_WAIT)
            self._counts[kind] = _Count(0, at, now + wait, wait)
        return entries

    def _may_be_new(self, now: float) -> bool:
        passed = 0.0 if self._allowed_at is None else max(0.0, now - self._allowed_at)
        self._allowed_at = now
        self._allowance = min(NEW_KINDS_AT_ONCE, self._allowance + passed * NEW_KINDS_PER_SECOND)
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True


def _entry(kind: Refusal | tuple[str, Door], at: datetime, count: int, since: datetime | None = None) -> Entry:
    detail: dict[str, str | int | bool] = {} if since is None else {"since": since.isoformat()}
    counts = {"refusals": count}
    if not isinstance(kind, Refusal):
        reason, door = kind
        detail["together"] = True  # several callers, addresses or studies
        return Entry(
            at=at, event=Event.REFUSED, outcome=Outcome.REFUSED, door=door, reason=reason, counts=counts, detail=detail
        )
    refused = kind.refused
    if kind.called_ae_title:
        detail["called_ae_title"] = kind.called_ae_title
    return Entry(
        at=at,
        event=Event.REFUSED,
        outcome=Outcome.REFUSED,
        principal=refused.who,
        action=refused.action.value if refused.action is not None else "",
        reason=refused.reason.value,
        door=kind.door,
        address=kind.address,
        study_instance_uid=kind.study_instance_uid,
        patient=kind.patient,
        counts=counts,
        detail=detail,
    )
