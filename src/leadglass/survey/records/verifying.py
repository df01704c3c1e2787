"""Checks that a run's evidence is what was written, and that its tables say what the evidence says."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from leadglass.survey.records.chain import Chain
from leadglass.survey.records.entries import Begun, Closed, Entry, Resumed, Seen
from leadglass.survey.records.facts import RunFacts
from leadglass.survey.records.numbers import Numbers
from leadglass.survey.records.parquet import faults_in_tables, has_tables
from leadglass.survey.records.reading import entry_of, numbers_of
from leadglass.terms.errors import IntegrityFault

__all__ = ["Verification", "verify"]

_MAX_PROBLEMS: Final = 100


@dataclass(slots=True)
class Verification:
    """What a check found."""

    entries: int = 0
    systems_seen: int = 0  # entries of targets that were reached or imported
    head: str = ""
    is_closed: bool = False  # False: it was ended by a crash, goes on, or its end was cut off
    unfinished: int = 0  # bytes of a line that was written by half: expected after a crash
    problems: tuple[str, ...] = ()
    without_tables: tuple[int, ...] = ()  # shards whose tables are not all there: nothing but SQL needs them

    @property
    def is_intact(self) -> bool:
        """Whether nothing is wrong. A run that was not closed may have lost its end, and the chain cannot show that."""
        return not self.problems


def verify(folder: Path) -> Verification:
    """Check the chain, the entries, that they belong to the scope and the `run.json` beside them, and the tables."""
    chain, found, problems = Chain(folder), Verification(), list[str]()
    done = Numbers()
    begun: Begun | None = None
    closed: Closed | None = None
    end: Closed | None = None  # the same, also if a later version has said more behind it
    for line in chain.lines():
        found.entries += 1
        try:
            entry = entry_of(line)
        except IntegrityFault as fault:
            problems.append(str(fault))
            continue
        closed = entry if isinstance(entry, Closed) else None
        end = None if isinstance(entry, Resumed) else closed or end
        if isinstance(entry, Begun):
            if found.entries > 1:
                problems.append(f"{line.where}: a run begins within a run")
            begun = begun or entry
        found.systems_seen += isinstance(entry, Seen)
        problems += _recorded_twice(done, entry, line.where)
    if begun is None:
        problems.append("the evidence does not begin with what the run is")
    else:
        problems += _scope_differs(folder, begun)
    found.head, found.is_closed, found.unfinished = chain.head, closed is not None, chain.unfinished
    problems += _facts_differ(folder, begun, end, found)
    shards = [int(path.stem) for path in chain.shards]
    if found.is_closed:  # of a run that goes on they are still to be made
        found.without_tables = tuple(shard for shard in shards if not has_tables(folder, shard))
    if not problems:  # against evidence that was changed they prove nothing
        problems += [fault for shard in shards for fault in faults_in_tables(folder, shard)]
    found.problems = tuple(problems[:_MAX_PROBLEMS])
    return found


def _recorded_twice(done: Numbers, entry: Entry, where: str) -> list[str]:
    """Marks the entry's numbers as done."""
    before, numbers = len(done), 0
    for first, last in numbers_of(entry):
        done.add_range(first, last)
        numbers += max(0, last - first + 1)
    return [] if len(done) == before + numbers else [f"{where}: a target is recorded twice"]


def _scope_differs(folder: Path, begun: Begun) -> list[str]:
    scope = folder / "scope.toml"
    if not begun.scope_digest and not scope.exists():
        return []
    if not scope.exists():
        return ["scope.toml is missing"]
    if sha256(scope.read_bytes()).hexdigest() != begun.scope_digest:
        return ["scope.toml is not the scope that the evidence begins with"]
    return []


def _facts_differ(folder: Path, begun: Begun | None, closed: Closed | None, found: Verification) -> list[str]:
    try:
        facts = msgspec.json.decode((folder / "run.json").read_bytes(), type=RunFacts)
    except FileNotFoundError:
        return ["run.json is missing"]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OSError):
        return ["run.json cannot be read"]
    problems = []
    if begun is not None and (facts.id, facts.scope_digest) != (begun.id, begun.scope_digest):
        problems.append("run.json is of another run than the evidence")
    elif begun is not None and (changed := _changed(facts, _said(begun, closed, facts))):
        problems.append(f"run.json says something else than the evidence: {', '.join(changed)}")
    if facts.head and facts.head != found.head:
        problems.append("the last entry is not the one that run.json names: entries were cut off, added or changed")
    return problems


def _said(begun: Begun, closed: Closed | None, facts: RunFacts) -> RunFacts:
    """What the evidence says; of the end only if `facts` knows of it, as a crash may have come between."""
    said = msgspec.structs.replace(RunFacts.of(begun), head=facts.head)
    if closed is None or facts == said:
        return said
    return msgspec.structs.replace(said, finished=closed.at if closed.finished else None, totals=closed.totals)


def _changed(facts: RunFacts, said: RunFacts) -> list[str]:
    return [name for name in RunFacts.__struct_fields__ if getattr(facts, name) != getattr(said, name)]
