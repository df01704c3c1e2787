"""The DICOM probe at doors of other kinds: TLS of every strictness, receivers, worklists, other languages, our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from helpers.archive_server import ArchiveServer, run_archive
from helpers.certificates import Authority, Leaf
from helpers.dcmtk import require_tool, run_dcmtk, running_tool
from helpers.orthanc import OrthancTls, orthanc_command, run_orthanc
from helpers.ports import free_port
from helpers.surveying import Played, local, play, replay
from leadglass.net.conversing import Ending
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, DicomFacts, Observation, Rung, Verdict
from leadglass.survey.probes.dicom import dicom
from leadglass.survey.system import System

pytestmark = pytest.mark.interop

WORKLIST_AE = "N00000000001"
"""The AE title that `CountingChance` draws first."""
MARK = "Markworklistq"


def rungs(played: Played, port: int) -> frozenset[Rung]:
    """As one system."""
    now = datetime.now(UTC)
    seen = Observation(
        number=1,
        target=local(port, Level.ACCESS),
        seen_at=now,
        source="probe",
        level=Level.ACCESS,
        sighting=played.sighting,
    )
    return System("127.0.0.1", (seen,)).rungs


@pytest.fixture(scope="module")
def leaf(tmp_path_factory: pytest.TempPathFactory) -> Leaf:
    return Authority(tmp_path_factory.mktemp("ca")).issue("store")


@dataclass(frozen=True, slots=True)
class Receivers:
    plain: int
    tls: int
    mutual: int


@pytest.fixture(scope="module")
def receivers(leaf: Leaf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receivers]:
    require_tool("storescp")
    folder = tmp_path_factory.mktemp("storescp")
    ports = Receivers(free_port(), free_port(), free_port())
    tls = ("+tls", leaf.key, leaf.certificate)
    with ExitStack() as running:
        for port, options in ((ports.plain, ()), (ports.tls, (*tls, "-ic")), (ports.mutual, (*tls, "-rc"))):
            running.enter_context(running_tool("storescp", port, *options, "-od", folder, log=folder / "log"))
        yield ports


async def test_a_receiver(receivers: Receivers) -> None:
    played = await play(dicom, local(receivers.plain, Level.ACCESS))
    assert (await run_dcmtk("echoscu", "127.0.0.1", receivers.plain)).exit_code == 0
    assert played.verdict("C-ECHO") == played.verdict("C-STORE") == "open"
    assert played.verdict("C-FIND") == played.verdict("C-GET") == "not offered"
    assert rungs(played, receivers.plain) == {
        Rung.REACHABLE,
        Rung.SPEAKS,
        Rung.ACCEPTS_STRANGERS,
        Rung.ACCEPTS_WRITES,
    }
    assert played.sighting.speaks_tls is False
    assert played.sighting.software.toolkit.startswith("DCMTK 3.")
    assert played.sighting.software.product == ""


@pytest.mark.parametrize("level", [Level.PRESENCE, Level.ACCESS])
async def test_a_receiver_behind_tls(receivers: Receivers, level: Level) -> None:
    whom = local(receivers.tls, level)
    played = await play(dicom, whom)
    assert played.sighting.speaks_tls is True
    assert played.verdict("C-ECHO") == "open"
    modern = next(shaken for shaken in played.sighting.handshakes if shaken.version)
    assert modern.version in ("TLSv1.2", "TLSv1.3")
    assert modern.certificate is not None
    assert "store" in modern.certificate.subject
    assert replay(dicom, played, whom) == played.sighting


async def test_a_receiver_that_wants_our_certificate(receivers: Receivers) -> None:
    played = await play(dicom, local(receivers.mutual, Level.ACCESS))
    assert played.sighting.speaks_tls is True
    assert rungs(played, receivers.mutual) == {Rung.REACHABLE}


async def test_orthanc_behind_tls(leaf: Leaf, tmp_path: Path) -> None:
    if orthanc_command() is None:
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc)")
    tls = OrthancTls(leaf.certificate, leaf.key, leaf.certificate.with_name("ca.pem"))
    with run_orthanc(tmp_path / "orthanc", tls=tls) as orthanc:
        played = await play(dicom, local(orthanc.dicom_port, Level.ACCESS))
        orthanc.process.terminate()
    assert played.sighting.speaks_tls is True
    assert played.verdict("C-ECHO") == played.verdict("C-FIND") == "open"


@contextmanager
def identifying(answer: Callable[[evt.Event], tuple[bool, bytes | None]] | None, *, demands: bool) -> Iterator[int]:
    """The port of an entity of pynetdicom's that asks `answer` about user identities; perhaps it wants one."""

    def requested(event: evt.Event) -> None:
        if demands and event.assoc.requestor.user_identity is None:
            event.assoc.acse.send_reject(1, 1, 1)
            event.assoc.kill()

    entity, port = AE(), free_port()
    entity.add_supported_context("1.2.840.10008.1.1")
    handlers = [(evt.EVT_REQUESTED, requested)]
    if answer is not None:
        handlers.append((evt.EVT_USER_ID, answer))
    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        yield port
    finally:
        server.shutdown()


def confirming(event: evt.Event) -> tuple[bool, bytes | None]:
    """Takes any name, and says so: pynetdicom itself answers no identity of type 1."""
    response = UserIdentityNegotiation()
    response.server_response = b""
    event.assoc.acceptor.add_negotiation_item(response)
    return True, None


IDENTITIES = {
    "ignores": (None, False, False, None),
    "answers": (confirming, False, False, None),
    "takes any name": (confirming, True, True, True),
    "knows others": (lambda _: (False, None), True, None, None),
}


@pytest.mark.parametrize("kind", IDENTITIES)
async def test_user_identity(kind: str) -> None:
    answer, wants, demands, answers = IDENTITIES[kind]
    with identifying(answer, demands=wants) as port:
        whom = local(port, Level.ACCESS)
        played = await play(dicom, whom)
    facts = played.sighting.facts
    assert isinstance(facts, DicomFacts)
    assert (facts.demands_user_identity, facts.answers_user_identity) == (demands, answers)
    entered = [done.verdict for done in played.sighting.tries if done.how == "A-ASSOCIATE" and done.act is Act.ENTER]
    assert entered == [Verdict.CLOSED if demands is None else Verdict.OPEN]
    assert replay(dicom, played, whom) == played.sighting


async def test_a_worklist(tmp_path: Path) -> None:
    folder = tmp_path / "lists" / WORKLIST_AE
    folder.mkdir(parents=True)
    (folder / "lockfile").touch()
    (tmp_path / "item.dump").write_text(
        f"(0008,0050) SH [A1]\n(0010,0010) PN [{MARK}]\n(0010,0020) LO [1]\n(0020,000d) UI [2.25.5]\n"
        "(0032,1060) LO [x]\n(0040,1001) SH [1]\n(0040,0100) SQ\n(fffe,e000) na\n(0008,0060) CS [CT]\n"
        "(0040,0001) AE [CT1]\n(0040,0002) DA [20260704]\n(0040,0003) TM [120000]\n(0040,0009) SH [1]\n"
        "(fffe,e00d) na\n(fffe,e0dd) na\n"
    )
    made = await run_dcmtk("dump2dcm", tmp_path / "item.dump", folder / "item.wl")
    assert made.exit_code == 0
    port = free_port()
    with running_tool("wlmscpfs", port, "-dfr", "-dfp", tmp_path / "lists", log=tmp_path / "log"):
        played = await play(dicom, local(port, Level.ACCESS))
        keys = ("-k", "PatientName", "-k", "AccessionNumber", "-k", "ScheduledProcedureStepSequence")
        found = await run_dcmtk("findscu", "-v", "-W", "-aec", WORKLIST_AE, *keys, "127.0.0.1", port)
    assert MARK in found.output
    assert played.verdict("worklist C-FIND") == "open"
    assert played.verdict("C-FIND") == "not offered"
    assert MARK.encode() not in played.heard
    assert Rung.ANSWERS_QUERIES in rungs(played, port)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("ours")) as server:
        yield server


async def test_our_own_archive_lets_no_stranger_in(ours: ArchiveServer) -> None:
    plain = await play(dicom, local(ours.dicom, Level.KINDS))
    assert rungs(plain, ours.dicom) == {Rung.REACHABLE, Rung.SPEAKS}
    assert isinstance(plain.sighting.facts, DicomFacts)
    assert plain.sighting.facts.association == "rejected"
    tls = await play(dicom, local(ours.dicom_tls, Level.KINDS))
    assert max(rungs(tls, ours.dicom_tls)) <= Rung.SPEAKS
    assert tls.sighting.speaks_tls is True
    assert not any(shaken.version for shaken in tls.sighting.handshakes if shaken.offer == "retired")


async def test_our_own_web_door_is_no_dicom(ours: ArchiveServer) -> None:
    played = await play(dicom, local(ours.https, Level.ACCESS))
    assert max(rungs(played, ours.https)) == Rung.REACHABLE
    assert played.sighting.speaks_tls is True


async def test_nobody_there() -> None:
    played = await play(dicom, local(free_port(), Level.ACCESS))
    assert played.sighting.ending is Ending.REFUSED
    assert not any(done.act is Act.SPEAK for done in played.sighting.tries)
