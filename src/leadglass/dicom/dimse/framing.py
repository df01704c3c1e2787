"""Command and data set → P-DATA-TF PDUs (PS3.8 §9.3.5, annex E), few copies, ready to be written.

Each PDU carries one presentation data value. A PDU length is what the PDU header states, that header excluded: six
bytes more than the data in it (PS3.8 §9.3.5.1: item length, presentation context ID, message control header).
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from leadglass.terms.ceilings import MAX_PDU_LENGTH_OFFERED, MIB
from leadglass.terms.errors import PeerAnswer, PeerViolation

__all__ = ["Buffer", "frame_data", "frame_message", "frame_size"]

Buffer = bytes | bytearray | memoryview

_PDU_HEADER: Final = Struct(">BxIIBB")  # type, PDU length, item length, presentation context ID, message control header
_P_DATA_TF: Final = 0x04
_COMMAND: Final = 0b01
_LAST: Final = 0b10
_ITEM_OVERHEAD: Final = 6  # bytes of a PDU length that are not data
_CONTROL_OVERHEAD: Final = 2  # bytes of an item length that are not data
_MAX_BUFFER: Final = MIB
_MAX_PDUS_PER_BUFFER: Final = 4096


def frame_size(peer_max_pdu_length: int) -> int:
    """Data bytes per PDU for a peer that takes PDUs up to this length (0: any; then ours is the measure).

    PeerViolation if not even one byte fits.
    """
    limit = min(peer_max_pdu_length or MAX_PDU_LENGTH_OFFERED, MAX_PDU_LENGTH_OFFERED)
    if limit <= _ITEM_OVERHEAD:
        raise PeerViolation(
            "the peer's maximum length leaves no room for data",
            answer=PeerAnswer(abort_reason=6),
            clause="PS3.8 §D.1",
        )
    return limit - _ITEM_OVERHEAD


def frame_message(
    presentation_context_id: int, command: bytes, data_set: Buffer | None, peer_max_pdu_length: int
) -> list[Buffer]:
    """The whole message as PDUs. Command and data set share one buffer if they are short."""
    size = frame_size(peer_max_pdu_length)
    if len(command) <= size and (data_set is None or len(data_set) <= size):  # one PDU each: nearly always
        head = _pdu_header(presentation_context_id, len(command), _COMMAND | _LAST)
        if data_set is None:
            return [head + command]
        return [b"".join((head, command, _pdu_header(presentation_context_id, len(data_set), _LAST), data_set))]
    framed = _frame(presentation_context_id, memoryview(command), size, _COMMAND, last=True)
    if data_set is not None:
        framed += frame_data(presentation_context_id, data_set, peer_max_pdu_length, last=True)
    return framed


def frame_data(presentation_context_id: int, data: Buffer, peer_max_pdu_length: int, last: bool) -> list[Buffer]:
    """Part of a data set as PDUs, in buffers of about 1 MiB. `last`: the data set ends here, even if `data` is
    empty.
    """
    return _frame(presentation_context_id, memoryview(data).cast("B"), frame_size(peer_max_pdu_length), 0, last=last)


def _pdu_header(presentation_context_id: int, length: int, control: int) -> bytes:
    return _PDU_HEADER.pack(
        _P_DATA_TF, length + _ITEM_OVERHEAD, length + _CONTROL_OVERHEAD, presentation_context_id, control
    )


def _frame(presentation_context_id: int, data: memoryview, size: int, kind: int, *, last: bool) -> list[Buffer]:
    per_buffer = max(1, min(_MAX_BUFFER // size, _MAX_PDUS_PER_BUFFER)) * size
    whole = _pdu_header(presentation_context_id, size, kind)
    buffers: list[Buffer] = []
    for start in range(0, len(data), per_buffer):
        end = min(start + per_buffer, len(data))
        pieces: list[Buffer] = []
        for at in range(start, end, size):
            if at + size < len(data) or (at + size == len(data) and not last):
                pieces += (whole, data[at : at + size])
            else:
                control = kind | _LAST if last else kind
                pieces += (_pdu_header(presentation_context_id, len(data) - at, control), data[at:])
        buffers.append(b"".join(pieces))
    if last and not data:
        buffers.append(_pdu_header(presentation_context_id, 0, kind | _LAST))
    return buffers
