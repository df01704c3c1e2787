"""What two runs can be compared on: an address that one of them did not look at is not closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leadglass.app.looking_back import covered_by, warrant_of
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Verdict
from leadglass.survey.records import Run
from leadglass.survey.rules import counted
from leadglass.survey.system import System
from leadglass.terms.errors import UserFault

__all__ = ["CommonGround", "common_ground"]


@dataclass(frozen=True, slots=True)
class CommonGround:
    """Of both runs what counts (no traps, no test data) and may be compared."""

    old: Sequence[System]
    new: Sequence[System]
    note: str = ""  # in words, if that is not all of both
    addresses: frozenset[str] | None = None  # None: all
    found: int = 0  # systems of both runs together, if that is not all


def common_ground(old: Run, new: Run) -> CommonGround:
    """Everything, if both runs had the same order; else the addresses that both looked at, at every port where either
    found something open. UserFault if a run is not finished, or if nobody can tell where it looked."""
    for run in (old, new):
        if run.facts.finished is None:
            raise UserFault(
                f"the run in {run.folder} is not finished: what it has not looked at would seem closed",
                "Go on with it (`leadglass survey run … --resume`), then compare.",
            )
    before, after = counted(old.systems()), counted(new.systems())
    if _had_same_order(old, new):
        return CommonGround(before, after)
    looked = (_look_of(old), _look_of(new))
    ports: dict[str, set[int]] = {}
    for system in (*before, *after):
        ports.setdefault(system.address, set()).update(_ports_of(system))
    both = frozenset(
        address for address, doors in ports.items() if all(covers(address, sorted(doors)) for covers in looked)
    )
    if len(both) == len(ports):
        return CommonGround(before, after)
    note = (
        f"The two runs did not look at the same addresses and ports: compared are the {len(both):,} of {len(ports):,} "
        "systems found that lie where both looked."
    )
    return CommonGround(
        [system for system in before if system.address in both],
        [system for system in after if system.address in both],
        note,
        both,
        len(ports),
    )


def _had_same_order(old: Run, new: Run) -> bool:
    """The same scope and part of it; above ACCESS the level does not change what is found open."""
    ours, theirs = old.facts, new.facts
    return (
        ours.scope_digest == theirs.scope_digest
        and set(ours.only) == set(theirs.only)
        and ours.hosts == theirs.hosts
        and min(ours.level, Level.ACCESS) == min(theirs.level, Level.ACCESS)
    )


def _look_of(run: Run) -> Callable[[str, Sequence[int]], bool]:
    warrant = warrant_of(run)
    if warrant is None:
        raise UserFault(
            f"the run in {run.folder} has no scope, so nobody can tell where it looked",
            "Compare it with another that had none.",
        )
    return covered_by(run, warrant)


def _ports_of(system: System) -> set[int]:
    """Where a stranger is let in; of a system that lets nobody in, where it was seen."""
    doors = {
        o.target.port
        for o in system.observations
        if any(t.act is not Act.SPEAK and t.verdict is Verdict.OPEN for t in o.sighting.tries)
    }
    return doors or {o.target.port for o in system.observations}
