"""The hash tree of RFC 6962 §2.1, kept as its right edge only: memory grows with the logarithm of its size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

__all__ = ["EMPTY_ROOT", "RightEdge", "leaf_hash", "node_hash", "root_of"]

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The tree hash over leaves (or complete subtrees of one height) whose hashes are given."""
    edge = RightEdge()
    for leaf in hashes:
        edge.add(leaf)
    return edge.root


class RightEdge:
    """A growing tree: the roots of the complete subtrees that its size, in binary, is the sum of; largest first."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Grow by one leaf, given its hash. Two hashes on average, however large the tree."""
        peaks = self._peaks
        size = self.size
        while size & 1:
            leaf = node_hash(peaks.pop(), leaf)
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def add_subtree(self, root: bytes, height: int) -> None:
        """Grow by a complete subtree of 2^height leaves. The size so far must be a multiple of 2^height."""
        if self.size % (1 << height):
            raise ValueError("a subtree can only be added where it would stand in the tree")
        size = self.size >> height
        while size & 1:
            root = node_hash(self._peaks.pop(), root)
            size >>= 1
        self._peaks.append(root)
        self.size += 1 << height

    @property
    def root(self) -> bytes:
        """The hash of the whole tree as it stands; the hash of nothing for an empty one (RFC 6962 §2.1)."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> RightEdge:
        """An independent tree of the same content."""
        twin = RightEdge()
        twin.size = self.size
        twin._peaks = list(self._peaks)
        return twin
