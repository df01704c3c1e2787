"""Bulk data: any range of any value, however it lies in the data set; written down first, or nothing at all."""

from __future__ import annotations

import pytest

from helpers.archive_world import CT, EXPLICIT, ArchiveWorld, data_set
from helpers.samples import deflated, explicit, identifying, implicit, item, sequence
from leadglass.archive.archive import Caller
from leadglass.archive.bulk_data import BulkValue, bulk_value
from leadglass.archive.retrieving import RetrieveRequest
from leadglass.dicom.uids import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import known_instances
from leadglass.store.index.matching import QueryLevel
from leadglass.terms.errors import IntegrityFault, LedgerFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Selector, SelectorKind

PIXELS = "7FE00010"
REQUEST = RetrieveRequest(
    QueryLevel.IMAGE, ("1.2.1.1.1",), {"StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.1"}
)


async def given(
    world: ArchiveWorld, caller: Caller, path: str = PIXELS, start: int = 0, end: int | None = None
) -> bytes | Refused | None:
    value = await bulk_value(world.archive, caller, REQUEST, path)
    if not isinstance(value, BulkValue):
        return value
    async with value:
        return b"".join([piece async for piece in value.pieces(start, value.length if end is None else end)])


@pytest.fixture
async def ann(world: ArchiveWorld) -> Caller:
    return await world.reader(Action.VIEW)


def uid(text: str) -> bytes:
    return text.encode() + b"\0" * (len(text) % 2)


async def test_a_value_of_many_segments_and_a_range_of_it(world: ArchiveWorld, ann: Caller) -> None:
    pixels = bytes(range(256)) * 20_000
    await world.store(await world.device(), data_set(pixels=pixels))
    assert await given(world, ann) == pixels
    assert await given(world, ann, start=2_000_001, end=4_500_000) == pixels[2_000_001:4_500_000]
    assert await given(world, ann, start=0, end=0) == b""


async def test_words_are_turned_round_where_they_lie_big_endian(world: ArchiveWorld, ann: Caller) -> None:
    order = ">"
    tags = {
        0x00080016: CT,
        0x00080018: "1.2.1.1.1",
        0x0020000D: "1.2.1",
        0x0020000E: "1.2.1.1",
    }
    head = b"".join(explicit(tag, "UI", uid(text), order=order) for tag, text in tags.items())
    content = head + explicit(0x7FE00010, "OW", bytes(range(20)), order=order)
    await world.store(await world.device(), content, EXPLICIT_VR_BIG_ENDIAN)
    turned = bytes(number ^ 1 for number in range(20))
    assert await given(world, ann) == turned
    for start in range(5):
        assert await given(world, ann, start=start, end=start + 7) == turned[start : start + 7]


async def test_a_deflated_value_is_opened_as_far_as_it_goes(world: ArchiveWorld, ann: Caller) -> None:
    pixels = bytes(range(256)) * 10_000
    content = deflated(data_set(pixels=pixels))
    await world.store(await world.device(), content, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)
    assert await given(world, ann) == pixels
    assert await given(world, ann, start=1_500_001, end=1_500_100) == pixels[1_500_001:1_500_100]


async def test_values_within_items_and_those_in_fragments(world: ArchiveWorld, ann: Caller) -> None:
    fragments = implicit(0xFFFEE000) + implicit(0xFFFEE000, b"fragment")
    icon = explicit(PIXEL_DATA, "OB", fragments + implicit(0xFFFEE0DD), length=0xFFFFFFFF)
    nested = sequence(0x00880200, item(explicit(0x00091010, "OB", b"b" * 1000)), item(icon))
    sop_class, sop, study, series = identifying(
        SOPInstanceUID="1.2.1.1.1", StudyInstanceUID="1.2.1", SeriesInstanceUID="1.2.1.1"
    )
    patient = explicit(0x00100020, "LO", b"P1")
    await world.store(await world.device(), sop_class + sop + patient + study + series + nested, EXPLICIT)
    assert await given(world, ann, "00880200/0/00091010") == b"b" * 1000
    assert await given(world, ann, "00880200/1/7FE00010") == fragments
    for absent in ("00880200/2/7FE00010", "00880200", "00100020", "", "7fe00010", f"{PIXELS}/0", "../../etc/passwd"):
        assert await given(world, ann, absent) is None


PIXEL_DATA = 0x7FE00010


async def test_it_is_written_down_before_one_byte_is_read(world: ArchiveWorld, ann: Caller) -> None:
    await world.store(await world.device(), data_set())
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await given(world, ann)
    world.ledger.broken = False
    assert world.archive.metadata.renderer.pid is None
    assert await given(world, ann) == b"pixels.."
    opened = world.ledger.durable[-1]
    assert (opened.event, opened.action, opened.study_instance_uid) == (Event.EPISODE_OPENED, "view", "1.2.1")


async def test_hidden_and_absent_are_the_same_nothing(world: ArchiveWorld, ann: Caller) -> None:
    assert await given(world, ann) is None
    scanner = await world.device()
    await world.store(scanner, data_set())
    bob = await world.reader(Action.VIEW, selector=Selector(SelectorKind.STUDY, "1.2.9"), name="bob")
    assert await given(world, bob) is None
    assert isinstance(await given(world, scanner), Refused)


async def test_damage_ends_it(world: ArchiveWorld, ann: Caller) -> None:
    await world.store(await world.device(), data_set())
    value = await bulk_value(world.archive, ann, REQUEST, PIXELS)
    assert isinstance(value, BulkValue)
    stored = await world.index.read(known_instances, ["1.2.1.1.1"])
    world.journal.damage(stored["1.2.1.1.1"].location)
    async with value:
        with pytest.raises(IntegrityFault):
            [piece async for piece in value.pieces(0, 8)]
