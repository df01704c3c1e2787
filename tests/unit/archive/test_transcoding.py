"""The transcoding worker: what it turns, and that nothing an image does to it reaches the archive."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import resource
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from helpers.samples import all_samples, deflate_bomb, part10, quietly_read
from leadglass.archive.transcoding import Transcoder, TranscodingFault, TranscodingLimits
from leadglass.dicom.part10 import split
from leadglass.dicom.transcoding import transcode_file
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.terms.ceilings import MIB


def sample(name: str) -> bytes:
    return next(one for one in all_samples() if one.name.endswith(f"/{name}")).data()


@pytest.fixture(scope="module")
async def transcoder() -> AsyncIterator[Transcoder]:
    transcoder = Transcoder()
    yield transcoder
    await transcoder.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_compressed_image_is_turned_and_equals_its_pixels(transcoder: Transcoder) -> None:
    original = sample("SC_rgb_rle.dcm")
    turned = await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    meta = original[: split(original).dataset_offset].replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0")
    assert (quietly_read(meta + turned).pixel_array == quietly_read(original).pixel_array).all()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_cannot_be_turned_is_said_and_the_worker_lives_on(transcoder: Transcoder) -> None:
    with pytest.raises(TranscodingFault):
        await transcoder.transcode(b"this is no file at all", EXPLICIT_VR_LITTLE_ENDIAN)
    broken = bytearray(sample("JPEG2000.dcm"))
    broken[-4000:-100] = bytes(3900)
    with pytest.raises(TranscodingFault) as refused:
        await transcoder.transcode(bytes(broken[:-5000]), EXPLICIT_VR_LITTLE_ENDIAN)
    assert "turned" in str(refused.value)
    assert await transcoder.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_worker_that_dies_is_replaced(transcoder: Transcoder) -> None:
    await transcoder.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)
    assert transcoder._worker is not None
    transcoder._worker.kill()
    await transcoder._worker.wait()
    assert await transcoder.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.asyncio(loop_scope="module")
async def test_one_that_takes_too_long_is_ended(transcoder: Transcoder, monkeypatch: pytest.MonkeyPatch) -> None:
    await transcoder.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)
    monkeypatch.setattr(transcoder, "_limits", TranscodingLimits(seconds=0.0))
    with pytest.raises(TranscodingFault, match="longer"):
        await transcoder.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)
    assert transcoder._worker is None


@contextlib.contextmanager
def at_rest(transcoder: Transcoder) -> Iterator[int]:
    """The worker takes no step until the block ends, as one that is busy with a hard image."""
    assert transcoder._worker is not None
    pid = transcoder._worker.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cancelled_turn_does_not_answer_the_next_one(transcoder: Transcoder) -> None:
    first, second = sample("SC_rgb_rle.dcm"), sample("MR_small_RLE.dcm")
    expected = transcode_file(second, EXPLICIT_VR_LITTLE_ENDIAN)
    await transcoder.transcode(first, EXPLICIT_VR_LITTLE_ENDIAN)
    with at_rest(transcoder):
        turning = asyncio.create_task(transcoder.transcode(first, EXPLICIT_VR_LITTLE_ENDIAN))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(transcoder.transcode(second, EXPLICIT_VR_LITTLE_ENDIAN))
        await asyncio.sleep(0)
        turning.cancel()
        assert await waiting == expected
    with pytest.raises(asyncio.CancelledError):
        await turning


async def test_cancelled_while_the_worker_starts_does_not_answer_the_next_one() -> None:
    """The word that a worker is ready must not be taken for an (empty) data set."""
    transcoder = Transcoder()
    original = sample("MR_small_RLE.dcm")
    starting = asyncio.create_task(transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN))
    while transcoder._worker is None:  # noqa: ASYNC110 - nobody is told when
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    turned = await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    assert turned == transcode_file(original, EXPLICIT_VR_LITTLE_ENDIAN)
    await transcoder.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_worker_killed_at_work_is_a_fault_and_the_next_one_works(transcoder: Transcoder) -> None:
    original = sample("SC_rgb_rle.dcm")
    await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    with at_rest(transcoder) as pid:
        turning = asyncio.create_task(transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(TranscodingFault, match="worker ended"):
            await turning
    assert await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.asyncio(loop_scope="module")
async def test_one_that_does_not_come_to_an_end_is_ended(
    transcoder: Transcoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = sample("SC_rgb_rle.dcm")
    await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    monkeypatch.setattr(transcoder, "_limits", TranscodingLimits(seconds=0.2))
    with at_rest(transcoder) as pid, pytest.raises(TranscodingFault, match=r"longer than 0\.2 s"):
        await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    monkeypatch.undo()
    assert await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    assert transcoder._worker is not None
    assert transcoder._worker.pid != pid


def claiming(**claims: int) -> bytes:
    """A small compressed file that says it is something else."""
    data_set = quietly_read(sample("SC_rgb_rle.dcm"))
    for keyword, value in claims.items():
        setattr(data_set, keyword, value)
    buffer = io.BytesIO()
    data_set.save_as(buffer)
    return buffer.getvalue()


HOSTILE = {
    "of enormous size": claiming(Rows=65535, Columns=65535, NumberOfFrames=1000),
    "with more frames than it has": claiming(NumberOfFrames=2_000_000_000),
    "without rows": claiming(Rows=0),
    "with impossible bits": claiming(BitsAllocated=64, BitsStored=64, HighBit=63),
    "deflated a thousandfold": part10(deflate_bomb(1 << 30), "1.2.840.10008.1.2.1.99"),
}


@pytest.fixture(scope="module")
async def confined() -> AsyncIterator[Transcoder]:
    """With a worker that has room for ordinary images only."""
    transcoder = Transcoder(TranscodingLimits(address_space=768 * MIB))
    yield transcoder
    await transcoder.close()


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_hostile_image_costs_the_worker_at_most(confined: Transcoder, name: str) -> None:
    """What it says must not leave the worker's ceilings, and the next image is turned as ever."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TranscodingFault):
        await confined.transcode(HOSTILE[name], EXPLICIT_VR_LITTLE_ENDIAN)
    assert await confined.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


async def test_what_becomes_too_large_is_not_taken_back() -> None:
    original = sample("SC_rgb_rle.dcm")
    turned = transcode_file(original, EXPLICIT_VR_LITTLE_ENDIAN)
    assert len(turned) > len(original)
    transcoder = Transcoder(TranscodingLimits(largest=len(turned) - 1))
    with pytest.raises(TranscodingFault, match="too large"):
        await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    await transcoder.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_codecs_print_is_no_answer(transcoder: Transcoder) -> None:
    """OpenJPEG complains on standard output about this file."""
    complained = sample("JPEG2000-embedded-sequence-delimiter.dcm")
    with contextlib.suppress(TranscodingFault):
        await transcoder.transcode(complained, EXPLICIT_VR_LITTLE_ENDIAN)
    original = sample("SC_rgb_rle.dcm")
    turned = await transcoder.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    assert turned == transcode_file(original, EXPLICIT_VR_LITTLE_ENDIAN)


async def test_a_file_that_is_too_large_is_not_even_tried() -> None:
    transcoder = Transcoder(TranscodingLimits(largest=10))
    with pytest.raises(TranscodingFault, match="too large"):
        await transcoder.transcode(bytes(11), EXPLICIT_VR_LITTLE_ENDIAN)
    assert transcoder._worker is None


async def test_a_worker_without_room_to_live_is_a_fault_not_a_crash() -> None:
    transcoder = Transcoder(TranscodingLimits(address_space=16 * MIB))
    with pytest.raises(TranscodingFault, match="start"):
        await transcoder.transcode(b"x", EXPLICIT_VR_LITTLE_ENDIAN)
    await transcoder.close()


def test_the_table_of_what_can_be_turned_is_asked_without_a_worker() -> None:
    assert Transcoder().can_turn("1.2.840.10008.1.2.5", EXPLICIT_VR_LITTLE_ENDIAN)
    assert not Transcoder().can_turn("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50")
