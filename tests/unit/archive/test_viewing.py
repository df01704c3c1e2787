"""The deeds of looking: the right frames, for those who may, and written down before a pixel is read."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from PIL import Image

from helpers.archive_world import ArchiveWorld
from helpers.looking import INSTANCE, SERIES, STUDY, WorkedHere, image, store_image
from helpers.samples import deflated, explicit, quietly_read, sample
from leadglass.archive import viewing
from leadglass.archive.archive import Caller
from leadglass.archive.giving import NoLongerGiven
from leadglass.archive.pixels import TranscodingFault
from leadglass.archive.viewing import Frames, Rendered, RenderedRequest, frames, rendered, thumbnail
from leadglass.dicom.drawing import Window
from leadglass.dicom.part10 import split
from leadglass.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
)
from leadglass.gate.ledger import Event
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import LedgerFault
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Selector, SelectorKind

RLE = "1.2.840.10008.1.2.5"


async def asked(world: ArchiveWorld, caller: Caller, *numbers: int) -> list[bytes] | Refused | None:
    found = await frames(world.archive, caller, STUDY, SERIES, INSTANCE, numbers)
    return [part.whole or b"" async for part in found.parts(decoded=True)] if isinstance(found, Frames) else found


async def test_frames_come_as_asked_and_are_counted(world: ArchiveWorld) -> None:
    await store_image(world, image(b"aaaa", b"bbbb", b"cccc"))
    ann = await world.reader(Action.VIEW)
    assert await asked(world, ann, 3, 1) == [b"cccc", b"aaaa"]
    assert await asked(world, ann, 2) == [b"bbbb"]
    [opened] = world.ledger.of(Event.EPISODE_OPENED)
    assert (opened.study_instance_uid, opened.action) == (STUDY, "view")
    await world.archive.gate.close()
    [closed] = world.ledger.of(Event.EPISODE_CLOSED)
    assert closed.counts == {"instances": 2, "bytes": 12}


async def test_the_entry_is_durable_before_anything_is_read(world: ArchiveWorld) -> None:
    await store_image(world, image(b"aaaa"))
    ann = await world.reader(Action.VIEW)
    real = world.journal.read_whole
    seen: list[int] = []

    async def read_whole(*arguments: object) -> bytes:
        seen.append(len(world.ledger.durable))
        return bytes(await real(*arguments))

    world.journal.read_whole = read_whole
    assert await asked(world, ann, 1) == [b"aaaa"]
    assert seen == [1]


async def test_without_a_ledger_nothing_is_read(world: ArchiveWorld) -> None:
    await store_image(world, image(b"aaaa"))
    ann = await world.reader(Action.VIEW)
    world.ledger.broken = True
    world.journal.read_whole = None  # would fail loudly
    with pytest.raises(LedgerFault):
        await asked(world, ann, 1)


async def test_what_may_not_be_seen_looks_like_nothing(world: ArchiveWorld) -> None:
    await store_image(world, image(b"aaaa"))
    bob = await world.reader(Action.VIEW, selector=Selector(SelectorKind.PATIENT, "P9"), name="bob")
    assert await asked(world, bob, 1) is None
    [refusal] = world.ledger.of(Event.REFUSED)
    assert (refusal.study_instance_uid, refusal.reason) == (STUDY, RefusalReason.NO_GRANT)
    request = RenderedRequest(STUDY, SERIES, INSTANCE)
    assert await rendered(world.archive, bob, request) is None
    assert await thumbnail(world.archive, bob, STUDY) is None
    assert await frames(world.archive, bob, "1.2.9", SERIES, INSTANCE, [1]) is None
    assert await frames(world.archive, bob, STUDY, "1.2.9", INSTANCE, [1]) is None
    assert not world.ledger.of(Event.EPISODE_OPENED)


async def test_who_may_not_look_at_all_is_refused(world: ArchiveWorld) -> None:
    await store_image(world, image(b"aaaa"))
    scanner = await world.device()
    refused = Refused(RefusalReason.ACTION_NOT_ALLOWED, "dev-scanner", Action.VIEW)
    assert await asked(world, scanner, 1) == refused
    assert await thumbnail(world.archive, scanner, STUDY) == refused


async def test_a_frame_that_is_not_there_is_none(world: ArchiveWorld) -> None:
    await store_image(world, image(b"aaaa", b"bbbb", number=5))
    ann = await world.reader(Action.VIEW)
    assert await asked(world, ann, 2) == [b"bbbb"]
    assert await asked(world, ann, 1, 3) is None
    assert await rendered(world.archive, ann, RenderedRequest(STUDY, SERIES, INSTANCE, 3)) is None


async def test_an_object_without_pixels_says_so(world: ArchiveWorld) -> None:
    await store_image(world, image().partition(explicit(0x7FE00010, "OB"))[0])
    ann = await world.reader(Action.VIEW)
    for _ in range(2):  # the second time it is known
        with pytest.raises(TranscodingFault, match="holds no image"):
            await asked(world, ann, 1)


async def test_frames_of_a_large_object_are_read_by_range(world: ArchiveWorld) -> None:
    side = 1024
    values = [bytes([number]) * side * side for number in range(8)]
    await store_image(world, image(*values, rows=side, columns=side))
    ann = await world.reader(Action.VIEW)
    world.journal.read_whole = None
    ranges: list[tuple[int, int | None]] = []
    real = world.journal.read

    def read(location: object, key: object, start: int = 0, length: int | None = None) -> AsyncIterator[memoryview]:
        ranges.append((start, length))
        found: AsyncIterator[memoryview] = real(location, key, start, length)
        return found

    world.journal.read = read
    assert await asked(world, ann, 7) == [values[6]]
    assert sum(length or 0 for _, length in ranges) <= 3 * side * side
    ranges.clear()
    assert await asked(world, ann, 2) == [values[1]]
    [(_, length)] = ranges  # by now it is known where they lie
    assert length == side * side


async def test_compressed_frames_come_as_stored_or_decoded(world: ArchiveWorld) -> None:
    world.archive = replace(world.archive, pixels=WorkedHere())
    original = sample("SC_rgb_rle_2frame.dcm").data()
    content = original[split(original).dataset_offset :]
    await store_image(world, content, RLE)
    data_set = quietly_read(original)
    ann = await world.reader(Action.VIEW)
    found = await frames(
        world.archive,
        ann,
        str(data_set.StudyInstanceUID),
        str(data_set.SeriesInstanceUID),
        str(data_set.SOPInstanceUID),
        [2],
    )
    assert isinstance(found, Frames)
    assert (found.stored_syntax, found.is_compressed) == (RLE, True)
    [as_stored] = [part.whole async for part in found.parts(decoded=False)]
    assert as_stored is not None
    assert as_stored in content
    [decoded] = [part.whole async for part in found.parts(decoded=True)]
    assert decoded == data_set.pixel_array[1].tobytes()


async def test_frames_of_odd_encodings_are_turned_first(world: ArchiveWorld) -> None:
    world.archive = replace(world.archive, pixels=WorkedHere())
    await store_image(world, deflated(image(b"aaaa", b"bbbb")), DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)
    ann = await world.reader(Action.VIEW)
    assert await asked(world, ann, 2) == [b"bbbb"]


async def test_big_endian_words_are_given_the_other_way_round(world: ArchiveWorld) -> None:
    world.archive = replace(world.archive, pixels=WorkedHere())
    original = sample("pydicom/data/test_files/MR_small_bigendian.dcm").data()
    await store_image(world, original[split(original).dataset_offset :], EXPLICIT_VR_BIG_ENDIAN)
    data_set = quietly_read(original)
    path = (str(data_set.StudyInstanceUID), str(data_set.SeriesInstanceUID), str(data_set.SOPInstanceUID))
    found = await frames(world.archive, await world.reader(Action.VIEW), *path, [1])
    assert isinstance(found, Frames)
    expected = data_set.pixel_array
    assert [part.whole async for part in found.parts(decoded=True)] == [
        expected.astype(expected.dtype.newbyteorder("<")).tobytes()
    ]


async def test_pictures_are_drawn_of_the_frame_asked_for(world: ArchiveWorld) -> None:
    world.archive = replace(world.archive, pixels=WorkedHere())
    await store_image(world, image(b"\0\1\2\3", b"\3\2\1\0"))
    ann = await world.reader(Action.VIEW)
    window = Window(2, 1, "linear-exact")
    request = RenderedRequest(STUDY, SERIES, INSTANCE, 2, window, media_type="image/png")
    picture = await rendered(world.archive, ann, request)
    assert isinstance(picture, Rendered)
    assert picture.media_type == "image/png"
    assert list(pixels_of(picture)) == [255, 128, 0, 0]


async def test_a_thumbnail_stands_for_its_study_even_if_the_first_object_is_no_image(world: ArchiveWorld) -> None:
    world.archive = replace(world.archive, pixels=WorkedHere())
    report = image(instance="1.2.1.0.1", series="1.2.1.0").partition(explicit(0x7FE00010, "OB"))[0]
    await store_image(world, report)
    ann = await world.reader(Action.VIEW)
    with pytest.raises(TranscodingFault, match="holds no image"):
        await thumbnail(world.archive, ann, STUDY)
    await store_image(world, image(b"aaaa"))
    for series, instance, frame in (
        (None, None, None),
        (SERIES, None, None),
        (SERIES, INSTANCE, None),
        (SERIES, INSTANCE, 1),
    ):
        picture = await thumbnail(world.archive, ann, STUDY, series, instance, frame, (16, 8))
        assert isinstance(picture, Rendered)
        with Image.open(io.BytesIO(picture.picture)) as opened:
            assert opened.size == (8, 8)


def pixels_of(picture: Rendered) -> bytes:
    with Image.open(io.BytesIO(picture.picture)) as opened:
        return opened.tobytes()


async def test_a_large_frame_is_read_while_it_leaves(world: ArchiveWorld) -> None:
    side = 2048
    values = [bytes([number]) * side * side for number in (7, 8)]
    await store_image(world, image(*values, rows=side, columns=side))
    ann = await world.reader(Action.VIEW)
    found = await frames(world.archive, ann, STUDY, SERIES, INSTANCE, [2])
    assert isinstance(found, Frames)
    [part] = [part async for part in found.parts(decoded=True)]
    assert (part.length, part.whole) == (side * side, None)
    pieces = [piece async for piece in part.pieces]
    assert b"".join(pieces) == values[1]
    assert max(map(len, pieces)) <= MIB
    await world.archive.gate.close()
    [closed] = world.ledger.of(Event.EPISODE_CLOSED)
    assert closed.counts == {"instances": 1, "bytes": side * side}


async def test_a_permission_withdrawn_meanwhile_ends_the_frames(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_image(world, image(b"aaaa", b"bbbb"))
    ann = await world.reader(Action.VIEW)
    found = await frames(world.archive, ann, STUDY, SERIES, INSTANCE, [1, 2])
    assert isinstance(found, Frames)
    parts = found.parts(decoded=True)
    assert (await anext(parts)).whole == b"aaaa"
    [grant] = await world.registry.grants()
    await world.registry.revoke_grant(grant.id)
    monkeypatch.setattr(viewing, "_JUDGED_FOR", -1.0)
    with pytest.raises(NoLongerGiven):
        await anext(parts)
