"""The small world, as the first walk meets it, at level 4: what the range announced is what the report says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from helpers.practice_range import running
from leadglass.app.practising import scope_of
from leadglass.app.reporting import model_of
from leadglass.app.surveying import Order, Surveying
from leadglass.net.conversing import Ending
from leadglass.range.worlds import load
from leadglass.report.model import Shown
from leadglass.report.pictures import tls_class
from leadglass.survey.level import Level
from leadglass.survey.records import Run
from leadglass.survey.scope import Warrant, read_scope
from leadglass.survey.services import Service


async def test_the_first_walk(tmp_path: Path) -> None:
    world = load("small")
    async with running(world) as (server, law):
        scope = read_scope(scope_of(world, Level.KINDS, server.port_offset).encode())
        warrant = Warrant(scope, digest="", resolve=lambda _: ())
        await Surveying(Order(folder=tmp_path / "run", warrant=warrant, level=Level.KINDS)).run()
    assert law.above(Level.KINDS) == {}

    run = Run.open(tmp_path / "run")
    endings = Counter(observation.sighting.ending for observation in run.observations())
    doors = sum(len(system.doors) for system in world.systems)
    assert endings.total() - endings[Ending.REFUSED] == doors  # all other ports are closed

    systems = {system.address: system for system in run.systems()}
    for address, simulated in world.by_address.items():
        seen = systems[address].observations
        kinds = {kind for o in seen if o.target.service in (Service.DICOM, Service.HTTP) for kind in o.sighting.kinds}
        assert kinds == set(simulated.truth.kinds), address
    assert {tls_class(system) for system in systems.values() if system.is_archive} == {
        "plain",
        "retired",
        "modified",
        "bcp195",
    }

    shown = Shown(min_cell=0, hides_addresses=False, hides_organisations=False, language="en")
    four = model_of(run.folder, against=None, cases=None, shown=shown).headline.four
    told = world.headline()
    assert (four.systems, four.others) == (told.archives.systems, told.others)
    assert (four.records, four.images_linked) == (told.archives.records, told.archives.images_linked)
    assert four.images_accessible == told.archives.images_accessible
