"""A conversation of lines, for tests: says one thing, waits for an end mark."""

from __future__ import annotations

__all__ = ["Lines"]


class Lines:
    """Says `first`, is over when what it heard ends in `until`. Answers each portion with the next of `answers`."""

    def __init__(
        self,
        first: bytes = b"hello\n",
        *,
        until: bytes = b"bye\n",
        answers: tuple[bytes, ...] = (),
        ceiling: int = 1000,
    ) -> None:
        self.first, self.until, self.ceiling = first, until, ceiling
        self.answers = list(answers)
        self.heard = b""
        self.is_over = False
        self.was_hung_up = 0

    def begin(self) -> bytes:
        return self.first

    def receive(self, data: bytes) -> bytes:
        self.heard += data
        self.is_over = self.heard.endswith(self.until)
        return self.answers.pop(0) if self.answers else b""

    def hung_up(self) -> None:
        self.was_hung_up += 1
        self.is_over = True
