"""Type-length-value: how items are written, and how fields are taken from bytes that may lie (PS3.8 §9.3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from leadglass.dicom.upperlayer.pdu import AbortReason
from leadglass.terms.ceilings import MAX_USER_INFORMATION_ITEMS
from leadglass.terms.errors import CeilingReached, LocalViolation, PeerAnswer, PeerViolation

__all__ = ["Fields", "as_text", "ceiling_reached", "counted", "invalid", "item", "items", "text_bytes"]

_ITEM_HEADER = Struct(">BxH")
_SHORT = Struct(">H")
_MAX_ITEM = 0xFFFF


def item(item_type: int, value: bytes) -> bytes:
    """One item: type, a reserved zero, 16-bit length, value. LocalViolation if the value is too long for it."""
    if len(value) > _MAX_ITEM:
        raise LocalViolation(f"an item of type {item_type:02X}H cannot hold {len(value)} bytes")
    return _ITEM_HEADER.pack(item_type, len(value)) + value


def counted(value: bytes) -> bytes:
    """A value after its own 16-bit length. LocalViolation if it is too long for that."""
    if len(value) > _MAX_ITEM:
        raise LocalViolation(f"a field cannot hold {len(value)} bytes")
    return _SHORT.pack(len(value)) + value


def text_bytes(text: str) -> bytes:
    """A UID or name as bytes, without padding (PS3.8 annex F). LocalViolation for what no byte can say."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise LocalViolation("a UID or name holds a character that does not fit one byte") from None


def invalid(what: str, clause: str) -> PeerViolation:
    """A parameter value the standard does not allow."""
    answer = PeerAnswer(abort_reason=AbortReason.INVALID_PDU_PARAMETER_VALUE)
    return PeerViolation(what, answer=answer, clause=clause)


def ceiling_reached(ceiling: str, limit: int, seen: int) -> CeilingReached:
    """More than we take; as an A-ABORT, which `decode` turns into a rejection where there is nothing to abort."""
    answer = PeerAnswer(abort_reason=AbortReason.INVALID_PDU_PARAMETER_VALUE)
    return CeilingReached(ceiling, limit, seen, answer=answer)


class Fields:
    """Takes fields from the front of some bytes. Every method raises PeerViolation if there are not enough."""

    __slots__ = ("_data", "_name", "_position")

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._position = 0

    def take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._data):
            raise invalid(f"{self._name} is cut short", "PS3.8 §9.3")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def short(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def long(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def counted(self) -> bytes:
        return self.take(self.short())

    def counted_text(self) -> str:
        return as_text(self.counted())

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._position)

    @property
    def is_left(self) -> bool:
        """True while something is left to take."""
        return self._position < len(self._data)

    def end(self) -> None:
        """Nothing may be left."""
        if self.is_left:
            raise invalid(f"{self._name} is longer than its fields", "PS3.8 §9.3")


def as_text(value: bytes) -> str:
    """The reading of a UID or name, without the padding that some senders add."""
    return value.decode("latin-1").strip(" \0")


def items(data: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    """The (type, value) pairs `data` consists of. PeerViolation if they do not fill it exactly."""
    position, count = 0, 0
    while position < len(data):
        count += 1
        if count > MAX_USER_INFORMATION_ITEMS:
            raise ceiling_reached("MAX_USER_INFORMATION_ITEMS", MAX_USER_INFORMATION_ITEMS, count)
        if len(data) - position < _ITEM_HEADER.size:
            raise invalid(f"{name} ends within an item header", "PS3.8 §9.3.1")
        item_type, length = _ITEM_HEADER.unpack_from(data, position)
        position += _ITEM_HEADER.size
        if length > len(data) - position:
            raise invalid(f"an item of type {item_type:02X}H is longer than {name}", "PS3.8 §9.3.1")
        yield item_type, data[position : position + length]
        position += length
