"""The objects' encryption against Tink, in both directions, and against everything that may be done to a stream."""

import os
from itertools import pairwise

import pytest
import tink
from hypothesis import given
from hypothesis import strategies as st

from helpers import tink_oracle
from helpers.objects_in import content
from leadglass.store import objects
from leadglass.store.objects import ObjectOpener, ObjectSealer, Segment, segments_of, stream_length
from leadglass.terms.errors import IntegrityFault

KEY, OBJECT_ID = bytes(range(32)), b"object id 16 byt"
FIRST, NEXT = objects.FIRST_SEGMENT, objects.NEXT_SEGMENT
BORDERS = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT, FIRST + NEXT + 1, FIRST + 3 * NEXT + 77]


def seal(plaintext: bytes) -> bytes:
    sealer = ObjectSealer(KEY, OBJECT_ID)
    out = bytearray(stream_length(len(plaintext)))
    out[:40] = sealer.header
    view = memoryview(plaintext)
    for s in segments_of(len(plaintext)):
        part = view[s.start : s.start + s.length]
        assert sealer.seal(s.number, s.is_last, part, memoryview(out)[s.stream_start :]) == s.stream_length
    return bytes(out)


def unseal(stream: bytes, segments: list[Segment]) -> bytes:
    opener = ObjectOpener(KEY, OBJECT_ID, stream[:40], "here")
    parts = []
    for s in segments:
        out = bytearray(s.length)
        opener.open(s, memoryview(stream)[s.stream_start : s.stream_start + s.stream_length], memoryview(out))
        parts.append(bytes(out))
    return b"".join(parts)


@pytest.mark.parametrize("size", BORDERS)
def test_tink_reads_what_we_write(size: int) -> None:
    plaintext = content(size)
    assert tink_oracle.decrypt(KEY, OBJECT_ID, seal(plaintext)) == plaintext


@pytest.mark.parametrize("size", BORDERS)
def test_we_read_what_tink_writes(size: int) -> None:
    plaintext = content(size)
    stream = tink_oracle.encrypt(KEY, OBJECT_ID, plaintext)
    assert len(stream) == stream_length(size)
    assert unseal(stream, list(segments_of(size))) == plaintext


def test_tink_refuses_another_object_id() -> None:
    with pytest.raises(tink.TinkError):
        tink_oracle.decrypt(KEY, b"another id 16 by", seal(b"hello"))


@given(st.data())
def test_segments_cover_any_range_and_no_more(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 5 * objects.SEGMENT))
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    segments = list(segments_of(size, start, end))
    assert segments[0].start <= start < segments[0].start + segments[0].length
    assert segments[-1].start < end <= segments[-1].start + segments[-1].length
    for before, after in pairwise(segments):
        assert before.start + before.length == after.start
        assert before.stream_start + before.stream_length == after.stream_start
    assert [s.number for s in segments if s.is_last] == ([segments[-1].number] if segments[-1].is_last else [])
    assert segments[-1].is_last == (segments[-1].start + segments[-1].length == size)


def test_every_flipped_byte_is_found() -> None:
    stream = seal(b"forty-two bytes of something that matters!")
    for at in range(len(stream)):
        broken = bytearray(stream)
        broken[at] ^= 1
        with pytest.raises(IntegrityFault, match="here"):
            unseal(bytes(broken), list(segments_of(42)))


def test_a_stream_cannot_be_cut_at_a_segment_border() -> None:
    stream = seal(content(FIRST + NEXT))
    with pytest.raises(IntegrityFault, match="segment 0 fails"):
        unseal(stream[: objects.SEGMENT], list(segments_of(FIRST)))


def test_segments_cannot_change_places() -> None:
    plaintext = content(FIRST + 3 * NEXT)
    stream = seal(plaintext)
    one, two = stream[2**20 : 2 * 2**20], stream[2 * 2**20 : 3 * 2**20]
    swapped = stream[: 2**20] + two + one + stream[3 * 2**20 :]
    with pytest.raises(IntegrityFault, match="segment 1 fails"):
        unseal(swapped, list(segments_of(len(plaintext))))


def test_bytes_and_buffer_say_the_same() -> None:
    plaintext = os.urandom(1000)
    stream = seal(plaintext)
    (segment,) = segments_of(1000)
    opener = ObjectOpener(KEY, OBJECT_ID, stream[:40], "here")
    assert opener.open_to_bytes(segment, memoryview(stream)[40:]) == plaintext
    with pytest.raises(IntegrityFault):
        opener.open_to_bytes(segment, memoryview(stream)[40:-1])


def test_two_sealings_differ() -> None:
    assert seal(b"same")[40:] != seal(b"same")[40:]
