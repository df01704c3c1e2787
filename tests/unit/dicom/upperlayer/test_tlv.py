"""Items and fields: the smallest pieces, where a lie about length is caught."""

from __future__ import annotations

import pytest

from leadglass.dicom.upperlayer.tlv import Fields, as_text, counted, item, items, text_bytes
from leadglass.terms.errors import CeilingReached, LocalViolation, PeerViolation


def test_items_are_read_as_they_are_written() -> None:
    data = item(0x10, b"abc") + item(0x20, b"") + item(0x30, bytes(65535))
    assert list(items(data, "it")) == [(0x10, b"abc"), (0x20, b""), (0x30, bytes(65535))]


@pytest.mark.parametrize("end", range(1, 7))
def test_an_item_cut_short(end: int) -> None:
    with pytest.raises(PeerViolation):
        list(items(item(0x10, b"abc")[:end], "it"))


def test_an_endless_train_of_items_ends() -> None:
    with pytest.raises(CeilingReached):
        list(items(item(0x10, b"") * 1025, "it"))


def test_values_too_long_to_be_written() -> None:
    with pytest.raises(LocalViolation):
        item(0x10, bytes(65536))
    with pytest.raises(LocalViolation):
        counted(bytes(65536))


def test_fields() -> None:
    fields = Fields(bytes.fromhex("01 0203 04050607 0002 4142 0001 00 ff"), "it")
    assert (fields.byte(), fields.short(), fields.long()) == (1, 0x0203, 0x04050607)
    assert (fields.counted(), fields.counted_text()) == (b"AB", "")
    assert fields.is_left
    with pytest.raises(PeerViolation, match="longer"):
        fields.end()
    assert fields.rest() == b"\xff"
    fields.end()
    with pytest.raises(PeerViolation, match="cut short"):
        fields.byte()


@pytest.mark.parametrize(("data", "text"), [(b"1.2\0", "1.2"), (b" 1.2 ", "1.2"), (b"\xff", "ÿ"), (b"\0\0", "")])
def test_text_is_read_without_padding_and_without_failing(data: bytes, text: str) -> None:
    assert as_text(data) == text
    assert as_text(text_bytes(text)) == text
