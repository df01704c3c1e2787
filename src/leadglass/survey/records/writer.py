"""Keeps the records of a run that is going on."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from msgspec.structs import replace

from leadglass.net.conversing import Ending
from leadglass.survey.level import Level
from leadglass.survey.observation import Observation
from leadglass.survey.recorder import Recorded
from leadglass.survey.records.chain import START, shards
from leadglass.survey.records.entries import Begun, Closed, Nothing, Resumed, encode, seen_body
from leadglass.survey.records.facts import RunFacts, put_file
from leadglass.survey.records.log import EvidenceLog, sync_directory
from leadglass.survey.records.numbers import Numbers, ranges_of
from leadglass.survey.records.parquet import drop_tables, has_tables, make_tables
from leadglass.survey.records.reading import Past, read_past
from leadglass.survey.totals import Totals
from leadglass.terms.errors import UserFault

__all__ = ["RunWriter"]

_NO_CONNECTION: Final = frozenset({Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE})


class RunWriter:
    """A Recorder into a run's folder. Made by `create` or `resume`; `close` it, whatever happens."""

    def __init__(self, folder: Path, facts: RunFacts, opening: bytes, past: Past | None, lock: int) -> None:
        self.folder = folder
        self.facts = facts
        self.done: Numbers = past.done if past else Numbers()
        """Numbers of the targets recorded before, in runs that this one resumes."""
        self.found: Totals = past.found if past else Totals()
        """What was found at those."""
        self._lock = lock
        self._none: dict[Ending, list[int]] = {ending: [] for ending in _NO_CONNECTION}
        self._since = self._now()
        self._guard = Lock()
        self._tables = ThreadPoolExecutor(1, "tables")
        self._log = EvidenceLog(
            folder,
            opening=opening,
            head=past.head if past else START,
            shard=past.shard if past else 1,
            entries=past.entries_in_shard if past else 0,
            gather=self._gather,
            rolled=lambda shard: (self._tables.submit(make_tables, folder, shard), None)[1],
        )

    @classmethod
    def create(cls, folder: Path, begun: Begun, *, scope: bytes = b"", signature: bytes = b"") -> RunWriter:
        """A new run. UserFault if the folder holds one, or cannot be made."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it says where the unlocked houses are
            (folder / "evidence").mkdir(exist_ok=True)
            lock = _locked(folder)
        except OSError as fault:
            what = f"no run can be kept in {folder}: {fault.strerror}"
            raise UserFault(what, "Name a folder that can be made, or written to: --out.") from fault
        if shards(folder):
            os.close(lock)
            another = "ame another folder: --out."
            can_go_on = begun.level > Level.IMPORTS
            advice = f"Go on with it: --resume. Or n{another}" if can_go_on else f"N{another}"
            raise UserFault(f"{folder} holds a run already", advice)
        for name, content in (("scope.toml", scope), ("scope.toml.sig", signature)):
            if content:
                put_file(folder / name, content)
        facts = RunFacts.of(begun)
        facts.write(folder)
        sync_directory(folder)
        return cls(folder, facts, encode(begun), None, lock)

    @classmethod
    def resume(cls, folder: Path, *, scope_digest: str) -> RunWriter:
        """Go on with a run. UserFault if there is none, it is of another scope, or its evidence was changed."""
        if not shards(folder):
            raise UserFault(f"{folder} holds no run", "Leave out --resume to begin one.")
        lock = _locked(folder)
        try:
            past = read_past(folder)
            if past.begun.scope_digest != scope_digest:
                advice = "Resume it with the scope in its folder, or begin a new run."
                raise UserFault(f"{folder} holds a run of another scope", advice)
            _cut(folder, past)
        except BaseException:
            os.close(lock)
            raise
        drop_tables(folder, past.shard)
        for shard in range(1, past.shard):
            if not has_tables(folder, shard):
                make_tables(folder, shard)
        facts = RunFacts.of(past.begun)
        facts.write(folder)
        return cls(folder, facts, encode(Resumed(at=cls._now(), cut_bytes=past.unfinished)), past, lock)

    def record(self, observation: Observation, calls: Sequence[Recorded]) -> None:
        """Keep it: on disk within a second or so. StorageFault if the disk failed."""
        sighting = observation.sighting
        is_nothing = sighting.ending in _NO_CONNECTION and not (sighting.tries or sighting.signs or sighting.facts)
        if is_nothing and observation.source == "probe":
            with self._guard:
                self._none[sighting.ending].append(observation.number)
            return
        self._log.append(seen_body(observation, tuple(calls)))

    def close(self, totals: Mapping[str, int] | None = None, *, finished: bool = True) -> None:
        """Everything is on disk when this returns. `finished`: every target of the plan was looked at.

        StorageFault if the disk failed; what was on it before is whole, and the run can be resumed.
        """
        at = self._now()
        try:
            try:
                for body in self._gather():
                    self._log.append(body)
                self._log.append(encode(Closed(at=at, finished=finished, totals=dict(totals or {}))))
            finally:
                self._log.close()
            end = at if finished else None
            self.facts = replace(self.facts, finished=end, totals=dict(totals or {}), head=self._log.head)
            self.facts.write(self.folder)
            self._tables.submit(make_tables, self.folder, self._log.shard).result()
        finally:
            self._tables.shutdown()
            os.close(self._lock)

    def _gather(self) -> list[bytes]:
        """Targets where nothing was, since the last time, as an entry."""
        with self._guard:
            since, self._since = self._since, self._now()
            none, self._none = self._none, {ending: [] for ending in _NO_CONNECTION}
        if not any(none.values()):
            return []
        ranges = {ending.value: ranges_of(numbers) for ending, numbers in none.items()}
        return [encode(Nothing(since=since, until=self._since, **ranges))]

    @staticmethod
    def _now() -> datetime:
        return datetime.now(UTC)


def _cut(folder: Path, past: Past) -> None:
    """Take away the line that was written by half."""
    if past.unfinished:
        with (folder / "evidence" / f"{past.shard:05}.jsonl").open("r+b") as file:
            file.truncate(past.whole)
            os.fsync(file.fileno())


def _locked(folder: Path) -> int:
    """The folder's lock. UserFault if another process writes there."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        os.close(handle)
        raise UserFault(
            f"a run into {folder} is going on", "Wait for its end, or stop it with a file `stop`."
        ) from fault
    return handle
