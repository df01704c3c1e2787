"""The deed of storing: success only after the journal and the index, duplicates, races, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from helpers.archive_world import CT, EXPLICIT, ArchiveWorld, data_set
from leadglass.archive.storing import Announced, StoreOutcome, StoringSession, same_bytes
from leadglass.dicom.uids import IMPLICIT_VR_LITTLE_ENDIAN
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import known_instances
from leadglass.terms.errors import LedgerFault, OutOfSpace, PeerViolation, StorageFault

UID = "1.2.1.1.1"


async def stored_bytes(world: ArchiveWorld, uid: str = UID) -> bytes:
    """The data set under a UID, as the journal gives it back."""
    stored = (await world.index.read(known_instances, [uid]))[uid]
    key = await world.archive.keys.for_storing(stored.study_instance_uid)
    whole: bytes = await world.journal.read_whole(stored.location, key)
    return whole[stored.location.dataset_offset :]


def records(world: ArchiveWorld) -> int:
    return sum(1 for volume in world.journal.volumes() for _ in world.journal.records_since(volume))


async def test_an_instance_is_kept_byte_for_byte_and_counted(world: ArchiveWorld) -> None:
    scanner = await world.device()
    assert await world.store(scanner, data_set()) is StoreOutcome.STORED
    assert await stored_bytes(world) == data_set()
    await world.archive.gate.close()
    [closed] = world.ledger.of(Event.EPISODE_CLOSED)
    assert closed.counts == {"instances": 1, "bytes": len(data_set())}
    assert (closed.principal, closed.study_instance_uid, closed.action) == ("dev-scanner", "1.2.1", "store")


async def test_the_episode_is_durable_before_the_object_is(world: ArchiveWorld) -> None:
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await world.store(await world.device(), data_set())
    assert records(world) == 0


async def test_many_instances_of_a_study_are_one_episode(world: ArchiveWorld) -> None:
    session = StoringSession(world.archive, await world.device(), "session")
    for number in range(1, 4):
        content = data_set(instance=f"1.2.1.1.{number}")
        assert await session.store(world.received(content), Announced("", "", EXPLICIT)) is StoreOutcome.STORED
    await session.close()
    assert len(world.ledger.of(Event.EPISODE_OPENED)) == 1
    assert [entry.counts["instances"] for entry in world.ledger.of(Event.EPISODE_CLOSED)] == [3]


@pytest.mark.parametrize("in_one_session", [True, False])
async def test_the_same_bytes_again_are_a_success_kept_once(world: ArchiveWorld, in_one_session: bool) -> None:
    scanner = await world.device()
    session = StoringSession(world.archive, scanner, "one")
    assert await session.store(world.received(data_set()), Announced("", "", EXPLICIT)) is StoreOutcome.STORED
    if in_one_session:
        again = await session.store(world.received(data_set()), Announced("", "", EXPLICIT))
    else:
        again = await world.store(scanner, data_set())
        assert records(world) == 1, "what may be a repetition is compared before it takes room"
    assert again is StoreOutcome.STORED_BEFORE
    await session.close()


@pytest.mark.parametrize("in_one_session", [True, False])
@pytest.mark.parametrize("pixels", [b"PIXELS..", b"longer pixels."])
async def test_other_bytes_under_the_uid_are_refused_and_the_first_kept(
    world: ArchiveWorld, in_one_session: bool, pixels: bytes
) -> None:
    scanner = await world.device()
    session = StoringSession(world.archive, scanner, "one")
    await session.store(world.received(data_set()), Announced("", "", EXPLICIT))
    other = data_set(pixels=pixels)
    if in_one_session:
        outcome = await session.store(world.received(other), Announced("", "", EXPLICIT))
    else:
        outcome = await world.store(scanner, other)
    await session.close()
    assert outcome is StoreOutcome.CONFLICT
    assert await stored_bytes(world) == data_set()
    [refusal] = world.ledger.of(Event.REFUSED)
    assert (refusal.principal, refusal.study_instance_uid) == ("dev-scanner", "1.2.1")
    assert "SOP Instance UID" in refusal.reason


async def test_another_transfer_syntax_under_the_uid_is_a_conflict(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    implicit = b"".join(
        group.to_bytes(2, "little") + element.to_bytes(2, "little") + len(value).to_bytes(4, "little") + value
        for group, element, value in (
            (0x0008, 0x0016, CT.encode() + b"\0"),
            (0x0008, 0x0018, b"1.2.1.1.1\0"),
            (0x0010, 0x0020, b"P1"),
            (0x0020, 0x000D, b"1.2.1\0"),
            (0x0020, 0x000E, b"1.2.1.1\0"),
        )
    )
    assert await world.store(scanner, implicit, IMPLICIT_VR_LITTLE_ENDIAN) is StoreOutcome.CONFLICT


@pytest.mark.parametrize("study_is_known", [True, False])
@pytest.mark.parametrize("same", [True, False])
async def test_two_senders_race_with_one_uid(world: ArchiveWorld, study_is_known: bool, same: bool) -> None:
    """Both have asked the index before either has its row: one wins, the other is compared with it."""
    first, second = await world.device("one"), await world.device("two")
    if study_is_known:
        await world.store(first, data_set(instance="1.2.1.1.9"))
    contents = [data_set(), data_set() if same else data_set(pixels=b"another.")]
    outcomes = await asyncio.gather(
        *(world.store(caller, content) for caller, content in zip((first, second), contents, strict=True))
    )
    assert {outcome.name for outcome in outcomes} == {"STORED", "STORED_BEFORE" if same else "CONFLICT"}
    assert await stored_bytes(world) == contents[outcomes.index(StoreOutcome.STORED)]
    assert len(await world.index.read(known_instances, [UID])) == 1


async def test_nothing_is_acknowledged_when_the_journal_has_no_room(world: ArchiveWorld) -> None:
    scanner = await world.device()
    world.journal.fault = OutOfSpace("on cue")
    with pytest.raises(OutOfSpace):
        await world.store(scanner, data_set())
    assert await world.index.read(known_instances, [UID]) == {}
    assert await world.store(scanner, data_set()) is StoreOutcome.STORED, "the same sender tries again"


async def test_nothing_is_acknowledged_when_the_index_cannot_be_written(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set(instance="1.2.1.1.9"))

    async def broken(*_: object, **__: object) -> object:
        raise StorageFault("on cue")

    with monkeypatch.context() as patched:
        patched.setattr(world.index, "write", broken)
        with pytest.raises(StorageFault):
            await world.store(scanner, data_set())
    assert await world.store(scanner, data_set()) is StoreOutcome.STORED


async def test_a_caller_without_the_right_stores_nothing(world: ArchiveWorld) -> None:
    ann = await world.reader()
    assert await world.store(ann, data_set()) is StoreOutcome.REFUSED
    assert records(world) == 0
    assert [entry.principal for entry in world.ledger.of(Event.REFUSED)] == [ann.principal.id]


async def test_a_device_revoked_in_mid_session_stores_no_more(world: ArchiveWorld) -> None:
    scanner = await world.device()
    session = StoringSession(world.archive, scanner, "session")
    assert await session.store(world.received(data_set()), Announced("", "", EXPLICIT)) is StoreOutcome.STORED
    await world.registry.revoke_device("scanner")
    late = world.received(data_set(instance="1.2.1.1.2"))
    assert await session.store(late, Announced("", "", EXPLICIT)) is StoreOutcome.REFUSED
    await session.close()


# --- objects that are not what they claim --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("announced", "name"),
    [(Announced(CT, "1.2.3", EXPLICIT), "SOP Instance UID"), (Announced("1.2.3", UID, EXPLICIT), "SOP Class UID")],
)
async def test_what_was_announced_must_be_what_came(world: ArchiveWorld, announced: Announced, name: str) -> None:
    session = StoringSession(world.archive, await world.device(), "session")
    incoming = world.received(data_set())
    with pytest.raises(PeerViolation, match=name) as refused:
        await session.store(incoming, announced)
    assert refused.value.answer.status == 0xA900
    assert incoming.state == "gone"


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
async def test_an_object_without_its_uids_is_refused(world: ArchiveWorld, keyword: str) -> None:
    with pytest.raises(PeerViolation) as refused:
        await world.store(await world.device(), data_set(**{keyword: ""}))
    assert refused.value.answer.status == 0xA900
    assert records(world) == 0


async def test_a_study_never_holds_two_patients(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    for other in ({"PatientID": "P2"}, {"IssuerOfPatientID": "CITY"}):
        with pytest.raises(PeerViolation, match="Patient ID") as refused:
            await world.store(scanner, data_set(instance="1.2.1.1.2", **other))
        assert refused.value.answer.status == 0xA900
        assert "P2" not in str(refused.value)


async def test_garbage_is_refused_with_a_status(world: ArchiveWorld) -> None:
    for content in (b"", b"\0" * 4000, b"\xff" * 4000, data_set()[:40]):
        with pytest.raises(PeerViolation) as refused:
            await world.store(await world.device(f"d{len(content)}x{content[:1].hex()}"), content)
        assert refused.value.answer.status in (0xA900, 0xC000)


# --- comparing streams ---------------------------------------------------------------------------------------


async def _pieces(*pieces: bytes) -> AsyncIterator[memoryview]:
    for piece in pieces:
        yield memoryview(piece)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ((b"abc", b"d"), (b"a", b"bcd"), True),
        ((b"abc",), (b"abd",), False),
        ((b"abc",), (b"abc", b"d"), False),
        ((b"abc", b"d"), (b"abc",), False),
        ((), (), True),
    ],
)
async def test_same_bytes_however_they_are_cut(left: tuple[bytes, ...], right: tuple[bytes, ...], same: bool) -> None:
    assert await same_bytes(_pieces(*left), _pieces(*right)) is same
