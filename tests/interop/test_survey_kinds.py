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
from leadglass.report.pictures import kinds_of
from leadglass.report.writing import write, written
from leadglass.survey.level import Level
from leadglass.survey.probes.dicom import dicom
from leadglass.survey.records import Run
from leadglass.survey.scope import Warrant, read_scope
from leadglass.terms.ceilings import MAX_WEB_SAMPLES

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
    "127.1.0.6": ("orthanc-web", ("name", "birth date", "contact"), 90),
    "127.1.0.7": ("dcm4chee-web", ("name", "sex"), 3),
    "127.1.0.8": ("orthanc-web-login", (), 90),
}
FIELDS = {"name", "birth date", "national id", "contact", "diagnosis", "physician"}
"""Of the databases' documents."""
DATABASES = {
    "127.1.1.1": ("elasticsearch", 9200, FIELDS),
    "127.1.1.2": ("couchdb", 5984, FIELDS),
    "127.1.1.3": ("mongodb", 27017, FIELDS),
    "127.1.1.4": ("fhir", 8080, {"name", "birth date", "contact", "patient id"}),
}
CAP = 10
VALUES = (b"EXAMPLE^", b"EXAMPLE VALUE", b'"EXAMPLE"', b"EXAMPLE STREET", b"+00 000", b"19000101", b"1900-01-01")
UIDS = b"2.25.9000000"
"""All studies' begin so."""


def world() -> World:
    archives = [_system(address, kind, _port(kind), filled, n) for address, (kind, filled, n) in ARCHIVES.items()]
    databases = [_system(address, kind, port, (), 900) for address, (kind, port, _) in DATABASES.items()]
    return World("kinds", [*archives, *databases])


def _port(kind: str) -> int:
    return 8042 if "-web" in kind else 104


def _system(address: str, kind: str, port: int, filled: tuple[str, ...], records: int) -> SimulatedSystem:
    shelf = Shelf(seed=3, records=records, images=9000, attributes=tuple(ATTRIBUTES[name] for name in filled))
    door = Door(port=port, manner=KINDS[kind].make(address, shelf))
    return SimulatedSystem(address=address, doors=(door,), truth=Truth(organisation="Example Clinic", country="DE"))


async def test_kinds_of_simulated_systems(tmp_path: Path) -> None:
    level = Level.KINDS
    async with running(world()) as (server, law):
        scope = read_scope(scope_of(world(), level, server.port_offset).encode())
        order = Order(folder=tmp_path / "run", warrant=Warrant(scope, digest="", resolve=lambda _: ()), level=level)
        report = await Surveying(order).run()
    assert not report.fault
    assert law.above(level) == {}
    answering = [n for kind, _, n in ARCHIVES.values() if kind != "orthanc" and _port(kind) == 104]
    assert law.asked[4, "C-FIND for attributes"] == sum(min(records, CAP) for records in answering)
    assert law.asked[4, "Orthanc study"] == law.asked[4, "QIDO-RS of one study"] == MAX_WEB_SAMPLES
    run = Run.open(tmp_path / "run")
    assert list(run.replay()) == []
    seen = {system.address: set(kinds_of(system)) for system in run.systems()}
    archives = {address: set(filled) if kind != "orthanc" else set() for address, (kind, filled, _) in ARCHIVES.items()}
    assert seen == archives | {address: kinds for address, (_, _, kinds) in DATABASES.items()}
    shown = Shown(min_cell=0, hides_addresses=False, hides_organisations=False, language="en")
    model = model_of(run.folder, against=None, cases=None, shown=shown)
    write(written(model, ["html", "csv", "json"]), run.folder / "report")
    for name, text in texts_in(run.folder):
        assert not [value for value in (*VALUES, UIDS) if value in text], name


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
