"""A whole run against the practice range: its evidence is intact, leads to the same verdicts again, holds no patient.

The small world has every kind of system, so every probe's transcripts are played again here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import evidencecheck
from helpers.practice_range import running
from leadglass.app.practising import scope_of
from leadglass.app.surveying import Order, Surveying
from leadglass.range.worlds import load
from leadglass.survey.finding import Reality
from leadglass.survey.grading import Grade, grade_of_system
from leadglass.survey.level import Level
from leadglass.survey.records import Run
from leadglass.survey.records.entries import Seen
from leadglass.survey.records.reading import entries_in
from leadglass.survey.rules import confidence_of, counted, findings_of, fleets_of
from leadglass.survey.scope import Warrant, read_scope


@pytest.mark.parametrize("level", [Level.ACCESS, Level.KINDS])
async def test_small_world(tmp_path: Path, level: Level) -> None:
    world = load("small", 1000)
    async with running(world) as (server, law):
        scope = read_scope(scope_of(world, level, server.port_offset).encode())
        order = Order(folder=tmp_path / "run", warrant=Warrant(scope, digest="", resolve=lambda _: ()), level=level)
        report = await Surveying(order).run()
    assert report.totals.is_finished
    assert not report.fault
    assert law.above(level) == {}
    run = Run.open(tmp_path / "run")
    assert run.verify().problems == ()
    assert evidencecheck.check(run.folder)[1] == run.facts.head
    assert [f"{d.number}: {d.what}" for d in run.replay()] == []
    said_above_access(run)
    verdicts_are_true(run, {system.address: system.truth for system in world.systems})


def said_above_access(run: Run) -> None:
    """Nothing."""
    calls = [call for _, entry in entries_in(run.folder) if isinstance(entry, Seen) for call in entry.calls]
    assert calls
    assert all(not call.said and call.tally is not None for call in calls if call.level > Level.ACCESS)


def verdicts_are_true(run: Run, truths: dict) -> None:  # type: ignore[type-arg]
    """Nothing that is not real is called real; whatever lies open is an F."""
    systems = run.systems()
    fleets = fleets_of(systems)
    findings = findings_of(systems, fleets)
    for system in systems:
        truth, reality = truths[system.address], confidence_of(system, fleets).reality
        assert reality is not Reality.REAL or truth.reality == "real", system.address
        assert reality in (Reality.REAL, Reality.UNKNOWN) or truth.reality == reality.value, system.address
        assert (grade_of_system(system, findings) is Grade.F) >= truth.is_open, system.address
    assert {s.address for s in counted(systems)} >= {a for a, truth in truths.items() if truth.reality == "real"}
