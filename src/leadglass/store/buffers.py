"""Page-aligned buffers, used again and again: fresh memory costs a page fault per 4 KiB, warm memory nothing."""

from __future__ import annotations

import mmap
from collections import deque

__all__ = ["BufferPool", "aligned_buffer"]


def aligned_buffer(size: int) -> memoryview:
    """`size` zero bytes on page borders. Pages are only taken from the system when they are first touched."""
    return memoryview(mmap.mmap(-1, size))


class BufferPool:
    """Buffers of one size. `give` them back only when nobody looks at them any more. Safe between threads."""

    def __init__(self, size: int, keep: int) -> None:
        self.size = size
        self._idle: deque[memoryview] = deque(maxlen=keep)

    def take(self) -> memoryview:
        """A buffer with arbitrary content: the one used last, if any is idle."""
        try:
            return self._idle.pop()
        except IndexError:
            return aligned_buffer(self.size)

    def give(self, buffer: memoryview) -> None:
        """Take `buffer` back; above `keep` the one idle for longest is let go."""
        self._idle.append(buffer)
