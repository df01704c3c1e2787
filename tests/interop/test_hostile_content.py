"""Hostile content: data sets and identifiers that nest, swell, lie and play tricks. What is taken comes back unharmed;
what is not is answered with a status; nothing of it reaches the file system, and nobody else has to wait."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.archive_server import ArchiveServer
from helpers.attacks import CALLING, ECHO, EXPLICIT, answers, associate, attacker, honest_peer, pdv, read_message
from helpers.hostile_range import MEMORY_CEILING, PATIENCE, attacked_server
from helpers.marked import MarkedStudy
from helpers.raw_peer import ABORT, ASSOCIATE_AC, RawPeer
from helpers.requests import message_bytes
from helpers.samples import deflate_bomb, explicit, identifying, instance, item, nested, part10, sequence
from helpers.telling import tell
from helpers.visiting import Visitor, identifier, visit
from leadglass.app.configuration import Configuration
from leadglass.app.home import Home
from leadglass.app.house import House
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import CFindRq, CGetRq, CStoreRq
from leadglass.dicom.identifier import decode_identifier, encode_identifier
from leadglass.dicom.upperlayer import AssociateRq, ProposedContext, RoleSelection, UserInformation, encode_pdu
from leadglass.dicom.upperlayer.negotiation import MIN_PEER_PDU_LENGTH
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.retrieval import objects_of
from leadglass.terms.ae_title import AETitle
from leadglass.terms.ceilings import MIB
from leadglass.terms.visibility import Selector, SelectorKind, Visibility

CT = uids.CT_IMAGE_STORAGE
FIND, GET = uids.STUDY_ROOT_FIND, uids.STUDY_ROOT_GET


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with attacked_server(tmp_path_factory.mktemp("content") / "home") as server:
        yield server


def store_message(sop_instance_uid: str, data_set: bytes) -> bytes:
    """C-STORE on context 1."""
    message = CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid=sop_instance_uid)
    return message_bytes(1, message, data_set)


def find_message(data_set: bytes) -> bytes:
    """C-FIND on context 1."""
    return message_bytes(1, CFindRq(message_id=1, affected_sop_class_uid=FIND), data_set)


async def stored(server: ArchiveServer, sop_instance_uid: str, data_set: bytes, syntax: str = EXPLICIT) -> int:
    """The status of one C-STORE, beside an honest peer."""
    async with honest_peer(server, within=PATIENCE), attacker(server) as peer:
        await associate(peer, CT, transfer_syntax=syntax)
        return (await answers(peer, store_message(sop_instance_uid, data_set)))[-1]


async def found(server: ArchiveServer, data_set: bytes) -> tuple[int, list[dict[int, Any]]]:
    """The final status of one C-FIND and its answers, beside an honest peer."""
    async with honest_peer(server, within=PATIENCE), attacker(server) as peer:
        await associate(peer, FIND)
        await peer.send(find_message(data_set))
        matches: list[dict[int, Any]] = []
        while True:
            message, data = await read_message(peer)
            status = getattr(message, "status", -1)
            if status not in (0xFF00, 0xFF01):
                return status, matches
            matches.append(dict(decode_identifier(data, EXPLICIT)))


# --- data sets that nest, swell and lie ----------------------------------------------------------------------

NESTED = nested(10_000, is_delimited=True)
LIES = {
    "nested 10,000 deep": instance(NESTED),
    "an element longer than the data set": instance(explicit(0x00081030, "LO", b"short", length=60_000)),
    "an element of 4 GB": instance(explicit(0x00090010, "OB", b"short", length=0xFFFFFFFE)),
    "a sequence of 4 GB": instance(explicit(0x00081140, "SQ", item(b""), length=0xFFFFFFF0)),
    "a sequence without end": instance(explicit(0x00081140, "SQ", item(b""), length=0xFFFFFFFF)),
    "cut within a tag": instance()[:-30] + b"\x20",
    "nothing at all": b"",
    "zeros": bytes(5000),
    "noise": bytes(range(256)) * 40,
    "a whole Part-10 file": part10(instance(), preamble=b"MZ\x90\x00 and more"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_data_set_that_lies_is_refused_with_a_status(server: ArchiveServer, lie: str) -> None:
    assert await stored(server, "2.25.4", LIES[lie]) in (0xC000, 0xA900)


def _numbered(number: int, *elements: bytes) -> bytes:
    """A data set with UIDs of its own, 2.25.8<number>1 and so on."""
    first, second, *rest = identifying(SOPInstanceUID=f"2.25.8{number}1", StudyInstanceUID=f"2.25.8{number}2")
    return b"".join([first, second, *elements, *rest])


PASSED_OVER = {
    "nested 10,000 deep, lengths known": nested(10_000, is_delimited=False),
    "an item longer than its sequence": sequence(0x00081140, struct.pack("<HHI", 0xFFFE, 0xE000, 0x7FFFFFFF)),
}


@pytest.mark.parametrize("lie", PASSED_OVER)
async def test_what_the_index_has_no_use_for_is_passed_over_and_kept_as_it_is(server: ArchiveServer, lie: str) -> None:
    number = list(PASSED_OVER).index(lie)
    data_set = _numbered(number, PASSED_OVER[lie])
    assert await stored(server, f"2.25.8{number}1", data_set) == 0
    assert await _got(server, f"2.25.8{number}2") == [data_set]


LYING_IDENTIFIERS = ("nested 10,000 deep", "an element longer than the data set", "noise", "an element of 4 GB")


@pytest.mark.parametrize("lie", LYING_IDENTIFIERS)
async def test_an_identifier_that_lies_is_refused_with_a_status(server: ArchiveServer, lie: str) -> None:
    status, matches = await found(server, LIES[lie])
    assert (status, matches) in ((0xC000, []), (0xA900, []))


async def test_deflate_bombs(server: ArchiveServer) -> None:
    """1 GiB in 1 MiB: the header is looked for, up to a ceiling."""
    bomb = deflate_bomb(1024 * MIB)
    assert len(bomb) < 2 * MIB
    async with honest_peer(server, within=PATIENCE):
        statuses = await asyncio.gather(
            *(stored(server, "2.25.4", bomb, uids.DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN) for _ in range(4))
        )
    assert set(statuses) <= {0xC000, 0xA900}
    assert server.peak_rss() < MEMORY_CEILING


async def test_an_identifier_without_end_is_drained_and_refused(server: ArchiveServer) -> None:
    async with honest_peer(server, within=PATIENCE), attacker(server) as peer:
        await associate(peer, FIND)
        whole = find_message(b"")
        await peer.send(whole[: -len(pdv(1, 2, b""))])
        for _ in range(40):
            await peer.send(pdv(1, 0, bytes(250_000)))
        assert await answers(peer, pdv(1, 2, b"")) == [0xA700]
    assert server.peak_rss() < MEMORY_CEILING


# --- names and paths -----------------------------------------------------------------------------------------

TRICKS = (
    "../../etc/passwd",
    "/etc/passwd",
    "1.2.3\0/../x",
    "1.2.3/../4",
    "1" * 65,
    "1." * 40 + "1",
    "1.2;rm",
    "%2e%2e",
)


@pytest.mark.parametrize("place", ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID"])
async def test_path_tricks_in_uids_are_refused(server: ArchiveServer, place: str) -> None:
    before = _files(server.home)
    for trick in TRICKS:
        data_set = b"".join(identifying(**{place: trick}))
        assert await stored(server, "2.25.4", data_set) in (0xA900, 0xC000), trick
        keys = {"StudyInstanceUID": trick, "SeriesInstanceUID": trick, "SOPInstanceUID": trick}
        status, matches = await found(server, identifier("IMAGE", PatientName="nobody", **keys))
        assert (status, matches) in ((0, []), (0xA900, [])), trick
    assert _files(server.home) <= before


async def test_path_tricks_in_the_uid_of_a_command_end_the_association(server: ArchiveServer) -> None:
    before = _files(server.home)
    for trick in TRICKS:
        async with honest_peer(server, within=PATIENCE), attacker(server) as peer:
            await associate(peer, CT)
            await peer.send(store_message(trick, b"".join(identifying())))
            assert (await peer.read_pdu())[0] == ABORT, trick
    assert _files(server.home) <= before


def _files(home: Path) -> set[str]:
    """Names below the home, without the ledger's tiles, which come with time."""
    return {name for _, _, names in os.walk(home) for name in names if not name.isdigit()} - {"checkpoint"}


NAMES = {
    "markup": "<script>alert(1)</script>^<img src=x onerror=alert(2)>",
    "SQL": "Robert'); DROP TABLE studies;--^O''Brien",
    "a template": "{{7*7}}${7*7}%s%n{0}",
    "controls": "Bell\x07^Back\x08\x7f\x1b[31mRed\x1b[0m",
    "a new line": "First\r\nX-Injected: yes",
    "direction": "Abc\u202egnirts^\u2066\ufeff",
    "every plane": "𝕸𝖆𝖗𝖐^😀=山田^太郎=やまだ^たろう",
    "very long": "L" * 4000,
    "many components": "^" * 4000 + "Z",
}


@pytest.mark.parametrize("name", NAMES)
async def test_hostile_names_are_kept_as_they_are(server: ArchiveServer, name: str) -> None:
    """What was stored comes back byte for byte, and a search for the study tells the name."""
    number = list(NAMES).index(name)
    study, image = f"2.25.9{number}1", f"2.25.9{number}2"
    said = NAMES[name].encode()
    data_set = b"".join(
        [
            explicit(0x00080005, "CS", b"ISO_IR 192"),
            *identifying(StudyInstanceUID=study, SOPInstanceUID=image)[:2],
            explicit(0x00100010, "PN", said + b" " * (len(said) % 2)),
            explicit(0x00100020, "LO", f"hostile{number} ".encode()),
            *identifying(StudyInstanceUID=study, SOPInstanceUID=image)[2:],
        ]
    )
    assert await stored(server, image, data_set) == 0
    assert await _got(server, study) == [data_set]
    status, [match] = await found(server, identifier("STUDY", StudyInstanceUID=study, PatientName=""))
    told = match[tag_of("PatientName")]
    assert status == 0
    assert told == NAMES[name] if len(said) < 200 else (told and NAMES[name].startswith(told))
    by_name = encode_identifier(
        {tag_of("QueryRetrieveLevel"): "STUDY", tag_of("PatientName"): told, tag_of("StudyInstanceUID"): ""}, EXPLICIT
    )
    status, matches = await found(server, by_name)
    assert status == 0
    if not set(told) & set("\\*?=\r\n") and told.strip("^"):
        assert study in {str(one[tag_of("StudyInstanceUID")]) for one in matches}


async def test_a_name_longer_than_the_ceiling_is_refused(server: ArchiveServer) -> None:
    assert await stored(server, "2.25.871", _numbered(7, explicit(0x00100010, "PN", b"L" * 60_000))) == 0xC000


async def _got(server: ArchiveServer, study: str) -> list[bytes]:
    """The data sets of a study, by C-GET."""
    roles = [RoleSelection(CT, scu=False, scp=True)]
    async with visit(server, Visitor(CALLING), GET, CT, roles=roles) as visiting:
        context = visiting.context(GET)
        assert context is not None
        assert visiting.association is not None
        message = CGetRq(message_id=1, affected_sop_class_uid=GET)
        response = await visiting.association.request(context, message, identifier("STUDY", StudyInstanceUID=study))
        assert response.status == 0
        return visiting.receiver.objects


# --- questions without measure -------------------------------------------------------------------------------


def _keys(number: int) -> bytes:
    """A STUDY identifier with `number` keys of private and unknown attributes."""
    parts = [explicit(tag_of("QueryRetrieveLevel"), "CS", b"STUDY ")]
    parts += [explicit(0x00091000 + nth % 0xF000 + (nth // 0xF000 << 17), "LO", b"x ") for nth in range(number)]
    return b"".join(parts)


QUESTIONS = {
    "10,000 keys": _keys(10_000),
    "a list of 10,000 UIDs": identifier(
        "STUDY", StudyInstanceUID="\\".join(f"2.25.{10**20 + nth}" for nth in range(10_000)), PatientName=""
    ),
    "stars and question marks": identifier(
        "STUDY", PatientName="****?***" * 20, PatientID="*?*?*?*?*", StudyInstanceUID=""
    ),
    "stars between letters": identifier("STUDY", PatientName="*L" * 30 + "*Z", StudyInstanceUID=""),
    "a thousand stars between letters": identifier("STUDY", PatientName="*L" * 1000 + "*Z", StudyInstanceUID=""),
    "brackets and escapes": identifier("STUDY", PatientName="[[]]*[^a]%_'\"?*", StudyInstanceUID=""),
    "a list of 10,000 wildcards": identifier("STUDY", PatientName="\\".join(["*a*"] * 5000), StudyInstanceUID=""),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_questions_without_measure_are_answered_soon(server: ArchiveServer, question: str) -> None:
    begin = time.monotonic()
    status, _ = await found(server, QUESTIONS[question])
    assert status in (0x0000, 0xA900, 0xA700, 0xC000)
    assert time.monotonic() - begin < 2 * PATIENCE


# --- readers that do not read --------------------------------------------------------------------------------


@asynccontextmanager
async def _getting(server: ArchiveServer, study: MarkedStudy, *, max_pdu_length: int) -> AsyncIterator[RawPeer]:
    """A peer that has asked for a study and reads no further."""
    request = AssociateRq(
        called_ae_title=AETitle.of("LEADGLASS"),
        calling_ae_title=AETitle.of(CALLING),
        contexts=(ProposedContext(1, GET, (EXPLICIT,)), ProposedContext(3, CT, (EXPLICIT,))),
        user_information=UserInformation(
            max_pdu_length=max_pdu_length, roles=(RoleSelection(CT, scu=False, scp=True),)
        ),
    )
    async with attacker(server, "127.0.0.41") as peer:
        await peer.send(encode_pdu(request))
        assert (await peer.read_pdu())[0] == ASSOCIATE_AC
        asked = CGetRq(message_id=1, affected_sop_class_uid=GET)
        await peer.send(message_bytes(1, asked, identifier("STUDY", StudyInstanceUID=study.study_instance_uid)))
        yield peer


BIG = MarkedStudy("big", size=2)


@pytest.fixture(scope="module")
def big_study(server: ArchiveServer) -> MarkedStudy:
    """Images of 40 MB: more than kernels and a connection let wait."""

    async def send() -> None:
        async with attacker(server) as peer:
            await associate(peer, CT)
            for image in BIG.images:
                small = image.data_set()
                data_set = small[: small.index(b"\xe0\x7f\x10\x00")] + explicit(0x7FE00010, "OW", bytes(40_000_000))
                assert await answers(peer, store_message(image.sop_instance_uid, data_set)) == [0]

    asyncio.run(send())
    return BIG


async def test_readers_that_never_read_cost_little_and_are_cut_off(
    server: ArchiveServer, big_study: MarkedStudy
) -> None:
    before = server.peak_rss()
    async with honest_peer(server, within=PATIENCE), AsyncExitStack() as stack:
        others = _connections(server)
        for _ in range(READERS):
            peer = await stack.enter_async_context(_getting(server, big_study, max_pdu_length=0))
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        assert _connections(server) > others  # all of them, unless the first are cut off already
        async with asyncio.timeout(60):  # idle-seconds = 4: looked at after four seconds, cut off after eight
            while _connections(server) > others:  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.2)
    assert server.peak_rss() - before < READERS * 16 * MIB  # each: MAX_SEND_BACKLOG, and an image on its way


READERS = 8


def _connections(server: ArchiveServer) -> int:
    """Sockets the server holds."""
    return sum("socket:" in str(entry.readlink()) for entry in Path(f"/proc/{server.process.pid}/fd").iterdir())


async def test_a_reader_of_tiny_pdus_stalls_nobody(server: ArchiveServer, big_study: MarkedStudy) -> None:
    """The smallest PDUs that are agreed to: an endless row of headers, for one who asked for it."""
    getting = _getting(server, big_study, max_pdu_length=MIN_PEER_PDU_LENGTH)
    async with honest_peer(server, within=PATIENCE), getting as peer:
        got = 0
        while got < 5 * MIB:
            got += len(await peer.reader.read(1 << 20))
    assert server.peak_rss() < MEMORY_CEILING


# --- the file on disk ----------------------------------------------------------------------------------------


def test_the_stored_preamble_is_zero_whatever_was_sent(tmp_path: Path) -> None:
    """A polyglot needs the first 128 bytes of the file: they are ours."""
    poison = b"MZ\x90\x00PK\x03\x04%PDF-1.7<script>"
    data_set = instance(explicit(0x00090010, "LO", b"POISON"), explicit(0x00091001, "OB", poison))
    with attacked_server(tmp_path / "home") as server:
        assert asyncio.run(stored(server, "2.25.4", data_set)) == 0
    file = asyncio.run(_file_of(tmp_path / "home", "2.25.2"))
    assert file[:132] == bytes(128) + b"DICM"
    assert file.endswith(data_set)
    assert poison not in b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())


async def _file_of(home: Path, study: str) -> bytes:
    """The one file of a study, decrypted."""
    house = await House.open(Home(home), Configuration())
    try:
        everything = Visibility(frozenset({Selector(SelectorKind.EVERYTHING)}))
        [one] = await house.archive.database.read(objects_of, QueryLevel.STUDY, [study], everything, {})
        return bytes(await house.archive.journal.read_whole(one.location, house.archive.keys.of_object(one)))
    finally:
        await house.close()


async def test_everybody_is_still_served(server: ArchiveServer) -> None:
    async with attacker(server) as peer:
        await associate(peer, uids.VERIFICATION)
        assert await answers(peer, ECHO) == [0]
    assert (await tell(server, "store check"))["problems"] == []
