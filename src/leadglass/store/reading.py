"""Objects out of volumes: pread, authenticate, decrypt. Blocking; the journal runs it in reader threads."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from leadglass.store.buffers import BufferPool
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.objects import SEGMENT, STREAM_HEADER, ObjectOpener, Segment, segments_of
from leadglass.store.record import HEADER, RecordHeader, parse_header
from leadglass.store.volume import volume_path
from leadglass.terms.errors import IntegrityFault, StorageFault

__all__ = ["SEGMENTS_PER_HOP", "ObjectReader", "VolumeFile", "VolumeFiles", "reader_pool"]

SEGMENTS_PER_HOP: Final = 4
"""Segments read at one go: one hop to a reader thread costs as much as decrypting one of them."""
_FILES_OPEN: Final = 128


def reader_pool() -> BufferPool:
    """Buffers that hold the stream of one hop."""
    return BufferPool(SEGMENTS_PER_HOP * SEGMENT, keep=8)


class VolumeFile:
    """A volume open for reading. The file is closed when nobody refers to it any more."""

    def __init__(self, path: Path, number: int) -> None:
        self._handle = -1
        self.number = number
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise IntegrityFault(f"volume {number} is missing") from None
        except OSError as error:
            raise StorageFault(f"opening volume {number}: {error.strerror}") from error

    def __del__(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    @property
    def length(self) -> int:
        """Bytes of the file now."""
        return os.fstat(self._handle).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes at `offset`; fewer only at the end of the file."""
        try:
            return os.pread(self._handle, length, offset)
        except OSError as error:
            raise StorageFault(f"reading volume {self.number} at {offset}: {error.strerror}") from error

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill `buffer` from `offset`; returns the bytes read, fewer only at the end of the file."""
        done = 0
        try:
            while done < len(buffer):
                more = os.preadv(self._handle, [buffer[done:]], offset + done)
                if more == 0:
                    break
                done += more
        except OSError as error:
            raise StorageFault(f"reading volume {self.number} at {offset + done}: {error.strerror}") from error
        return done


class VolumeFiles:
    """The volumes open for reading, the most recently used ones. Safe between threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._open: OrderedDict[int, VolumeFile] = OrderedDict()

    def get(self, number: int) -> VolumeFile:
        """Volume `number`; IntegrityFault if it is missing."""
        with self._lock:
            file = self._open.get(number)
            if file is None:
                file = self._open[number] = VolumeFile(volume_path(self._directory, number), number)
                if len(self._open) > _FILES_OPEN:
                    self._open.popitem(last=False)
            else:
                self._open.move_to_end(number)
            return file

    def forget(self, number: int) -> None:
        """The volume was removed."""
        with self._lock:
            self._open.pop(number, None)


class ObjectReader:
    """One object, opened: its header authenticated, its object key unwrapped."""

    def __init__(self, file: VolumeFile, location: Location, key: StudyKey) -> None:
        """IntegrityFault unless the record at `location` is the one the index means, unaltered."""
        self._where = f"volume {location.volume} at {location.offset}"
        header = self._header(file, location)
        stream = location.offset + header.header_length
        object_key = header.unwrap(key, self._where)
        self._opener = ObjectOpener(object_key, header.object_id, file.read(stream, STREAM_HEADER), self._where)
        self._stream = stream
        self._file = file
        self.plaintext_length = header.plaintext_length
        self.dataset_offset = header.dataset_offset

    def _header(self, file: VolumeFile, location: Location) -> RecordHeader:
        header = parse_header(file.read(location.offset, HEADER))
        if header is None:
            raise IntegrityFault(f"{self._where}: the record header is damaged")
        if header.location(location.volume, location.offset) != location:
            raise IntegrityFault(f"{self._where}: the record is not the one the index means")
        return header

    def read_all(self, scratch: memoryview) -> bytes:
        """The whole object as new bytes. `scratch` holds at least one segment."""
        segments = list(segments_of(self.plaintext_length))
        if len(segments) == 1:
            ciphertext = self._ciphertext(segments[0], segments[0], scratch)
            return self._opener.open_to_bytes(segments[0], ciphertext)
        whole = bytearray(self.plaintext_length)
        with memoryview(whole) as out:
            for segment in segments:
                ciphertext = self._ciphertext(segment, segment, scratch)
                self._opener.open(segment, ciphertext, out[segment.start : segment.start + segment.length])
        return bytes(whole)

    def read_segments(self, segments: Sequence[Segment], scratch: memoryview, out: memoryview) -> list[memoryview]:
        """The plaintexts of neighbouring `segments`, decrypted into `out`; ciphertext passes through `scratch`."""
        first = segments[0]
        ciphertext = self._ciphertext(first, segments[-1], scratch)
        pieces, used = [], 0
        for segment in segments:
            begin = segment.stream_start - first.stream_start
            piece = out[used : used + segment.length]
            self._opener.open(segment, ciphertext[begin : begin + segment.stream_length], piece)
            pieces.append(piece)
            used += segment.length
        return pieces

    def _ciphertext(self, first: Segment, last: Segment, scratch: memoryview) -> memoryview:
        wanted = scratch[: last.stream_start + last.stream_length - first.stream_start]
        if self._file.read_into(wanted, self._stream + first.stream_start) < len(wanted):
            raise IntegrityFault(f"{self._where}: the volume ends within the object")
        return wanted
