"""Invariant: whatever the bytes, frames are found or refused, within the data set and in bounded steps and memory."""

from __future__ import annotations

import os
import random
import struct
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.samples import all_samples, explicit, implicit
from leadglass.dicom import fragments
from leadglass.dicom.frames import can_be_found, find_frames
from leadglass.dicom.ranges import Found, Walking
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from leadglass.terms.errors import PeerViolation

SECONDS = float(os.environ.get("LEADGLASS_FUZZ_SECONDS", "2"))
JPEG = "1.2.840.10008.1.2.4.50"
MOST_LOOKED_AT = 200


def walked(walking: Walking[Found], data: bytes) -> Found:
    """What is found; more questions than the data has bytes are too many."""
    steps = 0
    try:
        wanted = next(walking)
        while True:
            steps += 1
            assert steps <= 16 + len(data), "it does not come to an end"
            assert wanted.start >= 0
            assert wanted.length >= 0
            wanted = walking.send(data[wanted.start : wanted.start + wanted.length])
    except StopIteration as done:
        result: Found = done.value
        return result


def look(data: bytes, syntax: str) -> None:
    layout = walked(find_frames(syntax, len(data)), data)
    if layout is None:
        return
    assert layout.header_length <= len(data)
    for number in range(min(layout.frames.number, MOST_LOOKED_AT)):
        try:
            pieces = walked(layout.frames.pieces(number), data)
        except PeerViolation:
            assert layout.is_encapsulated
            continue
        assert all(0 <= start <= start + length <= len(data) for start, length in pieces)
        frame = layout.cut(number, b"".join(data[start : start + length] for start, length in pieces))
        assert layout.pixel_data(frame)


def quietly(data: bytes, syntax: str) -> bool:
    try:
        look(data, syntax)
    except PeerViolation as refused:
        return refused.answer.status in (0xC000, 0xA900)
    return True


_SHORT = st.sampled_from([0, 1, 2, 3, 255, 65535])
_LENGTH = st.sampled_from([None, 0, 1, 4, 8, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
_ITEM = st.builds(
    lambda tag, body, length: implicit(tag, body, length=length),
    st.sampled_from([0xFFFEE000, 0xFFFEE000, 0xFFFEE000, 0xFFFEE0DD, 0xFFFEE00D]),
    st.binary(max_size=12)
    | st.sampled_from([b"\xff\xd8\xff\xe0", struct.pack("<2I", 0, 10), struct.pack("<2I", 0, 12), bytes(4)]),
    _LENGTH,
)
_PIXELS = st.builds(
    lambda tag, vr, items, length: explicit(tag, vr, b"".join(items), length=length),
    st.sampled_from([0x7FE00001, 0x7FE00002, 0x7FE00008, 0x7FE00010, 0x7FE00010]),
    st.sampled_from(["OB", "OW", "OV", "UN", "US"]),
    st.lists(_ITEM, max_size=6),
    st.sampled_from([0xFFFF, 0]),
) | st.builds(lambda items: explicit(0x7FE00010, "OB", b"".join(items), length=0xFFFFFFFF), st.lists(_ITEM, max_size=8))
_DESCRIPTION = st.builds(
    lambda tag, value: explicit(tag, "US", struct.pack("<H", value)),
    st.sampled_from([0x00280002, 0x00280010, 0x00280011, 0x00280100]),
    _SHORT,
) | st.sampled_from(["1", "2", "9", "2147483647", "-1", "1A"]).map(
    lambda text: explicit(0x00280008, "IS", text.encode())
)
_DATA = st.builds(
    lambda head, tail: b"".join((*head, *tail)), st.lists(_DESCRIPTION, max_size=6), st.lists(_PIXELS, max_size=4)
)


def test_made_up_pixels_are_found_or_refused() -> None:
    deadline = time.monotonic() + SECONDS

    @settings(max_examples=int(120 * max(1.0, SECONDS)), deadline=None, suppress_health_check=list(HealthCheck))
    @given(_DATA, st.sampled_from([EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, JPEG]))
    def check(data: bytes, syntax: str) -> None:
        if time.monotonic() < deadline:
            assert quietly(data, syntax)

    check()


def _damaged(data: bytes, chance: random.Random) -> bytes:
    raw = bytearray(data)
    pixels = max(0, raw.rfind(b"\xe0\x7f\x10\x00"))
    for _ in range(chance.randint(1, 6)):
        begin = min(pixels, len(raw) - 1) if chance.random() < 0.7 else 0
        at = chance.randrange(begin, min(len(raw), begin + 80) if begin else len(raw))
        match chance.randrange(4):
            case 0:
                raw[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                raw[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", bytes(4), b"\xfe\xff\x00\xe0"))
            case 2:
                del raw[at : at + chance.randint(1, 20)]
            case _:
                raw[at:at] = raw[chance.randrange(len(raw)) :][: chance.randint(1, 60)]
    return bytes(raw)


def test_damaged_samples_are_found_or_refused() -> None:
    seed = 20201121 if SECONDS <= 2 else time.time_ns()
    chance = random.Random(seed)
    small = [s for s in all_samples() if s.path.stat().st_size < 60_000 and can_be_found(s.transfer_syntax())]
    deadline = time.monotonic() + SECONDS
    runs = 0
    while time.monotonic() < deadline or runs < 20:
        found = chance.choice(small)
        damaged = _damaged(found.data_set_bytes(), chance)
        try:
            assert quietly(damaged, found.transfer_syntax())
        except BaseException as fault:
            fault.add_note(f"seed {seed}, run {runs}, {found.name}: {damaged[:4000].hex()}")
            raise
        runs += 1


def test_endless_fragments_end_at_a_ceiling_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MAX_FRAGMENTS", 30_000)
    described = b"".join(explicit(tag, "US", struct.pack("<H", 8)) for tag in (0x00280010, 0x00280011, 0x00280100))
    data = described + explicit(0x7FE00010, "OB", implicit(0xFFFEE000) * 40_000, length=0xFFFFFFFF)
    tracemalloc.start()
    try:
        try:
            look(data, JPEG)
        except PeerViolation as refused:
            words = str(refused)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "MAX_FRAGMENTS" in words
    assert peak < 2 << 20
