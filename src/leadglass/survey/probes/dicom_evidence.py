"""What of a peer's PDUs is kept as evidence: what decides, and nothing that could speak of a patient.

Everything else is overwritten with zeros in its place, so that a transcript played back is read as the peer was: data
sets whole; in commands all values but numbers and the SOP class; in the acceptance the AE titles, what it answers to a
user identity, and items that the standard does not know.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import Final, TypeAlias

from leadglass.dicom.upperlayer.items import ItemType
from leadglass.dicom.upperlayer.pdu import PduType
from leadglass.terms.ceilings import MAX_REMEMBERED_READING, MAX_REMEMBERED_READINGS

__all__ = ["reduced"]

_HEADER: Final = 6
_TITLES, _ITEMS = 10, 74  # where the AE titles of an A-ASSOCIATE-AC begin, and its items
_BLANK: Final = bytes(_ITEMS - _TITLES)
_ITEM_HEADER: Final = 4
_ELEMENT: Final = Struct("<HHI")
_AFFECTED_SOP_CLASS_UID: Final = 0x0002
_MAX_NUMBER: Final = 4
_Spans: TypeAlias = list[tuple[int, int]]
_COUNT: Final = 2
_KEPT_ITEMS: Final = frozenset(ItemType)


def reduced(heard: bytes) -> bytes:
    """`heard`, of the same length. Never raises."""
    if heard[:1] not in (b"\x02", b"\x03", b"\x07"):
        return heard  # the sign of another language
    kept = bytearray(heard)
    command: _Spans = []
    at = 0
    while len(kept) - at >= _HEADER:
        until = min(at + _HEADER + int.from_bytes(kept[at + 2 : at + _HEADER], "big"), len(kept))
        if kept[at] == PduType.P_DATA_TF:
            _reduce_p_data(kept, at + _HEADER, until, command)
        elif kept[at] == PduType.ASSOCIATE_AC and until - at >= _ITEMS:
            kept[at:until] = _reduced_accept(bytes(kept[at : at + _TITLES]) + _BLANK + bytes(kept[at + _ITEMS : until]))
        elif until - at > _HEADER + 4:
            _blank(kept, at + _HEADER, until)
        at = until
    for start, end in command:  # of one that never came to its end
        _blank(kept, start, end)
    return bytes(kept)


def _reduced_accept(pdu: bytes) -> bytes:
    return _remembered_accept(pdu) if len(pdu) <= MAX_REMEMBERED_READING else _accept(pdu)


def _accept(pdu: bytes) -> bytes:
    kept = bytearray(pdu)
    _reduce_items(kept, _ITEMS, len(kept))
    return bytes(kept)


_remembered_accept = lru_cache(maxsize=MAX_REMEMBERED_READINGS)(_accept)


def _blank(kept: bytearray, start: int, end: int) -> None:
    kept[start:end] = bytes(end - start)


def _reduce_p_data(kept: bytearray, at: int, end: int, command: _Spans) -> None:
    while end - at >= _HEADER:
        until = min(at + 4 + int.from_bytes(kept[at : at + 4], "big"), end)
        if not kept[at + 5] & 1:
            _blank(kept, at + _HEADER, until)
        else:
            command.append((at + _HEADER, max(until, at + _HEADER)))
            if kept[at + 5] & 2:
                _reduce_command(kept, command)
        at = max(until, at + _HEADER)
    _blank(kept, at, end)


def _reduce_command(kept: bytearray, spans: _Spans) -> None:
    """A command set in its fragments, which it leaves empty."""
    whole = b"".join([kept[start:end] for start, end in spans])
    reduced = _remembered_command(whole) if len(whole) <= MAX_REMEMBERED_READING else _command(whole)
    at = 0
    for start, stop in spans:
        kept[start:stop] = reduced[at : at + stop - start]
        at += stop - start
    spans.clear()


def _command(whole: bytes) -> bytes:
    kept = bytearray(whole)
    at, end = 0, len(kept)
    while end - at >= _ELEMENT.size:
        _, element, length = _ELEMENT.unpack_from(kept, at)
        at += _ELEMENT.size
        until = min(at + length, end)
        if element != _AFFECTED_SOP_CLASS_UID and length > _MAX_NUMBER:
            _blank(kept, at, until)
        at = until
    _blank(kept, at, end)
    return bytes(kept)


_remembered_command = lru_cache(maxsize=MAX_REMEMBERED_READINGS)(_command)


def _reduce_items(kept: bytearray, at: int, end: int) -> None:
    while end - at >= _ITEM_HEADER:
        kind, until = kept[at], min(at + _ITEM_HEADER + int.from_bytes(kept[at + 2 : at + _ITEM_HEADER], "big"), end)
        if kind == ItemType.USER_INFORMATION:
            _reduce_items(kept, at + _ITEM_HEADER, until)
        elif kind == ItemType.USER_IDENTITY_RESPONSE:
            _blank(kept, min(at + _ITEM_HEADER + _COUNT, until), until)
        elif kind == ItemType.USER_IDENTITY:
            _reduce_identity(kept, at + _ITEM_HEADER, until)
        elif kind not in _KEPT_ITEMS:
            _blank(kept, at + _ITEM_HEADER, until)
        at = until
    _blank(kept, at, end)


def _reduce_identity(kept: bytearray, at: int, end: int) -> None:
    """Its two fields, each behind its length; the lengths stay."""
    at += 2  # kind, and whether a response is wanted
    while end - at >= _COUNT:
        until = min(at + _COUNT + int.from_bytes(kept[at : at + _COUNT], "big"), end)
        _blank(kept, at + _COUNT, until)
        at = until
