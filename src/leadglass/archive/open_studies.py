"""The studies one association is at work on, each under its ledger episode: few at a time, however many in all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Final

from leadglass.gate.door import Episode
from leadglass.terms.visibility import StudyFacts

__all__ = ["OpenStudies", "OpenStudy"]

_MOST: Final = 48
"""A sender that goes through a whole archive opens one episode after another; these many stay open, so that the studies
of a day may come in any order."""


class OpenStudy:
    """A study under an open episode. `may_repeat`: what comes next may well be stored already, so ask before it
    takes room on the disk. A sender that repeats itself does so for a while, and one that does not, does not."""

    def __init__(
        self, facts: StudyFacts, episode: Episode, opening: AbstractAsyncContextManager[Episode], may_repeat: bool
    ) -> None:
        self.facts = facts
        self.episode = episode
        self.opening = opening
        self.may_repeat = may_repeat
        self.uses = 0

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Meanwhile it stays open, however many others are opened."""
        self.uses += 1
        try:
            yield
        finally:
            self.uses -= 1


class OpenStudies:
    """By Study Instance UID. Opening one too many closes the one that was not asked for the longest."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, OpenStudy] = OrderedDict()

    def get(self, study_instance_uid: str) -> OpenStudy | None:
        """The open study, which then counts as asked for last; None if it is not open (any more)."""
        found = self._open.get(study_instance_uid)
        if found is not None:
            self._open.move_to_end(study_instance_uid)
        return found

    async def open(
        self, facts: StudyFacts, opening: AbstractAsyncContextManager[Episode], *, may_repeat: bool = True
    ) -> OpenStudy:
        """Enters the episode: its entry is durable on return. LedgerFault: nothing was opened."""
        opened = OpenStudy(facts, await opening.__aenter__(), opening, may_repeat)
        self._open[facts.study_instance_uid] = opened
        if len(self._open) > _MOST:
            oldest = next((uid for uid, study in self._open.items() if not study.uses and study is not opened), None)
            if oldest is not None:
                await self._open.pop(oldest).opening.__aexit__(None, None, None)
        return opened

    async def close(self) -> None:
        """Ends all episodes: their counts are written."""
        while self._open:
            _, oldest = self._open.popitem(last=False)
            await oldest.opening.__aexit__(None, None, None)
