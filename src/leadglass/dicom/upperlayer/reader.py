"""Bytes as they arrive, in any portions, into whole PDUs and pieces of P-DATA.

Association PDUs are small and are collected (under their ceiling). P-DATA is not: each piece of a presentation
data value is handed on as a view of the caller's buffer the moment it is there, so a 16 GiB object costs no
more memory than an echo. This is the hot path of receiving: no work is done per byte, nothing is copied.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from enum import Enum
from struct import Struct

from leadglass.dicom.upperlayer.codec import decode_pdu
from leadglass.dicom.upperlayer.decode import PDU_HEADER_LENGTH, check_length
from leadglass.dicom.upperlayer.events import PdvReceived
from leadglass.dicom.upperlayer.pdu import Pdu, PduType
from leadglass.dicom.upperlayer.tlv import ceiling_reached, invalid
from leadglass.terms.errors import PeerViolation

__all__ = ["Found", "PDataStarted", "PduReader"]

_PDU_HEADER = Struct(">BxI")
_PDV_HEADER = Struct(">IBB")  # item length, context id, message control header (PS3.8 §9.3.5.1)
_HEADER = PDU_HEADER_LENGTH  # the header of a PDV happens to have the same length
_CONTEXT_AND_CONTROL = 2  # the part of a PDV header that its length counts
_IS_COMMAND, _IS_LAST = 1, 2


class PDataStarted(Enum):
    """The header of a P-DATA-TF was read. If it must not come now, answer with `skip_pdu` or `stop`."""

    P_DATA_STARTED = 1


Found = PdvReceived | PDataStarted | Pdu | PeerViolation
"""A violation is always the last thing found: after it the reader has stopped."""


class PduReader:
    """Reads one direction of one connection. `contexts`: the ids P-DATA may come on (set it once established)."""

    __slots__ = (
        "_begins_pdv",
        "_body",
        "_context_id",
        "_header",
        "_is_command",
        "_is_last",
        "_max_pdu_length",
        "_missing",
        "_pdu_left",
        "_pdv_left",
        "_skipping",
        "_stopped",
        "contexts",
    )

    def __init__(self, max_pdu_length: int) -> None:
        self.contexts: Container[int] = ()
        self._max_pdu_length = max_pdu_length
        self._header = bytearray()  # of a PDU or PDV whose header is still incomplete
        self._body = bytearray()  # header and body of a PDU that is collected
        self._missing = 0  # bytes until that PDU is whole
        self._pdu_left = 0  # bytes left of the P-DATA-TF being streamed
        self._pdv_left = 0  # bytes left of its current PDV
        self._context_id = 0
        self._is_command = False
        self._is_last = False
        self._begins_pdv = False
        self._skipping = False
        self._stopped = False

    def skip_pdu(self) -> None:
        """Pass over the rest of the P-DATA-TF being streamed."""
        self._skipping = True
        if self._pdu_left:  # what has come of a PDV header belongs to the PDU too
            self._pdu_left -= len(self._header)
            self._header.clear()

    def stop(self) -> None:
        """Believe nothing more: all further bytes are dropped."""
        self._stopped = True

    def read(self, data: bytes | bytearray | memoryview) -> Iterator[Found]:
        """What is in `data`, in order. Run it to its end; between two items `skip_pdu` and `stop` act at once."""
        try:
            yield from self._read(memoryview(data))
        except PeerViolation as violation:
            self._stopped = True
            yield violation

    def _read(self, view: memoryview) -> Iterator[Found]:
        position, end = 0, len(view)
        while position < end and not self._stopped:
            if self._pdu_left:
                if self._skipping:
                    taken = min(self._pdu_left, end - position)
                    self._pdu_left -= taken
                    position += taken
                elif self._pdv_left:
                    taken = min(self._pdv_left, end - position)
                    yield self._piece(view[position : position + taken], taken)
                    position += taken
                else:
                    header, position = self._take_header(view, position)
                    if header is not None and self._open_pdv(*_PDV_HEADER.unpack(header)):
                        yield self._piece(view[:0], 0)
            elif self._missing:
                taken = min(self._missing, end - position)
                self._body += view[position : position + taken]
                self._missing -= taken
                position += taken
                if not self._missing:
                    whole, self._body = bytes(self._body), bytearray()
                    yield decode_pdu(whole)
            else:
                header, position = self._take_header(view, position)
                if header is not None and self._open_pdu(header):
                    yield PDataStarted.P_DATA_STARTED

    def _take_header(self, view: memoryview, position: int) -> tuple[bytes | memoryview | None, int]:
        """Six header bytes, or None while they are not all there; and the position behind what was taken."""
        if not self._header and len(view) - position >= _HEADER:
            return view[position : position + _HEADER], position + _HEADER
        taken = view[position : position + _HEADER - len(self._header)]
        self._header += taken
        if len(self._header) < _HEADER:
            return None, position + len(taken)
        header = bytes(self._header)
        self._header.clear()
        return header, position + len(taken)

    def _open_pdu(self, header: bytes | memoryview) -> bool:
        """Prepare for what a PDU header announces; True if it is P-DATA. Raises PeerViolation."""
        pdu_type, length = _PDU_HEADER.unpack(header)
        if check_length(pdu_type, length) is not PduType.P_DATA_TF:
            self._body = bytearray(header)
            self._missing = length
            return False
        if length > self._max_pdu_length > 0:
            raise ceiling_reached("MAX_PDU_LENGTH_OFFERED", self._max_pdu_length, length)
        self._pdu_left = length
        self._pdv_left = 0
        self._skipping = False
        return True

    def _open_pdv(self, length: int, context_id: int, control: int) -> bool:
        """Prepare for what a PDV header announces; True if the PDV is empty. Raises PeerViolation."""
        self._pdu_left -= _HEADER
        self._pdv_left = length - _CONTEXT_AND_CONTROL
        if self._pdv_left < 0 or self._pdv_left > self._pdu_left:
            raise invalid("a presentation data value does not fit its P-DATA-TF", "PS3.8 §9.3.5.1")
        if 0 < self._pdu_left - self._pdv_left < _HEADER:
            raise invalid("a P-DATA-TF ends within the header of a presentation data value", "PS3.8 §9.3.5")
        if context_id not in self.contexts:
            raise invalid("P-DATA on a presentation context that was not accepted", "PS3.8 §9.3.5.1")
        self._context_id = context_id
        self._is_command = bool(control & _IS_COMMAND)  # the other six bits are not tested (PS3.8 §E.2)
        self._is_last = bool(control & _IS_LAST)
        self._begins_pdv = True
        return not self._pdv_left

    def _piece(self, data: memoryview, length: int) -> PdvReceived:
        self._pdv_left -= length
        self._pdu_left -= length
        is_last = self._is_last and not self._pdv_left
        piece = PdvReceived(self._context_id, self._is_command, is_last, data, self._begins_pdv)
        self._begins_pdv = False
        return piece
