"""Hostile peers at the wire: PDUs cut, lengths that lie, floods, silence. The server serves everybody else on."""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Iterator

import pytest

from helpers.archive_server import ArchiveServer
from helpers.attacks import CALLING, ECHO, EXPLICIT, answers, associate, attacker, honest_peer, pdv, read_message
from helpers.hostile_range import MEMORY_CEILING, PATIENCE, attacked_server, log_of
from helpers.marked import MarkedStudy
from helpers.raw_peer import ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, RELEASE_RP, RELEASE_RQ, RawPeer
from helpers.requests import association_request, message_bytes
from helpers.telling import refusals_in, tell
from helpers.visiting import identifier
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CCancelRq, CEchoRq, CFindRq, CStoreRq, CStoreRsp, NGetRsp
from leadglass.dicom.upperlayer import encode_pdu
from leadglass.terms.ceilings import MAX_COMMAND_FRAGMENTS, MAX_CONNECTIONS_PER_ADDRESS, MAX_EMPTY_FRAGMENTS, MIB
from leadglass.terms.evidence import UserIdentity

CT = uids.CT_IMAGE_STORAGE
FIND = uids.STUDY_ROOT_FIND
ABORT_PDU = b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00"
STUDY = MarkedStudy("hostile", size=1)
STORE_RQ = CStoreRq(message_id=2, affected_sop_class_uid=CT, affected_sop_instance_uid=STUDY.images[0].sop_instance_uid)
FIND_RQ = CFindRq(message_id=3, affected_sop_class_uid=FIND)
ASK = identifier("STUDY", PatientName="*", StudyInstanceUID="")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with attacked_server(tmp_path_factory.mktemp("hostile") / "home") as server:
        yield server


def request(*syntaxes: str, calling: str = CALLING) -> bytes:
    return encode_pdu(association_request(*syntaxes, transfer_syntaxes=[EXPLICIT], calling=calling))


async def ends(peer: RawPeer) -> int:
    """The type of the PDU that ends it, an A-ABORT or A-ASSOCIATE-RJ; else of the last one before it was closed."""
    last = 0
    while (pdu := await peer.read_pdu())[0]:
        last = pdu[0]
        if last in (ABORT, ASSOCIATE_RJ):
            break
    return last


# --- cut and lied ---------------------------------------------------------------------------------------------

CONVERSATIONS = {
    "association": (b"", request(uids.VERIFICATION, CT)),
    "echo": (request(uids.VERIFICATION), ECHO),
    "store": (request(uids.VERIFICATION, CT), message_bytes(3, STORE_RQ, STUDY.images[0].data_set()[:400])),
    "find": (request(uids.VERIFICATION, FIND), message_bytes(3, FIND_RQ, ASK)),
    "release": (request(uids.VERIFICATION), RELEASE_RQ),
    "abort": (request(uids.VERIFICATION), ABORT_PDU),
}


@pytest.mark.parametrize("conversation", CONVERSATIONS)
async def test_every_pdu_cut_at_every_byte(server: ArchiveServer, conversation: str) -> None:
    before, whole = CONVERSATIONS[conversation]

    async def cut(end: int) -> None:
        async with attacker(server) as peer:
            if before:
                await peer.send(before)
                assert (await peer.read_pdu())[0] == ASSOCIATE_AC
            await peer.send(whole[:end])
            peer.writer.write_eof()
            assert await ends(peer) in (0, ABORT)

    async with honest_peer(server, within=PATIENCE):
        for start in range(0, len(whole), 64):
            await asyncio.gather(*(cut(end) for end in range(start, min(start + 64, len(whole)))))


@pytest.mark.parametrize("is_associated", [False, True])
async def test_lengths_that_lie(server: ArchiveServer, is_associated: bool) -> None:
    """4 GB are announced in each PDU's header: nothing is waited for, nothing is allocated."""

    async def lie(kind: int, length: int) -> None:
        async with attacker(server) as peer:
            if is_associated:
                await associate(peer, uids.VERIFICATION)
            await peer.send(struct.pack(">BxI", kind, length) + bytes(100))
            assert await ends(peer) in (ABORT, ASSOCIATE_RJ)

    async with honest_peer(server, within=PATIENCE):
        await asyncio.gather(*(lie(kind, length) for kind in range(9) for length in (0xFFFFFFFF, 0x7FFFFFFF, 0)))


STORE_BEGUN = message_bytes(3, STORE_RQ, b"")[: -len(pdv(3, 2, b""))]
_VERIFICATION_CONTEXT = request(uids.VERIFICATION)[74 + 4 + 21 :]


def with_items(kind: int, body: bytes, count: int) -> bytes:
    """An association request that ends in `count` items of a kind."""
    whole = request(uids.VERIFICATION)
    more = struct.pack(">BxH", kind, len(body)) + body
    return struct.pack(">BxI", 1, len(whole) - 6 + len(more) * count) + whole[6:] + more * count


def with_user_items(item: bytes, count: int) -> bytes:
    """An association request whose user information holds `count` items of a kind."""
    head = request(uids.VERIFICATION)
    start = head.rindex(b"\x50\x00")
    items = head[start + 4 :] + item * count
    body = head[6:start] + b"\x50\x00" + struct.pack(">H", len(items) & 0xFFFF) + items
    return struct.pack(">BxI", 1, len(body)) + body


def with_identity(size: int) -> bytes:
    pdu = association_request(uids.VERIFICATION, calling=CALLING)
    information = pdu.user_information
    identity = UserIdentity(2, b"u" * size, b"p")
    object.__setattr__(information, "user_identity", identity)
    return encode_pdu(pdu)


ENDLESS = {
    "empty data fragments": STORE_BEGUN + pdv(3, 0, b"") * (MAX_EMPTY_FRAGMENTS + 1),
    "empty command fragments": pdv(1, 1, b"") * (MAX_COMMAND_FRAGMENTS + 2),
    "command fragments": pdv(1, 1, b"x") * (MAX_COMMAND_FRAGMENTS + 1),
    "a command without end": pdv(1, 1, bytes(60_000)) * 2,
    "P-DATA-TF PDUs without PDVs": b"\x04\x00\x00\x00\x00\x00" * 1000,
    "a PDV longer than its PDU": b"\x04\x00\x00\x00\x00\x08\xff\xff\xff\xff\x01\x02ab",
    "data where none was announced": pdv(1, 2, b"data"),
    "a command within a data set": STORE_BEGUN + pdv(3, 0, b"half") + ECHO,
    "a context that was not accepted": message_bytes(99, CEchoRq(message_id=1)),
    "a second association request": request(uids.VERIFICATION),
    "a response to nothing": message_bytes(3, CStoreRsp(message_id_being_responded_to=9, status=0)),
    "a flood of responses": message_bytes(1, NGetRsp(message_id_being_responded_to=1, status=0)) * 1000,
}


@pytest.mark.parametrize("attack", ENDLESS)
async def test_what_would_never_end_is_aborted(server: ArchiveServer, attack: str) -> None:
    async with honest_peer(server, within=PATIENCE), attacker(server) as peer:
        await associate(peer, uids.VERIFICATION, CT)
        await peer.send(ENDLESS[attack])
        assert await ends(peer) == ABORT


TOO_MUCH = {
    "10,000 presentation contexts": with_items(0x20, b"\x01\x00\x00\x00", 10_000),
    "10,000 items nobody knows": with_items(0x99, b"", 10_000),
    "10,000 user items": with_user_items(b"\x54\x00\x00\x02ab", 10_000),
    "10,000 empty user items": with_user_items(b"\x99\x00\x00\x00", 10_000),
    "an identity of 40 KiB": with_identity(40_000),
    "a request of 1 MiB": struct.pack(">BxI", 1, MIB) + bytes(MIB),
}


@pytest.mark.parametrize("attack", TOO_MUCH)
async def test_a_request_for_too_much_gets_no_association(server: ArchiveServer, attack: str) -> None:
    async with honest_peer(server, within=PATIENCE), attacker(server) as peer:
        await peer.send(TOO_MUCH[attack])
        assert await ends(peer) in (ABORT, ASSOCIATE_RJ)


# --- slow, silent, many --------------------------------------------------------------------------------------


async def test_a_request_dripping_in_is_cut_off_by_the_timer(server: ArchiveServer) -> None:
    whole = request(uids.VERIFICATION)
    loop = asyncio.get_running_loop()

    async def drip(tls: bool) -> float:
        begin = loop.time()
        said = 0
        async with attacker(server, "127.0.0.31", tls=tls) as peer:
            first = b"\x16\x03\x01" if tls else b""
            for byte in first + whole:
                peer.writer.write(bytes([byte]))
                said += 1
                try:
                    async with asyncio.timeout(0.1):
                        if not await peer.reader.read(1):
                            break
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
        assert said < len(whole), "the whole request could be dripped in"
        return loop.time() - begin

    async with honest_peer(server, within=PATIENCE):
        taken = await asyncio.gather(*(drip(tls) for tls in (False, True) for _ in range(20)))
    assert min(taken) > 1.5  # request-seconds = 2


async def test_half_open_connections_fill_one_address_and_no_other(server: ArchiveServer) -> None:
    async with honest_peer(server, within=PATIENCE):
        silent = [
            await asyncio.open_connection("127.0.0.1", server.dicom, local_addr=("127.0.0.32", 0))
            for _ in range(MAX_CONNECTIONS_PER_ADDRESS)
        ]
        async with attacker(server, "127.0.0.32") as one_more:
            assert await ends(one_more) == 0  # closed at once
        assert "too many connections from this address" in log_of(server)
        async with asyncio.timeout(60):  # and they are not kept for long
            for reader, writer in silent:
                assert await reader.read() == b""
                writer.close()
        async with attacker(server, "127.0.0.32") as later:
            await associate(later, uids.VERIFICATION)


async def test_strangers_by_the_thousand_are_counted_and_not_kept(server: ArchiveServer) -> None:
    before = await _strangers(server)
    number = 1500

    async def knock(nth: int) -> None:
        async with attacker(server, f"127.0.2.{nth % 250 + 1}") as peer:
            await peer.send(request(uids.VERIFICATION, calling=f"STRANGER{nth}"))
            assert (await peer.read_pdu())[0] == ASSOCIATE_RJ

    async with honest_peer(server, within=PATIENCE):
        for start in range(0, number, 50):
            await asyncio.gather(*(knock(nth) for nth in range(start, start + 50)))
        async with asyncio.timeout(60):  # what is only counted is written after five seconds
            while (after := await _strangers(server))[1] - before[1] < number:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.5)
    assert after[1] - before[1] == number
    assert after[0] - before[0] < 100


async def _strangers(server: ArchiveServer) -> tuple[int, int]:
    """How many entries of the ledger speak of strangers, and of how many strangers."""
    rows = await tell(server, "ledger show", event="refused", last=10_000)
    counts = [refusals_in(row) for row in rows if row["reason"] == "the device is not enrolled"]
    return len(counts), sum(counts)


# --- out of order --------------------------------------------------------------------------------------------


async def test_cancels_by_the_thousand(server: ArchiveServer) -> None:
    """For operations that do not exist, that are over, and that are running."""
    async with honest_peer(server, within=PATIENCE), attacker(server) as peer:
        await associate(peer, uids.VERIFICATION, FIND)
        flood = b"".join(message_bytes(3, CCancelRq(message_id_being_responded_to=nth)) for nth in range(3000))
        assert (await answers(peer, flood + message_bytes(3, FIND_RQ, ASK) + flood))[-1] in (0, 0xFE00)
        assert await answers(peer, ECHO) == [0]


async def test_a_message_id_used_again_is_answered_again(server: ArchiveServer) -> None:
    async with attacker(server) as peer:
        await associate(peer, uids.VERIFICATION, FIND)
        await peer.send(ECHO * 200)
        assert {(await read_message(peer))[0].status for _ in range(200)} == {0}  # type: ignore[union-attr]
        twice = message_bytes(3, FIND_RQ, ASK)
        assert (await answers(peer, twice + twice))[-1] == 0
        assert (await answers(peer, b""))[-1] == 0


async def test_release_or_abort_in_the_middle_of_a_data_set_stores_nothing(server: ArchiveServer) -> None:
    half = STORE_BEGUN + pdv(3, 0, STUDY.images[0].data_set()[:500])
    for ending, answer in ((RELEASE_RQ, RELEASE_RP), (ABORT_PDU, 0), (RELEASE_RQ + ABORT_PDU, 0)):
        async with honest_peer(server, within=PATIENCE), attacker(server) as peer:
            await associate(peer, uids.VERIFICATION, CT)
            await peer.send(half + ending)
            assert (await peer.read_pdu())[0] == answer
    studies = (await tell(server, "studies"))["studies"]
    assert STUDY.study_instance_uid not in {study["study_instance_uid"] for study in studies}


# --- the wrong language --------------------------------------------------------------------------------------

GARBAGE = {
    "plain DICOM on the TLS port": (True, request(uids.VERIFICATION), "peer spoke plain DICOM to the TLS port"),
    "HTTP on the TLS port": (True, b"GET / HTTP/1.1\r\n\r\n", "peer spoke HTTP to the TLS port"),
    "noise on the TLS port": (True, bytes(range(128, 256)), "peer spoke something that is not TLS to the TLS port"),
    "a broken ClientHello": (True, b"\x16\x03\x01\x02\x00" + bytes(512), "TLS handshake failed"),
    "TLS on the plain port": (False, b"\x16\x03\x01\x02\x00" + bytes(512), "peer spoke TLS to the plain port"),
    "HTTP on the plain port": (False, b"GET / HTTP/1.1\r\n\r\n", "peer spoke HTTP to the DICOM port"),
}


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_the_wrong_language_is_named_in_the_log(server: ArchiveServer, garbage: str) -> None:
    tls, data, words = GARBAGE[garbage]
    source = f"127.0.0.{100 + list(GARBAGE).index(garbage)}"
    async with honest_peer(server, within=PATIENCE), attacker(server, source, tls=tls) as peer:
        await peer.send(data)
        await peer.wait_closed()
    [line] = {line for line in log_of(server).splitlines() if f"={source} " in line and words in line}
    assert re.search(r"\d{4}-\d\d-\d\dT", line)


def test_the_ceiling_held(server: ArchiveServer) -> None:
    assert server.peak_rss() < MEMORY_CEILING
