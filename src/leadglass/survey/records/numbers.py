"""Which targets of a plan have been looked at: a bit each, so that a million take 125 kB."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Numbers", "ranges_of"]


class Numbers:
    """A set of numbers from 0 up."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._bits = bytearray()
        self._count = 0
        for number in numbers:
            self.add(number)

    def add(self, number: int) -> None:
        """Put it in."""
        byte, bit = number >> 3, 1 << (number & 7)
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits) + len(self._bits) // 8))
        if not self._bits[byte] & bit:
            self._bits[byte] |= bit
            self._count += 1

    def add_range(self, first: int, last: int) -> None:
        """Put in all from `first` to `last`, both included."""
        for number in range(first, last + 1):
            self.add(number)

    def __contains__(self, number: int) -> bool:
        byte = number >> 3
        return byte < len(self._bits) and bool(self._bits[byte] & 1 << (number & 7))

    def __len__(self) -> int:
        return self._count


def ranges_of(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Ranges, both ends included, in order."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and number <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
