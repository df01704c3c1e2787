"""Invariant: a survey of the hostile world ends, in bounded time and memory; it asks for nothing beyond its level, and
takes nothing that it meets there for a real system."""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass, replace

import pytest

from helpers.echoing import CALLER, FAST, Anything, Kept
from helpers.practice_range import running
from leadglass.net.conversing import Patience
from leadglass.range.law import Law
from leadglass.range.world import Truth, World
from leadglass.range.worlds import load
from leadglass.survey.campaign import Totals, survey
from leadglass.survey.courier import Courier
from leadglass.survey.finding import Reality
from leadglass.survey.level import Level
from leadglass.survey.pace import Pacer
from leadglass.survey.probes import PROBERS
from leadglass.survey.records.entries import Seen, decode, seen_body
from leadglass.survey.records.replay import differences
from leadglass.survey.rules.confidence import confidence_of, counted, fleets_of
from leadglass.survey.services import service_of_port
from leadglass.survey.system import System, systems_of
from leadglass.survey.target import Target
from leadglass.terms.ceilings import MIB

pytestmark = pytest.mark.interop

_PATIENCE = Patience(to_connect=2.0, for_answer=0.5, in_all=2.0)
_BOUND = 120.0
"""Seconds for all of it, on a machine that is busy with the tests. A peer can hold us `in_all` for each connection."""
_GROWTH = 200 * MIB


@dataclass
class Run:
    """A survey of the hostile world, when it is over."""

    world: World
    law: Law
    totals: Totals
    kept: Kept
    growth: int
    offset: int

    @property
    def systems(self) -> list[System]:
        """With ports as they would be without tests beside this one: some say what is odd."""
        seen = (replace(o, target=replace(o.target, port=o.target.port - self.offset)) for o in self.kept.observations)
        return systems_of(seen)

    def truth(self, system: System) -> Truth:
        return self.world.by_address[system.address].truth


async def _surveyed(level: Level) -> Run:
    world, kept = load("hostile"), Kept()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with running(world) as (server, law), asyncio.timeout(_BOUND):
        plan = [
            Target(
                address=system.address,
                port=door.port + server.port_offset,
                service=service_of_port(door.port),
                level=level,
            )
            for system in world.systems
            for door in system.doors
        ]
        totals = await survey(plan, Courier(Anything(), Pacer(FAST), _PATIENCE), CALLER, kept, probers=PROBERS)
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return Run(world, law, totals, kept, growth, server.port_offset)


async def test_the_survey_of_a_hostile_world() -> None:
    run = await _surveyed(Level.COUNTS)
    assert run.totals.faults == 0
    assert run.totals.is_finished
    assert run.totals.looked_at == len(run.kept.observations) == sum(len(s.doors) for s in run.world.systems)
    assert run.growth < _GROWTH
    assert not run.law.above(Level.COUNTS)
    _judge(run)
    _replay(run)


def _replay(run: Run) -> None:
    """What is kept of all that noise leads to the same verdicts."""
    for observation, calls in zip(run.kept.observations, run.kept.calls, strict=True):
        entry = decode(seen_body(observation, tuple(calls)))
        assert isinstance(entry, Seen)
        assert [d.what for d in differences(entry, CALLER, PROBERS)] == [], observation.target


def _judge(run: Run) -> None:
    fleets = fleets_of(run.systems)
    for system in run.systems:
        truth, judged = run.truth(system), confidence_of(system, fleets)
        assert judged.reality is not Reality.REAL, (system.address, judged)
        if truth.reality == "honeypot":
            assert judged.reality is Reality.HONEYPOT, (system.address, judged)
        else:
            assert system.is_open is truth.is_open, (system.address, [o.sighting.tries for o in system.observations])
            assert system.records == 0
    assert sum(s.is_open for s in counted(run.systems, fleets)) == sum(
        s.truth.is_open and s.truth.reality != "honeypot" for s in run.world.systems
    )
