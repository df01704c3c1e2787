"""A second reader of volume files, written from docs/formats/journal.md alone: shares no code with the product."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpers import tink_oracle

BLOCK = 4096


@dataclass(frozen=True)
class OracleRecord:
    """One record as the oracle sees it."""

    offset: int
    length: int
    batch_offset: int
    object_id: bytes
    key_id: bytes
    dataset_offset: int
    plaintext: bytes


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def _digest(fields: bytes, person: bytes) -> bytes:
    return blake2b(fields, digest_size=16, person=person).digest()


def read_volume(path: Path, secrets: dict[bytes, bytes]) -> list[OracleRecord]:
    """All records of a sealed volume, decrypted by Tink. AssertionError at the first byte that is not as specified."""
    raw = path.read_bytes()
    assert len(raw) % BLOCK == 0
    number = int(path.name.removesuffix(".volume"))
    first = b"LGVOLUME" + (1).to_bytes(2, "big") + bytes(6) + number.to_bytes(8, "big")
    assert raw[:BLOCK] == (first + _digest(first, b"leadglass volume")).ljust(BLOCK, b"\0")
    seal = raw[-BLOCK:]
    assert seal == (seal[:32] + _digest(seal[:32], b"leadglass volume")).ljust(BLOCK, b"\0")
    assert seal[:8] == b"LGSEALED"
    assert (_number(seal[8:16]), _number(seal[16:24])) == (number, len(raw) - BLOCK)
    records = _records(raw[:-BLOCK], secrets)
    assert len(records) == _number(seal[24:32])
    return records


def _records(raw: bytes, secrets: dict[bytes, bytes]) -> list[OracleRecord]:
    records, position = [], BLOCK
    while position < len(raw):
        if raw[position : position + 4] == bytes(4):
            following = (position // BLOCK + 1) * BLOCK
            assert raw[position:following] == bytes(following - position)
            assert position % BLOCK, "a batch never begins with zeros"
            position = following
            continue
        records.append(_record(raw, position, secrets))
        position += records[-1].length
    return records


def _record(raw: bytes, at: int, secrets: dict[bytes, bytes]) -> OracleRecord:
    header = raw[at : at + 160]
    assert header[:6] == b"LGOB\x00\x01"
    assert header[132:144] == bytes(12)
    assert header[144:] == _digest(header[:144], b"leadglass record")
    header_length, length, batch = _number(header[6:8]), _number(header[8:16]), _number(header[16:24])
    plaintext_length, dataset_offset = _number(header[24:32]), _number(header[32:40])
    object_id, key_id = header[40:56], header[56:72]
    object_key = AESGCM(secrets[key_id]).decrypt(header[72:84], header[84:132], header[24:72])
    segments = 1 + max(0, -(-(plaintext_length - (2**20 - 56)) // (2**20 - 16)))
    stream_length = 40 + plaintext_length + 16 * segments
    stream_end = at + header_length + stream_length
    assert length % 16 == 0
    assert raw[stream_end : at + length - 16] == bytes(at + length - 16 - stream_end)
    assert at + length - 16 - stream_end < 16
    assert raw[at + length - 16 : at + length] == header[144:]
    plaintext = tink_oracle.decrypt(object_key, object_id, raw[at + header_length : stream_end])
    assert len(plaintext) == plaintext_length
    return OracleRecord(at, length, batch, object_id, key_id, dataset_offset, plaintext)
