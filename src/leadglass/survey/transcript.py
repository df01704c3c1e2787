"""A talk with a clerk beside it who notes what is said."""

from __future__ import annotations

from leadglass.survey.conversation import Said, Talk

__all__ = ["Noted"]


class Noted:
    """Implements net's Conversation: hands everything on, and keeps it. Portions of one side in a row are joined.

    What it keeps is bounded by the talk's ceiling and by what we say ourselves.
    """

    __slots__ = ("_said", "_talk", "ceiling")

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._said: list[tuple[bool, list[bytes]]] = []
        self.ceiling = talk.ceiling

    @property
    def is_over(self) -> bool:
        return self._talk.is_over

    def begin(self) -> bytes:
        words = self._talk.begin()
        if words:
            self._note(True, words)
        return words

    def receive(self, data: bytes) -> bytes:
        self._note(False, data)
        words = self._talk.receive(data)
        if words:
            self._note(True, words)
        return words

    def hung_up(self) -> None:
        self._talk.hung_up()

    def said(self) -> tuple[Said, ...]:
        """All of it, in order."""
        return tuple([Said(by_us, b"".join(said)) for by_us, said in self._said])

    def _note(self, by_us: bool, data: bytes) -> None:
        said = self._said
        if said and said[-1][0] is by_us:
            said[-1][1].append(data)
        else:
            said.append((by_us, [data]))
