"""A run on disk, for reading."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from leadglass.net.conversing import Ending
from leadglass.survey.observation import Observation
from leadglass.survey.probe import Prober
from leadglass.survey.probes import PROBERS
from leadglass.survey.records.chain import shards
from leadglass.survey.records.entries import Begun, Nothing, Seen, observation_of
from leadglass.survey.records.facts import RunFacts
from leadglass.survey.records.parquet import has_tables, make_tables
from leadglass.survey.records.reading import entries_in
from leadglass.survey.records.replay import Difference, differences
from leadglass.survey.records.verifying import Verification, verify
from leadglass.survey.services import Service
from leadglass.survey.system import System, systems_of
from leadglass.terms.errors import IntegrityFault, StorageFault, UserFault

__all__ = ["Run"]


class Run:
    """Open it with `Run.open`. The evidence is the truth: everything is read from there."""

    def __init__(self, folder: Path, facts: RunFacts) -> None:
        self.folder = folder
        self.facts = facts
        self.remade: tuple[int, ...] = ()
        """Shards whose tables were missing, and were made when it was opened."""

    @classmethod
    def open(cls, folder: Path) -> Run:
        """The run in a folder; tables that are not there are made now. UserFault if there is no run."""
        if not shards(folder):
            raise UserFault(f"{folder} holds no run", "Name the folder that was given to --out.")
        try:
            facts = msgspec.json.decode((folder / "run.json").read_bytes(), type=RunFacts)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            facts = _facts_from_evidence(folder)
        run = cls(folder, facts)
        run._make_missing_tables()
        return run

    def observations(self) -> Iterator[Observation]:
        """Of every target that was reached or imported, in the order they were seen. UserFault where the evidence was
        changed."""
        try:
            for line, entry in entries_in(self.folder):
                if isinstance(entry, Seen):
                    yield observation_of(entry, line.hash)
        except IntegrityFault as fault:
            raise UserFault(str(fault), "The evidence was changed: `leadglass survey verify`.") from fault

    def ranges_without_connection(self, ending: Ending) -> Iterator[tuple[int, int]]:
        """Numbers of targets where it ended so before it began (REFUSED, SILENT or UNREACHABLE): both ends included."""
        for _, entry in entries_in(self.folder):
            if isinstance(entry, Nothing):
                yield from getattr(entry, ending.value)

    def systems(self) -> list[System]:
        """The systems; see `systems_of`."""
        return systems_of(self.observations())

    def verify(self) -> Verification:
        """Whether the evidence is what was written, and the tables say the same."""
        return verify(self.folder)

    def replay(self, probers: Mapping[Service, Prober] = PROBERS) -> Iterator[Difference]:
        """Play every transcript through its probe again; what comes out otherwise than recorded. IntegrityFault where
        the evidence was changed."""
        for _, entry in entries_in(self.folder):
            if isinstance(entry, Seen):
                yield from differences(entry, self.facts.caller, probers)

    def _make_missing_tables(self) -> None:
        """Unless a run is going on: then its writer makes them."""
        try:
            lock = os.open(self.folder / "lock", os.O_RDONLY)
        except OSError:
            return  # a copy, or a folder that we may only read
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in shards(self.folder):
                if not has_tables(self.folder, int(path.stem)):
                    make_tables(self.folder, int(path.stem))
                    self.remade += (int(path.stem),)
        except (BlockingIOError, StorageFault):
            pass  # its writer makes them; or there is no room for them, and nobody needs them to read the run
        finally:
            os.close(lock)


def _facts_from_evidence(folder: Path) -> RunFacts:
    try:
        _, first = next(entries_in(folder), (None, None))
    except IntegrityFault as fault:
        raise UserFault(str(fault), "The evidence was changed: `leadglass survey verify`.") from fault
    if not isinstance(first, Begun):
        raise UserFault(f"{folder} holds no evidence of a run", "Its beginning is missing.")
    return RunFacts.of(first)
