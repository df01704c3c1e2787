"""The workers: what they turn and draw, and that nothing an image does to one reaches the archive or the others."""

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
from leadglass.archive.pixels import PixelLimits, PixelWorkers, TranscodingFault
from leadglass.dicom.drawing import Drawing
from leadglass.dicom.part10 import split
from leadglass.dicom.rendering import render_frame
from leadglass.dicom.transcoding import transcode_file
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.terms.ceilings import MIB

ONE = PixelLimits(workers=1)
TWO = PixelLimits(workers=2)
EXPLICIT = EXPLICIT_VR_LITTLE_ENDIAN


def sample(name: str) -> bytes:
    return next(one for one in all_samples() if one.name.endswith(f"/{name}")).data()


@pytest.fixture(scope="module")
async def workers() -> AsyncIterator[PixelWorkers]:
    workers = PixelWorkers(ONE)
    yield workers
    await workers.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_compressed_image_is_turned_and_equals_its_pixels(workers: PixelWorkers) -> None:
    original = sample("SC_rgb_rle.dcm")
    turned = await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    meta = original[: split(original).dataset_offset].replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0")
    assert (quietly_read(meta + turned).pixel_array == quietly_read(original).pixel_array).all()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_cannot_be_turned_is_said_and_the_worker_lives_on(workers: PixelWorkers) -> None:
    with pytest.raises(TranscodingFault):
        await workers.transcode(b"this is no file at all", EXPLICIT_VR_LITTLE_ENDIAN)
    broken = bytearray(sample("JPEG2000.dcm"))
    broken[-4000:-100] = bytes(3900)
    with pytest.raises(TranscodingFault) as refused:
        await workers.transcode(bytes(broken[:-5000]), EXPLICIT_VR_LITTLE_ENDIAN)
    assert "turned" in str(refused.value)
    assert await workers.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_worker_that_dies_is_replaced(workers: PixelWorkers) -> None:
    await workers.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)
    [pid] = workers.pids
    os.kill(pid, signal.SIGKILL)
    while workers.pids:  # noqa: ASYNC110 - the loop is told by the kernel, and nobody else
        await asyncio.sleep(0.01)
    assert await workers.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.asyncio(loop_scope="module")
async def test_one_that_takes_too_long_is_ended(workers: PixelWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    await workers.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)
    monkeypatch.setattr(workers, "_limits", PixelLimits(seconds=0.0))
    with pytest.raises(TranscodingFault, match="longer"):
        await workers.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)
    assert not workers.pids


@contextlib.contextmanager
def at_rest(workers: PixelWorkers) -> Iterator[int]:
    """The one worker there is takes no step until the block ends, as one that is busy with a hard image."""
    [pid] = workers.pids
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cancelled_turn_does_not_answer_the_next_one(workers: PixelWorkers) -> None:
    first, second = sample("SC_rgb_rle.dcm"), sample("MR_small_RLE.dcm")
    expected = transcode_file(second, EXPLICIT_VR_LITTLE_ENDIAN)
    await workers.transcode(first, EXPLICIT_VR_LITTLE_ENDIAN)
    with at_rest(workers):
        turning = asyncio.create_task(workers.transcode(first, EXPLICIT_VR_LITTLE_ENDIAN))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(workers.transcode(second, EXPLICIT_VR_LITTLE_ENDIAN))
        await asyncio.sleep(0)
        turning.cancel()
        assert await waiting == expected
    with pytest.raises(asyncio.CancelledError):
        await turning


async def test_cancelled_while_the_worker_starts_does_not_answer_the_next_one() -> None:
    """The word that a worker is ready must not be taken for an (empty) data set."""
    workers = PixelWorkers()
    original = sample("MR_small_RLE.dcm")
    starting = asyncio.create_task(workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN))
    while not workers.pids:  # noqa: ASYNC110 - nobody is told when
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    turned = await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    assert turned == transcode_file(original, EXPLICIT_VR_LITTLE_ENDIAN)
    await workers.close()


async def test_while_one_worker_is_held_up_another_one_works() -> None:
    workers = PixelWorkers(TWO)
    original = sample("SC_rgb_rle.dcm")
    await workers.transcode(original, EXPLICIT)
    with at_rest(workers) as pid:
        held_up = asyncio.create_task(workers.transcode(original, EXPLICIT))
        await asyncio.sleep(0)
        assert await workers.transcode(original, EXPLICIT) == transcode_file(original, EXPLICIT)
        assert not held_up.done()
        assert len(workers.pids) == 2
        assert pid in workers.pids
    assert await held_up == transcode_file(original, EXPLICIT)
    await workers.close()
    assert not workers.pids


async def test_a_worker_is_started_only_when_the_others_are_busy() -> None:
    workers = PixelWorkers(TWO)
    for _ in range(3):
        await workers.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT)
    assert len(workers.pids) == 1
    await workers.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_one_image_too_many_is_refused_at_once(workers: PixelWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    original = sample("SC_rgb_rle.dcm")
    await workers.transcode(original, EXPLICIT)
    monkeypatch.setattr(workers, "_limits", PixelLimits(workers=1, waiting=1))
    with at_rest(workers):
        tasks = [asyncio.create_task(workers.transcode(original, EXPLICIT)) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(TranscodingFault, match="wait already"):
            await workers.transcode(original, EXPLICIT)
    assert await asyncio.gather(*tasks)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_worker_has_nothing_of_the_archive_and_can_reach_nothing(workers: PixelWorkers) -> None:
    await workers.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT)
    [pid] = workers.pids
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_NPROC) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_FSIZE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_AS) == (ONE.address_space, ONE.address_space)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_frame_is_drawn_and_decoded(workers: PixelWorkers) -> None:
    original = sample("CT_small.dcm")
    assert await workers.render(original, Drawing("image/png")) == render_frame(original, Drawing("image/png"))
    assert await workers.decode(original) == quietly_read(original).PixelData


@pytest.mark.asyncio(loop_scope="module")
async def test_what_has_no_picture_is_said_in_words(workers: PixelWorkers) -> None:
    with pytest.raises(TranscodingFault, match="holds no image"):
        await workers.render(sample("reportsi.dcm"), Drawing())


@pytest.mark.asyncio(loop_scope="module")
async def test_a_worker_killed_at_work_is_a_fault_and_the_next_one_works(workers: PixelWorkers) -> None:
    original = sample("SC_rgb_rle.dcm")
    await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    with at_rest(workers) as pid:
        turning = asyncio.create_task(workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(TranscodingFault, match="worker ended"):
            await turning
    assert await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.asyncio(loop_scope="module")
async def test_one_that_does_not_come_to_an_end_is_ended(
    workers: PixelWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = sample("SC_rgb_rle.dcm")
    await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    monkeypatch.setattr(workers, "_limits", PixelLimits(seconds=0.2))
    with at_rest(workers) as pid, pytest.raises(TranscodingFault, match=r"longer than 0\.2 s"):
        await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    monkeypatch.undo()
    assert await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    assert workers.pids != [pid]


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
async def confined() -> AsyncIterator[PixelWorkers]:
    """With a worker that has room for ordinary images only."""
    workers = PixelWorkers(PixelLimits(address_space=768 * MIB))
    yield workers
    await workers.close()


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_hostile_image_costs_the_worker_at_most(confined: PixelWorkers, name: str) -> None:
    """What it says must not leave the worker's ceilings, and the next image is turned as ever."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TranscodingFault):
        await confined.transcode(HOSTILE[name], EXPLICIT_VR_LITTLE_ENDIAN)
    assert await confined.transcode(sample("SC_rgb_rle.dcm"), EXPLICIT_VR_LITTLE_ENDIAN)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


@pytest.mark.parametrize("name", ["of enormous size", "without rows", "with impossible bits"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_hostile_image_is_not_drawn_and_the_next_one_is(confined: PixelWorkers, name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for asked in (confined.decode(HOSTILE[name]), confined.render(HOSTILE[name], Drawing())):
        with pytest.raises(TranscodingFault):
            await asked
    assert await confined.render(sample("SC_rgb_rle.dcm"), Drawing())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


@pytest.mark.asyncio(loop_scope="module")
async def test_a_picture_that_becomes_too_large_is_not_taken_back(
    workers: PixelWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_limits", PixelLimits(largest_picture=100))
    with pytest.raises(TranscodingFault, match="too large"):
        await workers.render(sample("CT_small.dcm"), Drawing())


async def test_what_becomes_too_large_is_not_taken_back() -> None:
    original = sample("SC_rgb_rle.dcm")
    turned = transcode_file(original, EXPLICIT_VR_LITTLE_ENDIAN)
    assert len(turned) > len(original)
    workers = PixelWorkers(PixelLimits(largest=len(turned) - 1))
    with pytest.raises(TranscodingFault, match="too large"):
        await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    await workers.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_codecs_print_is_no_answer(workers: PixelWorkers) -> None:
    """OpenJPEG complains on standard output about this file."""
    complained = sample("JPEG2000-embedded-sequence-delimiter.dcm")
    with contextlib.suppress(TranscodingFault):
        await workers.transcode(complained, EXPLICIT_VR_LITTLE_ENDIAN)
    original = sample("SC_rgb_rle.dcm")
    turned = await workers.transcode(original, EXPLICIT_VR_LITTLE_ENDIAN)
    assert turned == transcode_file(original, EXPLICIT_VR_LITTLE_ENDIAN)


async def test_a_file_that_is_too_large_is_not_even_tried() -> None:
    workers = PixelWorkers(PixelLimits(largest=10))
    with pytest.raises(TranscodingFault, match="too large"):
        await workers.transcode(bytes(11), EXPLICIT_VR_LITTLE_ENDIAN)
    assert not workers.pids


async def test_a_worker_without_room_to_live_is_a_fault_not_a_crash() -> None:
    workers = PixelWorkers(PixelLimits(address_space=16 * MIB))
    with pytest.raises(TranscodingFault, match="start"):
        await workers.transcode(b"x", EXPLICIT_VR_LITTLE_ENDIAN)
    await workers.close()


def test_the_table_of_what_can_be_turned_is_asked_without_a_worker() -> None:
    assert PixelWorkers().can_turn("1.2.840.10008.1.2.5", EXPLICIT_VR_LITTLE_ENDIAN)
    assert not PixelWorkers().can_turn("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50")
