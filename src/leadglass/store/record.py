"""The record: a header in clear that recovery can read without any key, the encrypted object, and a trailer.

docs/formats/journal.md is the specification. In short, all numbers big endian:

    0    4  magic "LGOB"            40  16  object id
    4    2  version (1)             56  16  key id, naming the study key
    6    2  header length           72  12  nonce   } the object key, wrapped by the study key (AES-256-GCM),
    8    8  record length           84  48  wrapped } associated data = bytes 24 to 72
    16   8  batch offset            132 12  zero
    24   8  plaintext length        144 16  BLAKE2b-128 of bytes 0 to 144
    32   8  data set offset

The stream follows at `header length`; then zeros up to a multiple of 16; then the 16 bytes of the digest again.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag

from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.objects import stream_length
from leadglass.terms.errors import IntegrityFault, LocalViolation

__all__ = ["ALIGNMENT", "HEADER", "MAGIC", "TRAILER", "NewRecord", "RecordHeader", "parse_header", "record_length"]

MAGIC: Final = b"LGOB"
HEADER: Final = 160
TRAILER: Final = 16
ALIGNMENT: Final = 16
"""Records begin at multiples of this, and trailers with them: a trailer never straddles two disk sectors."""
_VERSION: Final = 1
_FIELDS = struct.Struct(">4sHHQQQQ16s16s12s48s12x")
_BOUND = slice(24, 72)
_NONCE: Final = 12


def _digest(fields: bytes) -> bytes:
    return blake2b(fields, digest_size=TRAILER, person=b"leadglass record").digest()


def record_length(plaintext_length: int, header_length: int = HEADER) -> int:
    """Bytes of the record of an object of `plaintext_length`: header, stream, padding and trailer."""
    body = header_length + stream_length(plaintext_length)
    return body + -body % ALIGNMENT + TRAILER


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """The fields of a header whose digest holds. The wrapped object key is opaque until `unwrap`."""

    header_length: int
    record_length: int
    batch_offset: int
    plaintext_length: int
    dataset_offset: int
    object_id: bytes
    key_id: bytes
    bound: bytes
    nonce: bytes
    wrapped: bytes
    digest: bytes

    def location(self, volume: int, offset: int) -> Location:
        """This record as the index keeps it."""
        return Location(
            volume,
            offset,
            self.record_length,
            self.object_id,
            self.key_id,
            self.plaintext_length,
            self.dataset_offset,
        )

    def unwrap(self, key: StudyKey, where: str) -> bytes:
        """The object key. IntegrityFault if the fields or the wrapping were altered since they were written."""
        if key.key_id != self.key_id:
            raise LocalViolation(f"{where}: asked to open it with another study's key")
        try:
            return key.cipher.decrypt(self.nonce, self.wrapped, self.bound)
        except InvalidTag:
            raise IntegrityFault(f"{where}: the record header fails its authentication tag") from None


def parse_header(raw: bytes | memoryview) -> RecordHeader | None:
    """The header in the first bytes of `raw`, or None if there is none that holds."""
    if len(raw) < HEADER or raw[:4] != MAGIC:
        return None
    fields = bytes(raw[: _FIELDS.size])
    digest = bytes(raw[_FIELDS.size : HEADER])
    if _digest(fields) != digest:
        return None
    _, version, header_length, length, batch, plaintext, dataset, object_id, key_id, nonce, wrapped = _FIELDS.unpack(
        fields
    )
    if version != _VERSION or header_length < HEADER or length != record_length(plaintext, header_length):
        return None
    return RecordHeader(
        header_length, length, batch, plaintext, dataset, object_id, key_id, fields[_BOUND], nonce, wrapped, digest
    )


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record about to be written: its object id and object key are drawn here, and the key is forgotten with it."""

    object_id: bytes
    object_key: bytes

    @classmethod
    def draw(cls) -> NewRecord:
        """A new id and a new object key from the system's random source."""
        fresh = os.urandom(48)
        return cls(fresh[:16], fresh[16:])

    def header(
        self,
        key: StudyKey,
        *,
        plaintext_length: int,
        dataset_offset: int,
        batch_offset: int,
        header_length: int = HEADER,
    ) -> bytes:
        """The 160 bytes of the header, the last 16 of which are the trailer too."""
        length = record_length(plaintext_length, header_length)
        bound = struct.pack(">QQ16s16s", plaintext_length, dataset_offset, self.object_id, key.key_id)
        nonce = os.urandom(_NONCE)
        fields = _FIELDS.pack(
            MAGIC,
            _VERSION,
            header_length,
            length,
            batch_offset,
            plaintext_length,
            dataset_offset,
            self.object_id,
            key.key_id,
            nonce,
            key.cipher.encrypt(nonce, self.object_key, bound),
        )
        return fields + _digest(fields)
