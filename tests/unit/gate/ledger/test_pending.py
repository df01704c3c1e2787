"""Frames: whole ones are read, unfinished ones are told from damaged ones."""

from __future__ import annotations

import io
from pathlib import Path

from helpers.ledgers import Clock, entry
from leadglass.gate.ledger import SigningKey
from leadglass.gate.ledger.checkpoint import Checkpoint, sign_checkpoint
from leadglass.gate.ledger.entry import encode_entry, number
from leadglass.gate.ledger.pending import HEADER, Damaged, Frame, Torn, check_frame, encode_frame, frames, segments
from leadglass.gate.ledger.tree import RightEdge, leaf_hash

KEY = SigningKey.generate("example.com/ledger")


def framed(count: int, first: int = 0) -> bytes:
    clock, edge = Clock(), RightEdge()
    entries = [number(encode_entry(entry(n, clock)), n) for n in range(first + count)]
    for data in entries:
        edge.add(leaf_hash(data))
    return encode_frame(first, entries[first:], sign_checkpoint(KEY, edge.size, edge.root).note)


def read(data: bytes) -> list[Frame | Torn | Damaged]:
    return list(frames(io.BytesIO(data)))


ONE, TWO = framed(3), framed(4, 3)


def test_frames_follow_one_another() -> None:
    first, second = read(ONE + TWO)
    assert isinstance(first, Frame)
    assert isinstance(second, Frame)
    assert (first.first, first.end, second.first, second.end, second.offset) == (0, 3, 3, 7, len(ONE))
    edge = RightEdge()
    assert isinstance(check_frame(first, edge, KEY.verifier), Checkpoint)
    assert isinstance(check_frame(second, edge, KEY.verifier), Checkpoint)


def test_every_truncation_is_an_unfinished_write() -> None:
    for end in range(1, len(TWO)):
        assert read(ONE + TWO[:end])[1:] == [Torn(len(ONE), end)]


def test_every_changed_head_is_damage() -> None:
    for at in range(HEADER):
        for bit in range(8):
            changed = bytearray(TWO)
            changed[at] ^= 1 << bit
            assert isinstance(read(ONE + bytes(changed))[1], Damaged)
            assert isinstance(read(bytes(changed) + ONE)[0], Damaged)


def test_every_changed_byte_of_the_body_is_noticed() -> None:
    for at in range(HEADER, len(ONE)):
        changed = bytearray(ONE)
        changed[at] ^= 1
        (item,) = read(bytes(changed))
        assert isinstance(item, Damaged) or isinstance(check_frame(item, RightEdge(), KEY.verifier), str)  # type: ignore[arg-type]


def test_zeros_at_the_end_are_an_unfinished_write() -> None:
    for zeros in (1, 23, 24, 4096):
        assert read(ONE + bytes(zeros))[1:] == [Torn(len(ONE), zeros)]


def test_other_bytes_at_the_end_are_damage() -> None:
    for rest in (b"x", b"LGF2", b"0" * 100):
        assert isinstance(read(ONE + rest)[1], Damaged)


def test_a_longer_frame_whose_beginning_does_not_fit_is_damage() -> None:
    data = framed(200)
    hidden = bytearray(data[:-300])
    hidden[HEADER + 2 : HEADER + 300] = b"y" * 298
    assert isinstance(read(bytes(hidden))[0], Damaged)


def test_a_frame_at_the_wrong_place_or_with_another_signature_does_not_pass() -> None:
    (frame,) = read(TWO)
    assert isinstance(frame, Frame)
    assert "where entry 0 belongs" in str(check_frame(frame, RightEdge(), KEY.verifier))
    (frame,) = read(ONE)
    assert isinstance(frame, Frame)
    assert "does not hold" in str(check_frame(frame, RightEdge(), SigningKey.generate("example.com/ledger").verifier))


def test_segments_are_found_in_order_and_other_files_left_aside(tmp_path: Path) -> None:
    assert segments(tmp_path) == []
    (tmp_path / "pending").mkdir()
    for name in ("0000000000000010", "0000000000000002", "note.txt", "12"):
        (tmp_path / "pending" / name).touch()
    assert [first for first, _ in segments(tmp_path)] == [2, 10]
