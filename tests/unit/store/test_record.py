"""The record header: exact bytes, total parsing, and what binds it to the study's key."""

import pytest

from helpers.objects_in import content
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.record import HEADER, NewRecord, RecordHeader, parse_header, record_length
from leadglass.terms.errors import IntegrityFault, LocalViolation

KEY = StudyKey(b"K" * 16, b"s" * 32)


def made() -> tuple[NewRecord, bytes]:
    record = NewRecord.draw()
    return record, record.header(KEY, plaintext_length=1000, dataset_offset=400, batch_offset=8192)


def parsed(raw: bytes) -> RecordHeader:
    header = parse_header(raw)
    assert header is not None
    return header


def test_header_says_what_was_put_in() -> None:
    record, raw = made()
    header = parsed(raw)
    assert len(raw) == HEADER
    assert header.location(7, 8192) == Location(7, 8192, 1232, record.object_id, KEY.key_id, 1000, 400)
    assert header.batch_offset == 8192
    assert header.unwrap(KEY, "here") == record.object_key


def test_record_length_is_header_stream_padding_and_trailer() -> None:
    assert record_length(1000) == 160 + 40 + 1000 + 16 + 0 + 16
    assert record_length(1001) == 160 + 40 + 1001 + 16 + 15 + 16
    assert record_length(0, 4096) == 4096 + 40 + 0 + 16 + 8 + 16


def test_every_flipped_bit_is_found_without_a_key() -> None:
    _, raw = made()
    for at in range(HEADER * 8):
        broken = bytearray(raw)
        broken[at // 8] ^= 1 << at % 8
        assert parse_header(broken) is None


@pytest.mark.parametrize("size", [0, 3, HEADER - 1])
def test_a_short_header_is_none(size: int) -> None:
    assert parse_header(made()[1][:size]) is None


def test_noise_is_no_header() -> None:
    assert parse_header(b"LGOB" + content(HEADER)) is None


def test_a_header_of_another_version_or_shape_is_none() -> None:
    from hashlib import blake2b

    _, raw = made()
    for at, value in ((5, 2), (7, 159), (15, raw[15] ^ 16)):  # version, header length, record length
        other = bytearray(raw)
        other[at] = value
        other[144:] = blake2b(other[:144], digest_size=16, person=b"leadglass record").digest()
        assert parse_header(other) is None


def test_fields_are_bound_to_the_key_even_if_the_digest_is_made_to_fit() -> None:
    from hashlib import blake2b

    _, raw = made()
    forged = bytearray(raw)
    forged[39] ^= 1  # the data set's offset
    forged[144:] = blake2b(forged[:144], digest_size=16, person=b"leadglass record").digest()
    with pytest.raises(IntegrityFault, match="here: the record header fails"):
        parsed(bytes(forged)).unwrap(KEY, "here")


def test_another_studys_key_is_our_own_mistake() -> None:
    with pytest.raises(LocalViolation):
        parsed(made()[1]).unwrap(StudyKey.generate(), "here")


def test_the_key_id_alone_does_not_open_it() -> None:
    with pytest.raises(IntegrityFault):
        parsed(made()[1]).unwrap(StudyKey(KEY.key_id, b"x" * 32), "here")
