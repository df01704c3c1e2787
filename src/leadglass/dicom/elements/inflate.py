"""Deflated data sets, opened a step at a time (PS3.5 §A.5): a bomb costs no more than what was asked for."""

from __future__ import annotations

import zlib

from leadglass.dicom.elements.refusals import malformed

__all__ = ["Inflater"]


class Inflater:
    """Opens one raw deflate stream (RFC 1951); `data` grows by `more`."""

    def __init__(self, deflated: bytes | memoryview) -> None:
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        self._rest: bytes | memoryview = deflated
        self._opened = bytearray()
        self.is_finished = False  # there is nothing more to open
        self.is_whole = False  # the stream said itself that it ends here

    @property
    def data(self) -> bytes:
        """All that was opened so far."""
        return bytes(self._opened)

    def more(self, size: int) -> None:
        """Opens until `data` has `size` bytes, or the input ends; PeerViolation if it is no deflate stream."""
        while len(self._opened) < size and not self.is_finished:
            try:
                piece = self._stream.decompress(self._rest, size - len(self._opened))
            except zlib.error as fault:
                raise malformed("not a deflate stream", "PS3.5 §A.5") from fault
            self._opened += piece
            self._rest = self._stream.unconsumed_tail
            self.is_whole = self._stream.eof
            self.is_finished = self.is_whole or not (piece or self._rest)
