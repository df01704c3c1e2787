"""What the evidence of a run that has ended, or was ended, says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from leadglass.net.conversing import Ending
from leadglass.survey.records.chain import START, Chain, Line
from leadglass.survey.records.entries import Begun, Closed, Entry, Nothing, Seen, decode
from leadglass.survey.records.numbers import Numbers
from leadglass.survey.totals import Totals
from leadglass.terms.ceilings import MAX_EVIDENCE_NUMBER
from leadglass.terms.errors import IntegrityFault, UserFault

__all__ = ["Past", "entries_in", "entry_of", "numbers_in", "numbers_of", "read_past"]


@dataclass(slots=True)
class Past:
    """Where a run stands."""

    begun: Begun
    done: Numbers = field(default_factory=Numbers)
    found: Totals = field(default_factory=Totals)  # at those
    closed: Closed | None = None  # None: it was ended by a crash, or goes on
    head: str = START
    shard: int = 1
    entries_in_shard: int = 0
    whole: int = 0  # bytes of the last shard that are whole lines
    unfinished: int = 0  # bytes behind them


def entry_of(line: Line) -> Entry:
    """What a line says; IntegrityFault if it is not sound or no entry."""
    if line.fault:
        raise IntegrityFault(f"{line.where}: {line.fault}")
    try:
        entry = decode(line.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise IntegrityFault(f"{line.where}: this is no entry: {fault}") from None
    if isinstance(entry, Nothing) and not all(0 <= a <= b <= MAX_EVIDENCE_NUMBER for a, b in entry.ranges):
        raise IntegrityFault(f"{line.where}: a range of numbers is too large")
    if isinstance(entry, Seen) and not 0 <= entry.number <= MAX_EVIDENCE_NUMBER:
        raise IntegrityFault(f"{line.where}: a number is too large")
    return entry


def numbers_of(entry: Entry) -> tuple[tuple[int, int], ...]:
    """The targets an entry speaks of, as ranges."""
    if isinstance(entry, Seen):
        return ((entry.number, entry.number),)
    return entry.ranges if isinstance(entry, Nothing) else ()


def entries_in(folder: Path) -> Iterator[tuple[Line, Entry]]:
    """Every entry with its line, in order; IntegrityFault at the first that is not sound."""
    for line in Chain(folder).lines():
        yield line, entry_of(line)


def read_past(folder: Path) -> Past:
    """Read all evidence of a run. UserFault if there is none, or if it was changed."""
    chain = Chain(folder)
    past: Past | None = None
    last_shard = ""
    try:
        for line in chain.lines():
            entry = entry_of(line)
            if past is None:
                past = Past(_first(entry, folder))
            past.closed = entry if isinstance(entry, Closed) else None
            shard = line.where.partition(",")[0]
            past.entries_in_shard = past.entries_in_shard + 1 if shard == last_shard else 1
            last_shard = shard
            for first, last in numbers_of(entry):
                past.done.add_range(first, last)
            _count(entry, past.found)
    except IntegrityFault as fault:
        raise UserFault(
            str(fault), "The evidence was changed. `leadglass survey verify` lists what is wrong."
        ) from fault
    if past is None:
        raise UserFault(f"{folder} holds no evidence of a run", "Was it stopped in its first second? Begin it anew.")
    past.head, past.whole, past.unfinished = chain.head, chain.whole, chain.unfinished
    past.shard = len(chain.shards)
    if last_shard != f"evidence/{chain.shards[-1].name}":
        past.entries_in_shard = 0
    return past


def numbers_in(folder: Path) -> Numbers:
    """Numbers of the targets that a run has recorded; none if there is no run."""
    return read_past(folder).done if Chain(folder).shards else Numbers()


def _count(entry: Entry, found: Totals) -> None:
    if isinstance(entry, Seen):
        found.count(entry.target.address, entry.sighting)
    elif isinstance(entry, Nothing):
        for ending in (Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE):
            ranges = getattr(entry, ending.value)
            found.count_nothing(ending, sum(last - first + 1 for first, last in ranges))


def _first(entry: Entry, folder: Path) -> Begun:
    if not isinstance(entry, Begun):
        raise UserFault(f"the evidence in {folder} does not begin with what the run is", "Its beginning is missing.")
    return entry
