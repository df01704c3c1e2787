"""Level 4 against whole archives: no more patients than the cap cross the wire, and nothing of them is ever kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from helpers.marked import MarkedStudy
from helpers.open_archives import files_of
from helpers.orthanc import orthanc_command, run_orthanc
from helpers.practice_range import running
from helpers.surveying import local, play, replay
from leadglass.app.practising import scope_of
from leadglass.app.reporting import model_of
from leadglass.app.surveying import Order, Surveying
from leadglass.range.manners.studies import Shelf
from leadglass.range.world import Door, SimulatedSystem, Truth, World
from leadglass.range.worlds.kinds import KINDS
from leadglass.report.model import Shown
from leadglass.report.writing import write
from leadglass.survey.level import Level
from leadglass.survey.probes.dicom import dicom
from leadglass.survey.records import Run
from leadglass.survey.scope import Warrant, read_scope
from leadglass.survey.system import System

ATTRIBUTES = {
    "name": 0x00100010,
    "birth date": 0x00100030,
    "sex": 0x00100040,
    "physician": 0x00080090,
    "contact": 0x00102154,
}
ARCHIVES = {
    "127.1.0.1": ("dcm4chee", ("name", "birth date"), 4000),
    "127.1.0.2": ("conquest", ("name", "physician", "sex"), 700),
    "127.1.0.3": ("pynetdicom", ("name", "contact"), 4),
    "127.1.0.4": ("orthanc-queries", (), 50),
    "127.1.0.5": ("orthanc", ("name",), 50),
}
CAP = 10


def world() -> World:
    return World("kinds", [_archive(address, *what) for address, what in ARCHIVES.items()])


def _archive(address: str, kind: str, filled: tuple[str, ...], records: int) -> SimulatedSystem:
    shelf = Shelf(seed=3, records=records, images=9000, attributes=tuple(ATTRIBUTES[name] for name in filled))
    door = Door(port=104, manner=KINDS[kind].make(address, shelf))
    return SimulatedSystem(address=address, doors=(door,), truth=Truth(organisation="Example Clinic", country="DE"))


async def test_kinds_of_simulated_archives(tmp_path: Path) -> None:
    level = Level.KINDS
    async with running(world()) as (server, law):
        scope = read_scope(scope_of(world(), level, server.port_offset).encode())
        order = Order(folder=tmp_path / "run", warrant=Warrant(scope, digest="", resolve=lambda _: ()), level=level)
        report = await Surveying(order).run()
    assert not report.fault
    assert law.above(level) == {}
    answering = [records for kind, _, records in ARCHIVES.values() if kind != "orthanc"]
    assert law.asked[4, "C-FIND for attributes"] == sum(min(records, CAP) for records in answering)
    run = Run.open(tmp_path / "run")
    assert list(run.replay()) == []
    for system in run.systems():
        kind, filled, _ = ARCHIVES[system.address]
        assert kinds_of(system) == (set() if kind == "orthanc" else set(filled)), system.address
    shown = Shown(min_cell=0, hides_addresses=False, hides_organisations=False, language="en")
    model = model_of(run.folder, against=None, cases=None, shown=shown)
    write(model, ["html", "csv", "json"], run.folder / "report")
    for name, text in texts_in(run.folder):
        assert b"EXAMPLE^" not in text, name
        assert b"19000101" not in text, name
        assert b"2.25.9000000" not in text, name  # all studies' UIDs begin so


def kinds_of(system: System) -> set[str]:
    return {kind for observation in system.observations for kind in observation.sighting.kinds}


def texts_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All files, tables as the rows they hold."""
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            yield path.name, repr(duckdb.sql(f"FROM '{path}'").fetchall()).encode()
        elif path.is_file():
            yield path.name, path.read_bytes()


@pytest.mark.interop
@pytest.mark.parametrize("cap", [1, 4])
async def test_of_a_real_archive_no_more_patients_than_the_cap_are_seen(tmp_path: Path, cap: int) -> None:
    if orthanc_command() is None:
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc)")
    studies = [MarkedStudy(f"sampled {number}", size=1) for number in range(12)]
    with run_orthanc(tmp_path / "orthanc", settings={"DicomAlwaysAllowFind": True}) as running_orthanc:
        for study in studies:
            running_orthanc.upload(files_of(study, tmp_path / "files")[0].read_bytes())
        whom = replace(local(running_orthanc.dicom_port, Level.KINDS), samples_cap=cap)
        played = await play(dicom, whom)
        running_orthanc.process.terminate()
    counts = played.sighting.counts
    assert counts is not None
    assert counts.records == len(studies)
    assert sum(study.patient_name.encode() in played.heard for study in studies) == cap
    assert {"name", "patient id", "birth date"} <= set(played.sighting.kinds)
    kept = repr([call.talk.tally or call.talk.kept(said) for call, _, said in played.calls])
    assert not any(study.patient_name in kept or study.study_instance_uid in kept for study in studies)
    assert replay(dicom, played, whom) == played.sighting
