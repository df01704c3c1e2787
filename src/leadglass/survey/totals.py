"""What a run has found so far, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from leadglass.net.conversing import Ending
from leadglass.survey.observation import Act, Sighting, Verdict
from leadglass.terms.ceilings import MAX_OPEN_ADDRESSES_COUNTED

__all__ = ["Totals"]

_LEAKS: Final = frozenset({Act.QUERY, Act.WORKLIST, Act.RETRIEVE, Act.LIST})


@dataclass(slots=True)
class Totals:
    """Counts of a run. What was found is that of the whole run, also of the parts that this one resumes."""

    targets: int = 0  # of the plan
    before: int = 0  # were done in runs that this one resumes
    looked_at: int = 0  # now
    answered: int = 0  # a connection was made
    open: int = 0  # would give a stranger something
    silent: int = 0
    unreachable: int = 0  # the network said there is no way
    refused: int = 0
    connections: int = 0  # begun now
    faults: int = 0  # could not be judged, by a fault of ours
    _open_at: set[str] = field(default_factory=set, repr=False)

    @property
    def open_addresses(self) -> int:
        """At how many addresses something would give data."""
        return len(self._open_at)

    @property
    def is_finished(self) -> bool:
        """Whether every target of the plan was looked at, also those that could not be judged."""
        return self.before + self.looked_at + self.faults >= self.targets

    @property
    def is_deaf(self) -> bool:
        """Whether nobody answered at all, not even that a port is closed: the network may be down."""
        return self.silent + self.unreachable > 0 and not self.answered + self.refused + self.faults

    def count(self, address: str, sighting: Sighting) -> None:
        """One target more was seen."""
        if sighting.ending in (Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE):
            self.count_nothing(sighting.ending)
            return
        self.answered += 1
        if any(t.verdict is Verdict.OPEN and t.act in _LEAKS for t in sighting.tries):
            self.open += 1
            if len(self._open_at) < MAX_OPEN_ADDRESSES_COUNTED:
                self._open_at.add(address)

    def count_nothing(self, ending: Ending, targets: int = 1) -> None:
        """So many targets more with which there was no connection."""
        if ending is Ending.REFUSED:
            self.refused += targets
        elif ending is Ending.SILENT:
            self.silent += targets
        else:
            self.unreachable += targets

    def as_counts(self) -> dict[str, int]:
        """For the records."""
        return {
            "targets": self.targets,
            "before": self.before,
            "looked_at": self.looked_at,
            "answered": self.answered,
            "open": self.open,
            "open_addresses": self.open_addresses,
            "silent": self.silent,
            "unreachable": self.unreachable,
            "refused": self.refused,
            "connections": self.connections,
            "faults": self.faults,
        }
