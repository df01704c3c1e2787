"""The encryption of one object: exactly Tink's streaming AEAD "AES256-GCM-HKDF-1MB".

    stream       header, segment 0, segment 1, …
    header       40 (its own length), salt (32), nonce prefix (7)
    stream key   HKDF-SHA256(object key, salt, info = object id), 32 bytes
    segment      AES-256-GCM, no associated data, tag (16) behind the ciphertext
    nonce        nonce prefix (7), segment number (4, big endian), 1 if it is the last segment else 0

Segments are 1 MiB on disk; the first is shorter by the header, so that the stream's segment borders are whole MiB.
A segment cannot be moved, dropped or cut off unnoticed: its number and whether it is the last are in its nonce.
https://developers.google.com/tink/wire-format
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import IntegrityFault

__all__ = [
    "FIRST_SEGMENT",
    "NEXT_SEGMENT",
    "SEGMENT",
    "STREAM_HEADER",
    "ObjectOpener",
    "ObjectSealer",
    "Segment",
    "segment_number",
    "segment_start",
    "segments_of",
    "stream_length",
]

SEGMENT: Final = 1 * MIB
STREAM_HEADER: Final = 40
_TAG: Final = 16
_SALT: Final = 32
_PREFIX: Final = 7
FIRST_SEGMENT: Final = SEGMENT - STREAM_HEADER - _TAG
"""Plaintext bytes in segment 0."""
NEXT_SEGMENT: Final = SEGMENT - _TAG
"""Plaintext bytes in every other segment; the last may hold fewer."""
_NONCE = struct.Struct(f">{_PREFIX}sIB")


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: which plaintext bytes it holds, and which bytes of the stream hold it."""

    number: int
    is_last: bool
    start: int  # in the plaintext
    length: int  # of the plaintext
    stream_start: int
    stream_length: int


def segment_number(position: int) -> int:
    """The number of the segment that holds the plaintext byte at `position`."""
    return 0 if position < FIRST_SEGMENT else 1 + (position - FIRST_SEGMENT) // NEXT_SEGMENT


def segment_start(number: int) -> int:
    """Where segment `number` begins in the plaintext."""
    return 0 if number == 0 else FIRST_SEGMENT + (number - 1) * NEXT_SEGMENT


def segments_of(plaintext_length: int, start: int = 0, end: int | None = None) -> Iterator[Segment]:
    """The segments that hold plaintext bytes `start` to `end`; all of them by default (one, if there are no bytes)."""
    last = segment_number(max(0, plaintext_length - 1))
    end = plaintext_length if end is None else end
    for number in range(segment_number(start), segment_number(max(start, end - 1)) + 1):
        begin = segment_start(number)
        length = min(segment_start(number + 1), plaintext_length) - begin
        stream_start = number * SEGMENT if number else STREAM_HEADER
        yield Segment(number, number == last, begin, length, stream_start, length + _TAG)


def stream_length(plaintext_length: int) -> int:
    """Bytes of the whole stream, header and tags included."""
    return STREAM_HEADER + plaintext_length + _TAG * (1 + segment_number(max(0, plaintext_length - 1)))


def _stream_cipher(object_key: bytes, salt: bytes, object_id: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=salt, info=object_id).derive(object_key))


class ObjectSealer:
    """Encrypts the segments of one object, in any order, each once."""

    def __init__(self, object_key: bytes, object_id: bytes) -> None:
        fresh = os.urandom(_SALT + _PREFIX)
        self.header = bytes((STREAM_HEADER,)) + fresh
        self._prefix = fresh[_SALT:]
        self._cipher = _stream_cipher(object_key, fresh[:_SALT], object_id)

    def seal(self, number: int, is_last: bool, plaintext: memoryview, out: memoryview) -> int:
        """Encrypt one segment into `out`, which must not overlap `plaintext`; returns the bytes written."""
        size = len(plaintext) + _TAG
        self._cipher.encrypt_into(_NONCE.pack(self._prefix, number, is_last), plaintext, None, out[:size])
        return size


class ObjectOpener:
    """Decrypts the segments of one object, in any order. `where` names the object in faults."""

    def __init__(self, object_key: bytes, object_id: bytes, header: bytes, where: str) -> None:
        if len(header) != STREAM_HEADER or header[0] != STREAM_HEADER:
            raise IntegrityFault(f"{where}: the stream's header is damaged")
        self._where = where
        self._prefix = header[1 + _SALT :]
        self._cipher = _stream_cipher(object_key, header[1 : 1 + _SALT], object_id)

    def open(self, segment: Segment, ciphertext: memoryview, out: memoryview) -> None:
        """Decrypt `segment` into `out`, exactly its length long; IntegrityFault if its tag does not hold."""
        try:
            self._cipher.decrypt_into(self._nonce(segment), ciphertext, None, out)
        except InvalidTag:
            raise self._fault(segment) from None

    def open_to_bytes(self, segment: Segment, ciphertext: memoryview) -> bytes:
        """The plaintext of `segment` as new bytes; IntegrityFault if its tag does not hold."""
        try:
            return self._cipher.decrypt(self._nonce(segment), ciphertext, None)
        except InvalidTag:
            raise self._fault(segment) from None

    def _nonce(self, segment: Segment) -> bytes:
        return _NONCE.pack(self._prefix, segment.number, segment.is_last)

    def _fault(self, segment: Segment) -> IntegrityFault:
        return IntegrityFault(f"{self._where}: segment {segment.number} fails its authentication tag")
