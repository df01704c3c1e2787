"""The DICOM probe's verdict on archives of other makers, held against what a client gets from the same archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.marked import MarkedStudy, marks_in
from helpers.open_archives import (
    STUDY,
    client_enters,
    client_finds,
    client_gets,
    client_moves,
    client_stores,
    dcmqrscp,
    files_of,
    orthanc,
    qrscp,
)
from helpers.orthanc import orthanc_command, run_orthanc
from helpers.surveying import Played, local, play, replay
from leadglass.survey.level import Level
from leadglass.survey.observation import DicomFacts
from leadglass.survey.probes.dicom import dicom

pytestmark = pytest.mark.interop

AE_TITLE = "N00000000001"
"""The one that `CountingChance` draws first."""
OPEN_ORTHANC = {"DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True}
PEERS: dict[str, Callable[[Path], AbstractContextManager[int]]] = {
    "Orthanc as shipped": orthanc,
    "Orthanc, find allowed": lambda folder: orthanc(folder, DicomAlwaysAllowFind=True),
    "Orthanc, all allowed": lambda folder: orthanc(folder, **OPEN_ORTHANC),
    "Orthanc, called AE title checked": lambda folder: orthanc(folder, DicomCheckCalledAet=True),
    "dcmqrscp": lambda folder: dcmqrscp(folder, AE_TITLE),
    "dcmqrscp, read only": lambda folder: dcmqrscp(folder, AE_TITLE, "R"),
    "dcmqrscp, no C-GET": lambda folder: dcmqrscp(folder, AE_TITLE, "RW", "--disable-get"),
    "dcmqrscp, another AE title": lambda folder: dcmqrscp(folder, "OTHER"),
    "pynetdicom": qrscp,
}


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    port: int
    folder: Path


@pytest.fixture(scope="module", params=PEERS)
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    if request.param.startswith("Orthanc") and orthanc_command() is None:
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc)")
    folder = tmp_path_factory.mktemp("peer")
    with PEERS[request.param](folder / "home") as port:
        yield Peer(request.param, port, folder)


async def test_access_is_what_a_client_gets(peer: Peer, tmp_path: Path) -> None:
    played = await play(dicom, local(peer.port, Level.ACCESS))
    called = ("-aec", AE_TITLE)
    assert (played.verdict("C-ECHO") == "open") is client_enters(peer.port, *called)
    assert (played.verdict("C-FIND") == "open") is client_finds(peer.port, tmp_path / "find", *called)
    assert (played.verdict("C-GET") == "open") is client_gets(peer.port, tmp_path / "get", *called)
    assert (played.verdict("C-STORE") == "open") is client_stores(peer.port, tmp_path / "store", *called)
    assert played.verdict("C-MOVE") in ("", "closed", "unclear", "not offered")
    assert not client_moves(peer.port, tmp_path / "move", *called)
    checks_names = "title" in peer.name
    assert _facts(played).checks_ae_titles is checks_names
    assert _facts(played).reject == ((1, 1, 7) if checks_names else None)
    assert played.sighting.speaks_tls is False


async def test_up_to_level_2_no_mark_moves(peer: Peer) -> None:
    for level in (Level.PRESENCE, Level.ACCESS):
        played = await play(dicom, local(peer.port, level))
        assert played.heard
        assert marks_in(played.heard, STUDY.marks) == []


async def test_counts_and_kinds(peer: Peer) -> None:
    played = await play(dicom, local(peer.port, Level.KINDS))
    counts = played.sighting.counts
    if played.verdict("C-FIND") != "open":
        assert counts is None
        return
    assert counts is not None
    assert counts.records in (1, 2)  # a client may have brought one before
    assert not counts.is_at_least
    assert counts.images in (None, 2, 3)
    assert {"name", "patient id"} <= set(played.sighting.kinds)
    kept = repr([call.talk.tally or call.talk.kept(said) for call, _, said in played.calls]).encode()
    above = b"".join(part.data for call, _, said in played.calls if call.talk.tally is None for part in said)
    assert marks_in(kept + above, STUDY.marks) == []


async def test_the_evidence_says_the_same(peer: Peer) -> None:
    whom = local(peer.port, Level.KINDS)
    played = await play(dicom, whom)
    assert replay(dicom, played, whom) == played.sighting


async def test_it_is_told_apart(peer: Peer) -> None:
    software = (await play(dicom, local(peer.port, Level.ACCESS))).sighting.software
    if "title" in peer.name:
        assert software.toolkit == software.product == ""
    elif peer.name.startswith("Orthanc"):
        assert software.product == "Orthanc"
        assert "inferred" in software.proof
    else:
        assert software.product == ""
        assert software.toolkit.startswith("pynetdicom" if peer.name == "pynetdicom" else "DCMTK 3.")


def _facts(played: Played) -> DicomFacts:
    assert isinstance(played.sighting.facts, DicomFacts)
    return played.sighting.facts


async def test_orthancs_limit_of_answers_is_counted_past(tmp_path: Path) -> None:
    if orthanc_command() is None:
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc)")
    with run_orthanc(tmp_path / "orthanc", settings={"LimitFindResults": 5}) as running:
        for month in range(1, 13):
            for number in (1, 2):
                path = files_of(MarkedStudy(f"{month} {number}", size=1), tmp_path / "files")[0]
                running.upload(path.read_bytes().replace(b"20260704", f"2026{month:02d}0{number}".encode()))
        played = await play(dicom, local(running.dicom_port, Level.COUNTS))
        running.process.terminate()
    counts = played.sighting.counts
    assert counts is not None
    assert (counts.records, counts.images, counts.is_at_least) == (24, 24, False)


DATE = b"\x08\x00\x20\x00DA\x08\x0020260704"


async def test_studies_without_a_date_are_counted_where_there_are_few(tmp_path: Path) -> None:
    if orthanc_command() is None:
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc)")
    with run_orthanc(tmp_path / "orthanc", settings={"DicomAlwaysAllowFind": True}) as running:
        for number, date in enumerate((DATE, DATE, DATE[:6] + b"\0\0", b"")):  # dated, dated, blank, not there
            path = files_of(MarkedStudy(f"undated {number}", size=1), tmp_path / "files")[0]
            running.upload(path.read_bytes().replace(DATE, date))
        played = await play(dicom, local(running.dicom_port, Level.COUNTS))
        running.process.terminate()
    counts = played.sighting.counts
    assert counts is not None
    assert (counts.records, counts.images, counts.is_at_least) == (4, 4, False)
    assert counts.how.endswith("once without")
