"""DCMTK's own tools against the practice range: an independent reading of what its products answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpers.dcmtk import ToolResult, responses_in, run_dcmtk
from helpers.practice_range import running
from leadglass.range.law import Law
from leadglass.range.manners import dicom_products as products
from leadglass.range.manners.dicom import DicomSite
from leadglass.range.manners.dicom_conduct import Conduct
from leadglass.range.manners.studies import Shelf
from leadglass.range.serving import RangeServer
from leadglass.range.world import Door, SimulatedSystem, TlsManner, Truth, World
from leadglass.range.worlds.archives import admitting_of

pytestmark = pytest.mark.interop

PORT, TLS_PORT = 104, 2762
SHELF = Shelf(seed=3, records=1_000, images=12_345)
OPEN = {
    "conquest": products.CONQUEST,
    "dcm4chee": products.DCM4CHEE,
    "dcmqrscp": products.DCMQRSCP_OPEN,
    "orthanc": products.ORTHANC_OPEN,
    "pynetdicom": products.PYNETDICOM,
}
OTHERS = {
    "orthanc-default": products.ORTHANC,
    "ae-checking": products.AE_CHECKING,
    "ae-listed": products.AE_LISTED,
    "storescp": products.STORESCP,
    "worklist": products.WORKLIST,
}
ADDRESSES = {name: f"127.88.0.{number + 1}" for number, name in enumerate((*OPEN, *OTHERS))}


def _system(name: str, conduct: Conduct) -> SimulatedSystem:
    site = DicomSite(name=name, admitting=admitting_of(conduct), shelf=SHELF)
    doors = (Door(port=PORT, manner=site), Door(port=TLS_PORT, manner=site, uses_tls=True, tls=TlsManner.VALID))
    return SimulatedSystem(address=ADDRESSES[name], doors=doors, truth=Truth())


@pytest.fixture
async def world() -> AsyncIterator[tuple[RangeServer, Law]]:
    systems = [_system(name, conduct) for name, conduct in {**OPEN, **OTHERS}.items()]
    async with running(World("dcmtk", systems)) as (server, law):
        yield server, law


async def _find(server: RangeServer, name: str, *keys: str, options: tuple[object, ...] = ()) -> ToolResult:
    asked = [part for key in keys for part in ("-k", key)]
    return await run_dcmtk("findscu", "-S", "-v", *options, *asked, ADDRESSES[name], PORT + server.port_offset)


@pytest.mark.parametrize("name", ["orthanc-default", "storescp", "worklist", *OPEN])
async def test_echoscu_is_answered(world: tuple[RangeServer, Law], name: str) -> None:
    server, law = world
    assert (await run_dcmtk("echoscu", ADDRESSES[name], PORT + server.port_offset)).exit_code == 0
    assert law.above(1) == {}


@pytest.mark.parametrize("name", ["ae-checking", "ae-listed"])
async def test_echoscu_is_rejected(world: tuple[RangeServer, Law], name: str) -> None:
    server, _ = world
    result = await run_dcmtk("echoscu", ADDRESSES[name], PORT + server.port_offset)
    assert result.exit_code != 0
    assert "AE Title Not Recognized" in result.output


async def test_echoscu_over_tls_is_answered(world: tuple[RangeServer, Law]) -> None:
    server, _ = world
    where = (ADDRESSES["dcm4chee"], TLS_PORT + server.port_offset)
    result = await run_dcmtk("echoscu", "+tla", "-ic", *where)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", OPEN)
async def test_findscu_finds_nothing_by_an_unknown_uid(world: tuple[RangeServer, Law], name: str) -> None:
    server, law = world
    result = await _find(server, name, "QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.4711")
    assert "Received Final Find Response (Success)" in result.output
    assert law.above(2) == {}


async def test_findscu_is_aborted(world: tuple[RangeServer, Law]) -> None:
    server, _ = world
    result = await _find(server, "orthanc-default", "QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.4711")
    assert "Peer aborted Association" in result.output


async def test_findscu_counts_what_is_there(world: tuple[RangeServer, Law], tmp_path: Path) -> None:
    server, law = world
    keys = (
        "QueryRetrieveLevel=STUDY",
        "StudyInstanceUID",
        "NumberOfStudyRelatedInstances",
        "StudyDate=20000101-20251231",
    )
    result = await _find(server, "conquest", *keys, options=("-X", "-od", tmp_path))
    assert result.exit_code == 0
    found = responses_in(tmp_path)
    assert len({identifier.StudyInstanceUID for identifier in found}) == SHELF.records
    assert sum(int(identifier.NumberOfStudyRelatedInstances) for identifier in found) == SHELF.images
    assert law.above(2) == {"C-FIND for counts": 1}


async def test_findscu_cancels(world: tuple[RangeServer, Law]) -> None:
    server, _ = world
    keys = ("QueryRetrieveLevel=STUDY", "StudyInstanceUID", "StudyDate=20000101-20251231")
    result = await _find(server, "dcm4chee", *keys, options=("--cancel", 5))
    assert "Final Find Response" in result.output


async def test_getscu_gets_nothing_by_an_unknown_uid(world: tuple[RangeServer, Law], tmp_path: Path) -> None:
    server, law = world
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.4711")
    where = (ADDRESSES["pynetdicom"], PORT + server.port_offset)
    result = await run_dcmtk("getscu", "-S", "-v", "-od", tmp_path, *keys, *where)
    assert result.exit_code == 0, result.output
    assert "Number of Completed Suboperations: 0" in result.output or "Success" in result.output
    assert law.above(2) == {}
