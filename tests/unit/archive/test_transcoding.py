"""The transcoding worker: what it turns, and that nothing an image does to it reaches the archive."""

from __future__ import annotations

import io
import struct
from collections.abc import AsyncIterator

import pytest

from helpers.samples import all_samples, quietly_read
from leadglass.archive.transcoder_worker import FAILURE, HEADER, SUCCESS, serve
from leadglass.archive.transcoding import Transcoder, TranscodingFault, TranscodingLimits
from leadglass.dicom.part10 import split
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


def test_the_worker_speaks_in_frames_and_never_of_values() -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(HEADER.pack(EXPLICIT_VR_LITTLE_ENDIAN.encode(), 4) + b"Doe!"), answers)
    answers.seek(0)
    ready, none = HEADER.unpack(answers.read(HEADER.size))
    outcome, length = HEADER.unpack(answers.read(HEADER.size))
    assert (ready.rstrip(b"\0"), none, outcome.rstrip(b"\0")) == (SUCCESS, 0, FAILURE)
    assert b"Doe" not in answers.read(length)
    assert HEADER.size == struct.calcsize("!64sQ")


def test_the_table_of_what_can_be_turned_is_asked_without_a_worker() -> None:
    assert Transcoder().can_turn("1.2.840.10008.1.2.5", EXPLICIT_VR_LITTLE_ENDIAN)
    assert not Transcoder().can_turn("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50")
