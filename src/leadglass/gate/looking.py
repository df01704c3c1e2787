"""Looking at the ledger from the console and the command line: who looked at this, what happened, is it whole.

Administrators and auditors may read all of it; anybody else only who looked at a study they may view themselves.
Reading is itself recorded, before the first line is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from leadglass.gate.door import Gate
from leadglass.gate.ledger import Entry, EpisodeSummary, Event, Ledger, VerifierKey, search, summarise
from leadglass.gate.ledger.lines import Line, line_of
from leadglass.gate.ledger.newest import decoded, stretches_newest_first
from leadglass.gate.ledger.search import needle
from leadglass.gate.ledger.watch import Watch, Watched
from leadglass.gate.looks import Look, looks_at
from leadglass.store.index.database import Database
from leadglass.store.index.facts import study_facts
from leadglass.terms.evidence import Door
from leadglass.terms.ids import is_uid
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, Role
from leadglass.terms.visibility import StudyFacts

__all__ = ["LedgerPage", "LedgerReader", "Line", "Look", "Looking", "VerificationState"]

READERS: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
MAX_LINES: Final = 1_000
"""Lines of one page."""
MAX_STRETCHES: Final = 2_000
"""Bundles of 256 entries looked through for one page, where few entries match: then the page says where to go on."""
SECONDS_KEPT: Final = 5.0
"""How long a verification is told again without looking."""
FIRST_SECONDS: Final = 2.0
"""How long a page waits for the first verification."""


@dataclass(frozen=True, slots=True)
class Looking:
    """What to look for; empty fields match everything. Dates: from `since` on, before `until`."""

    person: str = ""  # a principal's id or name
    study: str = ""
    event: str = ""
    patient: str = field(default="", repr=False)  # Patient ID
    issuer: str = field(default="", repr=False)
    since: datetime | None = None
    until: datetime | None = None

    @property
    def words(self) -> str:
        """Which of the fields were given, never their values."""
        given = ("person", "study", "event", "patient", "since", "until")
        return " ".join(name for name in given if getattr(self, name)) or "everything"


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Lines, newest first. `next` goes into the next call's `before`; None if there are no older entries."""

    lines: Sequence[Line]
    next: int | None


@dataclass(frozen=True, slots=True)
class VerificationState:
    """`ok` is None while the first verification is still running."""

    ok: bool | None
    size: int
    root_hash: str  # hexadecimal
    checked_at: datetime
    checked_fully_at: datetime | None
    words: str
    problems: tuple[str, ...] = ()


class LedgerReader:
    """Legal errors of every method: LedgerFault (nothing may be shown), StorageFault, UserFault."""

    def __init__(
        self,
        ledger: Ledger,
        directory: Path,
        key: VerifierKey,
        gate: Gate,
        database: Database,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._gate = gate
        self._database = database
        self._clock = clock
        self._watch = Watch(directory, key)
        self._checking: asyncio.Task[Watched] | None = None
        self._state: VerificationState | None = None

    async def who_looked(
        self, principal: Principal, study_uid: str, limit: int = 100, *, door: Door = Door.CONSOLE, address: str = ""
    ) -> Sequence[Look] | Refused:
        """Who was shown or sent anything of this study, those who looked last first."""
        refused = await self._may_ask(principal, study_uid)
        if refused is not None:
            await self._gate.refused(refused, door, address, study_instance_uid=study_uid)
            return refused
        await self._ledger.flush()
        looks = await asyncio.to_thread(self._looks_at, study_uid)
        await self._record(principal, door, address, "who looked", len(looks), study_uid)
        return looks[:limit]

    async def page(
        self,
        principal: Principal,
        looking: Looking,
        before: int | None = None,
        limit: int = 100,
        *,
        door: Door = Door.CONSOLE,
        address: str = "",
    ) -> LedgerPage | Refused:
        """Entries that match, newest first, from below number `before` on. For administrators and auditors."""
        refused = await self._may_read(principal)
        if refused is not None:
            await self._gate.refused(refused, door, address)
            return refused
        await self._ledger.flush()
        found = await asyncio.to_thread(self._page, looking, before, min(limit, MAX_LINES))
        await self._record(principal, door, address, looking.words, len(found.lines))
        return found

    async def last(
        self, principal: Principal, looking: Looking, last: int, *, door: Door, address: str
    ) -> Sequence[Line] | Refused:
        """The last lines that match, oldest first, each episode folded into one; from the beginning of the ledger."""
        refused = await self._may_read(principal)
        if refused is not None:
            await self._gate.refused(refused, door, address)
            return refused
        await self._ledger.flush()
        lines = await asyncio.to_thread(self._last, looking, last)
        await self._record(principal, door, address, looking.words, len(lines))
        return lines

    async def verification(self) -> VerificationState:
        """Whether the ledger is whole, as of a moment ago. What was seen before is not read again."""
        state = self._state
        if state is not None and (self._clock() - state.checked_at).total_seconds() < SECONDS_KEPT:
            return state
        return await self._checked(self._watch.check_new, FIRST_SECONDS, fully=False)

    async def verify_all(self, principal: Principal) -> VerificationState | Refused:
        """Every entry, hash and signature again: takes as long as the ledger is. For administrators and auditors."""
        refused = await self._may_read(principal)
        return refused or await self._checked(self._watch.check_all, None, fully=True)

    async def close(self) -> None:
        """Ends a verification in progress."""
        self._watch.stop()
        if self._checking is not None:
            await asyncio.gather(self._checking, return_exceptions=True)

    # --- who may --------------------------------------------------------------------------------------------------

    async def _may_read(self, principal: Principal) -> Refused | None:
        decision = await self._gate.admit(principal, Action.VERIFY)  # everybody may: it asks whether they still stand
        if isinstance(decision, Refused):
            return decision
        return None if principal.roles & READERS else Refused(RefusalReason.ACTION_NOT_ALLOWED, principal.id)

    async def _may_ask(self, principal: Principal, study_uid: str) -> Refused | None:
        """A study that is not there is judged like one that nobody was granted: the same answer, for the same work."""
        if principal.roles & READERS:
            return await self._may_read(principal)
        facts = await self._database.read(study_facts, study_uid)
        decision = await self._gate.judge(principal, Action.VIEW, facts or StudyFacts(study_uid, "", ""))
        if facts is None:
            return Refused(RefusalReason.NO_GRANT, principal.id, Action.VIEW)
        return decision if isinstance(decision, Refused) else None

    async def _record(
        self, principal: Principal, door: Door, address: str, asked: str, answers: int, study_uid: str = ""
    ) -> None:
        detail: dict[str, str | int | bool] = {"by": asked, "answers": answers}
        if is_uid(study_uid):
            detail["study"] = study_uid
        await self._gate.record(Event.LEDGER_READ, principal, door, address, detail=detail)

    # --- reading, in a thread -------------------------------------------------------------------------------------

    def _looks_at(self, study_uid: str) -> list[Look]:
        wanted = needle(study_uid)
        newest_first = (
            decoded(entry)
            for stretch in stretches_newest_first(self._directory, (wanted,))
            for entry in reversed(stretch.entries)
            if wanted in entry
        )
        return looks_at(study_uid, newest_first)

    def _page(self, looking: Looking, before: int | None, limit: int) -> LedgerPage:
        wanted = self._wanted(looking)
        lines: list[Line] = []
        stretches = stretches_newest_first(self._directory, wanted.needles, before=before)
        at: int | None = before
        for stretch in islice(stretches, MAX_STRETCHES):
            for index in range(len(stretch.entries) - 1, -1, -1):
                data, at = stretch.entries[index], stretch.first + index
                if not all(one in data for one in wanted.needles):
                    continue
                entry = decoded(data)
                if wanted.is_before(entry):
                    return LedgerPage(lines, None)
                if wanted.admits(entry):
                    lines.append(line_of(entry))
                if len(lines) == limit:
                    return LedgerPage(lines, at or None)
            at = stretch.first
        return LedgerPage(lines, at or None)

    def _last(self, looking: Looking, last: int) -> list[Line]:
        found = search(
            self._directory,
            patient=self._pseudonym(looking),
            study=looking.study,
            principal=looking.person,
            event=looking.event,
            since=looking.since,
            until=looking.until,
            with_sessions=True,
        )
        lines = [line_of(item) for item in summarise(found) if not _is_start_or_stop(item, looking.event)]
        return sorted(lines, key=lambda line: line.at)[-last:]

    def _pseudonym(self, looking: Looking) -> str:
        patient, issuer = (text.encode("utf-8", "replace").decode() for text in (looking.patient, looking.issuer))
        return self._gate.pseudonym(patient, issuer) if patient else ""

    def _wanted(self, looking: Looking) -> _Wanted:
        return _Wanted(looking, self._pseudonym(looking))

    # --- verification ---------------------------------------------------------------------------------------------

    async def _checked(self, check: Callable[[], Watched], at_most: float | None, *, fully: bool) -> VerificationState:
        """What `check` finds; what is known so far if that takes longer than `at_most` seconds. One at a time."""
        if fully and self._checking is not None:
            await asyncio.wait([self._checking])
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(asyncio.to_thread(check), name="leadglass-verification")
        done, _ = await asyncio.wait([self._checking], timeout=at_most)
        now = self._clock()
        if not done:
            return self._state or VerificationState(
                None, self._watch.seen, "", now, None, f"being verified: {self._watch.seen} entries so far"
            )
        fully_at = now if fully or self._state is None else self._state.checked_fully_at
        self._state = _state_of(self._checking.result(), now, fully_at)
        return self._state


@dataclass(frozen=True, slots=True)
class _Wanted:
    looking: Looking
    patient: str

    @property
    def needles(self) -> tuple[bytes, ...]:
        texts = (self.patient, self.looking.study, self.looking.person, self.looking.event)
        return tuple(needle(text) for text in texts if text)

    def is_before(self, entry: Entry) -> bool:
        """Times never run backwards, so all that is older need not be read."""
        return self.looking.since is not None and entry.at < self.looking.since

    def admits(self, entry: Entry) -> bool:
        looking, shown = self.looking, entry.disclosed
        return (
            looking.person in ("", entry.principal, entry.name)
            and looking.event in ("", entry.event)
            and (looking.until is None or entry.at < looking.until)
            and (self.patient in ("", entry.patient) or any(one.patient == self.patient for one in shown))
            and (
                looking.study in ("", entry.study_instance_uid)
                or any(one.study_instance_uid == looking.study for one in shown)
            )
        )


def _is_start_or_stop(item: Entry | EpisodeSummary, asked_for: str) -> bool:
    """Each start and stop, also of a command without a server, is an entry: shown only when asked for."""
    sessions = {Event.LEDGER_OPENED, Event.LEDGER_CLOSED} - {asked_for}
    return isinstance(item, Entry) and item.event in sessions


def _state_of(watched: Watched, now: datetime, fully_at: datetime | None) -> VerificationState:
    if watched.problems:
        words = f"broken: {watched.problems[0]}"
    else:
        words = f"{watched.size:,} entries, every one as it was signed"
    return VerificationState(
        not watched.problems, watched.size, watched.root.hex(), now, fully_at, words, watched.problems
    )
