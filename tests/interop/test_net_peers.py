"""The engine, its driver and its connector against DCMTK and pynetdicom, both ways, plain and through TLS."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pydicom
import pynetdicom
import pytest
from pydicom.data import get_testdata_file
from pynetdicom import evt
from pynetdicom.sop_class import CTImageStorage

from helpers.certificates import Authority
from helpers.counting_service import VERIFICATION, Counted
from helpers.dcmtk import require_tool, run_dcmtk, running_tool
from helpers.net_doors import open_door
from helpers.ports import free_port
from helpers.requests import association_request
from leadglass.dicom.dimse.messages import CEchoRq, CStoreRq, CStoreRsp
from leadglass.dicom.upperlayer import OfferedSyntax
from leadglass.net.connector import open_association
from leadglass.net.errors import NetFault, PeerRejected, TlsFault
from leadglass.net.listening import Listener
from leadglass.net.service import Closing, FaultKind
from leadglass.net.tls import client_context, server_context

pytestmark = pytest.mark.interop

CT = str(CTImageStorage)
EXPLICIT = "1.2.840.10008.1.2.1"
SAMPLES = [
    ("CT_small.dcm", "-xe"),
    ("MR_small.dcm", "-xe"),
    ("MR_small_implicit.dcm", "-xi"),
    ("MR_small_bigendian.dcm", "-xb"),
    ("examples_jpeg2k.dcm", "-xv"),
    ("JPEG-LL.dcm", "-xs"),
    ("JPEG-lossy.dcm", "-xx"),
    ("MR_small_RLE.dcm", "-xr"),
    ("image_dfl.dcm", "-xd"),
]


def sample(name: str) -> Path:
    found = get_testdata_file(name)
    assert isinstance(found, str)
    return Path(found)


def data_set_of(path: Path) -> bytes:
    """The data set bytes of a Part-10 file, as they lie in it."""
    with path.open("rb") as file:
        file.seek(132)
        pydicom.filereader._read_file_meta_info(file)
        return file.read()


class TlsFiles:
    """Certificates of both sides, from one CA, and one from elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.ca = Authority(folder / "ca", "Enrolment CA")
        self.foreign = Authority(folder / "foreign", "Somebody")
        self.server = self.ca.issue("archive")
        self.device = self.ca.issue("device")
        self.stranger = self.foreign.issue("stranger")

    def context(self, profile: str = "B.12") -> ssl.SSLContext:
        return server_context(
            self.server.certificate, self.server.key, self.ca.certificate, profile, require_client_certificate=True
        )

    @property
    def flags(self) -> list[object]:
        return ["+tls", self.device.key, self.device.certificate, "+cf", self.ca.certificate]


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return TlsFiles(tmp_path_factory.mktemp("tls"))


def counted_storage() -> Counted:
    """A door that takes whatever a sample file holds."""
    counted = Counted()
    classes = {str(pydicom.dcmread(sample(name), stop_before_pixels=True).SOPClassUID) for name, _ in SAMPLES}
    counted.offer = {uid: OfferedSyntax() for uid in {VERIFICATION, CT, *classes}}
    return counted


# --- DCMTK calls us ------------------------------------------------------------------------------------------


async def test_echoscu() -> None:
    counted = Counted()
    async with open_door(counted) as door:
        result = await run_dcmtk("echoscu", "-v", "--repeat", 10, "-aec", "LEADGLASS", "127.0.0.1", door.port)
    assert result.exit_code == 0, result.output
    assert len(counted.commands) == 10
    assert counted.closings == [Closing.RELEASED]


@pytest.mark.parametrize(("name", "flag"), SAMPLES)
async def test_storescu_of_every_transfer_syntax(name: str, flag: str) -> None:
    counted = counted_storage()
    async with open_door(counted) as door:
        result = await run_dcmtk("storescu", "-v", flag, "127.0.0.1", door.port, sample(name))
    assert result.exit_code == 0, result.output
    assert len(counted.commands) == 1
    assert counted.lengths[0] > 0
    assert counted.closings == [Closing.RELEASED]
    assert counted.faults == []


@pytest.mark.parametrize("max_pdu", [4096, 131072])
async def test_storescu_with_small_and_large_pdus(max_pdu: int) -> None:
    counted = counted_storage()
    async with open_door(counted) as door:
        result = await run_dcmtk(
            "storescu", "--max-pdu", max_pdu, "--repeat", 5, "-xe", "127.0.0.1", door.port, sample("CT_small.dcm")
        )
    assert result.exit_code == 0, result.output
    assert len(set(counted.lengths)) == 1
    assert len(counted.lengths) == 5


async def test_a_sender_that_leaves_nagles_algorithm_on_does_not_wait_for_us() -> None:
    """100 instances at 40 ms each would take 4 s longer; re-arming TCP_QUICKACK spares that."""
    counted = counted_storage()
    loop = asyncio.get_running_loop()
    took: list[float] = []
    async with open_door(counted) as door:
        for nodelay in (True, False):
            began = loop.time()
            result = await run_dcmtk(
                "storescu", "--repeat", 100, "-xe", "127.0.0.1", door.port, sample("CT_small.dcm"), nodelay=nodelay
            )
            took.append(loop.time() - began)
            assert result.exit_code == 0, result.output
    assert len(counted.lengths) == 200
    assert took[1] - took[0] < 2.5


async def test_storescu_that_aborts() -> None:
    counted = counted_storage()
    async with open_door(counted) as door:
        await run_dcmtk("storescu", "--abort", "-xe", "127.0.0.1", door.port, sample("CT_small.dcm"))
    assert counted.closings == [Closing.ABORTED]
    assert len(counted.lengths) == 1


async def test_termscu_is_told_no() -> None:
    counted = Counted()
    async with open_door(counted) as door:
        result = await run_dcmtk("termscu", "-v", "127.0.0.1", door.port)
    assert "No Acceptable Presentation Contexts" in result.output
    assert counted.commands == []


@pytest.mark.parametrize("profile", ["B.12", "B.13"])
async def test_storescu_through_tls(tls_files: TlsFiles, profile: str) -> None:
    counted = counted_storage()
    async with open_door(counted, tls=tls_files.context(profile)) as door:
        result = await run_dcmtk(
            "storescu", "-v", *tls_files.flags, "--repeat", 3, "127.0.0.1", door.port, sample("CT_small.dcm")
        )
    assert result.exit_code == 0, result.output
    assert len(counted.lengths) == 3
    assert counted.evidence[0].certificate is not None
    assert counted.evidence[0].certificate.subject == "CN=device"
    assert counted.closings == [Closing.RELEASED]


@pytest.mark.parametrize("profile", ["--profile-bcp195", "--profile-bcp195-nd", "--profile-bcp195-ex"])
async def test_every_tls_profile_of_dcmtk_that_is_not_retired(tls_files: TlsFiles, profile: str) -> None:
    counted = Counted()
    async with open_door(counted, tls=tls_files.context()) as door:
        result = await run_dcmtk("echoscu", *tls_files.flags, profile, "127.0.0.1", door.port)
    assert result.exit_code == 0, result.output


async def test_echoscu_with_a_strangers_certificate(tls_files: TlsFiles) -> None:
    counted = Counted()
    stranger = tls_files.stranger
    async with open_door(counted, tls=tls_files.context()) as door:
        result = await run_dcmtk("echoscu", "+tls", stranger.key, stranger.certificate, "-ic", "127.0.0.1", door.port)
    assert result.exit_code != 0
    ((kind, _, text),) = counted.faults
    assert kind is FaultKind.CERTIFICATE
    assert text.startswith("peer's certificate was not issued by this archive's enrolment CA")
    assert counted.evidence == []


async def test_echoscu_that_does_not_trust_us_is_understood(tls_files: TlsFiles) -> None:
    counted = Counted()
    flags = ["+tls", tls_files.device.key, tls_files.device.certificate, "+cf", tls_files.foreign.certificate]
    async with open_door(counted, tls=tls_files.context()) as door:
        result = await run_dcmtk("echoscu", *flags, "127.0.0.1", door.port)
    assert result.exit_code != 0
    assert counted.faults[0][2] == "peer does not trust the issuer of our certificate"


async def test_plain_echoscu_at_the_tls_port_and_the_other_way_round(tls_files: TlsFiles) -> None:
    counted = Counted()
    async with open_door(counted, tls=tls_files.context()) as door:
        assert (await run_dcmtk("echoscu", "127.0.0.1", door.port)).exit_code != 0
    assert [text for _, _, text in counted.faults] == ["peer spoke plain DICOM to the TLS port"]
    counted = Counted()
    async with open_door(counted) as door:
        assert (await run_dcmtk("echoscu", *tls_files.flags, "127.0.0.1", door.port)).exit_code != 0
    assert counted.faults[0][2] == "peer spoke TLS to the plain port"


# --- we call DCMTK -------------------------------------------------------------------------------------------


async def store(port: int, path: Path, tls: ssl.SSLContext | None = None, *, streamed: bool = False) -> CStoreRsp:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    request = association_request(
        header.SOPClassUID, transfer_syntaxes=[str(header.file_meta.TransferSyntaxUID)], called="STORESCP"
    )
    data = data_set_of(path)
    async with await open_association("127.0.0.1", port, request, tls=tls) as ours:
        message = CStoreRq(
            message_id=ours.next_message_id(),
            affected_sop_class_uid=header.SOPClassUID,
            affected_sop_instance_uid=header.SOPInstanceUID,
        )

        async def chunks() -> AsyncIterator[bytes]:
            for at in range(0, len(data), 10_000):
                yield data[at : at + 10_000]

        answer = await ours.request(ours.contexts[1], message, chunks() if streamed else data)
    assert isinstance(answer, CStoreRsp)
    return answer


@pytest.fixture(params=[("-pdu", 4096), ("-pdu", 131072)], ids=["4096", "131072"])
def storescp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    folder, port = tmp_path / "received", free_port()
    folder.mkdir()
    arguments = [*request.param, "-od", folder, "+B", "-aet", "STORESCP"]
    with running_tool("storescp", port, *arguments, log=tmp_path / "storescp.log"):
        yield port, folder


@pytest.mark.parametrize("streamed", [False, True])
async def test_storescp_gets_the_bytes_we_sent(storescp: tuple[int, Path], streamed: bool) -> None:
    port, folder = storescp
    path = sample("CT_small.dcm")
    assert (await store(port, path, streamed=streamed)).status == 0
    (received,) = folder.iterdir()
    assert data_set_of(received) == data_set_of(path)


async def test_storescp_answers_our_echo(storescp: tuple[int, Path]) -> None:
    request = association_request(VERIFICATION, "1.2.3.4")
    async with await open_association("127.0.0.1", storescp[0], request) as ours:
        assert set(ours.contexts) == {1}
        assert (await ours.request(ours.contexts[1], CEchoRq(message_id=1))).status == 0


async def test_storescp_that_aborts(tmp_path: Path) -> None:
    port = free_port()
    running = running_tool("storescp", port, "--abort-after", "-od", tmp_path, log=tmp_path / "log")
    with running, pytest.raises(NetFault, match="aborted"):
        await store(port, sample("CT_small.dcm"))


async def test_storescp_that_refuses(tmp_path: Path) -> None:
    port = free_port()
    running = running_tool("storescp", port, "--refuse", "-od", tmp_path, log=tmp_path / "log")
    with running, pytest.raises(PeerRejected):
        await store(port, sample("CT_small.dcm"))


async def test_storescp_through_tls(tls_files: TlsFiles, tmp_path: Path) -> None:
    port, server = free_port(), tls_files.server
    folder = tmp_path / "received"
    folder.mkdir()
    device, ca = tls_files.device, tls_files.ca.certificate
    flags = ["+tls", server.key, server.certificate, "+cf", ca, "-rc"]
    with running_tool("storescp", port, *flags, "-od", folder, "+B", log=tmp_path / "log"):
        answer = await store(port, sample("CT_small.dcm"), client_context(ca, device.certificate, device.key))
        assert answer.status == 0
        with pytest.raises((TlsFault, NetFault)):
            await store(port, sample("CT_small.dcm"), client_context(ca))  # shows no certificate
        with pytest.raises(TlsFault, match="not issued by"):
            await store(port, sample("CT_small.dcm"), client_context(tls_files.foreign.certificate))
        with pytest.raises(NetFault):
            await store(port, sample("CT_small.dcm"))  # plain
    (received,) = folder.iterdir()
    assert data_set_of(received) == data_set_of(sample("CT_small.dcm"))


async def test_tls_to_a_plain_storescp(tls_files: TlsFiles, storescp: tuple[int, Path]) -> None:
    with pytest.raises(TlsFault):
        await store(storescp[0], sample("CT_small.dcm"), client_context(tls_files.ca.certificate))


# --- pynetdicom ----------------------------------------------------------------------------------------------


async def _pynetdicom_sends(door: Listener, path: Path, setup: Callable[[pynetdicom.AE], None]) -> list[int]:
    """Statuses of an echo and a store, sent from a thread of its own."""

    def call() -> list[int]:
        entity = pynetdicom.AE("PYNETDICOM")
        entity.add_requested_context(VERIFICATION)
        entity.add_requested_context(CT, EXPLICIT)
        setup(entity)
        association = entity.associate("127.0.0.1", door.port, ae_title="LEADGLASS")
        assert association.is_established
        statuses = [association.send_c_echo().Status, association.send_c_store(path).Status]
        association.release()
        assert association.is_released
        return statuses

    return await asyncio.to_thread(call)


@pytest.mark.parametrize("max_pdu", [0, 4096, 16382])
async def test_pynetdicom_as_scu(max_pdu: int) -> None:
    def setup(entity: pynetdicom.AE) -> None:
        entity.maximum_pdu_size = max_pdu

    counted = Counted()
    async with open_door(counted) as door:
        assert await _pynetdicom_sends(door, sample("CT_small.dcm"), setup) == [0, 0]
    assert counted.closings == [Closing.RELEASED]
    assert counted.faults == []


async def test_pynetdicom_as_scp() -> None:
    received: list[bytes] = []

    def keep(event: evt.Event) -> int:
        received.append(event.request.DataSet.getvalue())
        return 0xB000

    entity = pynetdicom.AE("PYNETDICOM")
    entity.add_supported_context(CT, EXPLICIT)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)])
    try:
        port = server.server_address[1]
        for streamed in (False, True):
            assert (await store(port, sample("CT_small.dcm"), streamed=streamed)).status == 0xB000
    finally:
        await asyncio.to_thread(server.shutdown)
    assert received == [data_set_of(sample("CT_small.dcm"))] * 2


def test_the_tools_are_those_we_know() -> None:
    for tool in ("echoscu", "storescu", "storescp", "termscu"):
        assert re.search(tool, require_tool(tool))
