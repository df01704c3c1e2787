"""`run.json`: what a run is and how it stands, for people and programs. Derived from the evidence."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec

from leadglass.survey.level import Level
from leadglass.survey.probe import Caller
from leadglass.survey.records.entries import Begun
from leadglass.survey.records.log import sync_directory

__all__ = ["RunFacts", "put_file"]


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    id: str
    scope_digest: str  # SHA-256 of scope.toml, hex; "" if the run needed none (`survey self`)
    level: Level
    started: datetime
    product: str  # "leadglass 0.1.0"
    caller: Caller
    only: tuple[str, ...] = ()  # what it was narrowed to; empty: all of the scope
    hosts: dict[str, tuple[str, ...]] = {}  # addresses that host names of the scope had
    finished: datetime | None = None  # None: stopped, or still going
    totals: dict[str, int] = {}
    head: str = ""  # hash of the last entry, once the run is closed: keep a copy elsewhere

    @classmethod
    def of(cls, begun: Begun) -> RunFacts:
        """A run that has begun."""
        return cls(
            id=begun.id,
            scope_digest=begun.scope_digest,
            level=begun.level,
            started=begun.at,
            product=begun.product,
            caller=begun.caller,
            only=begun.only,
            hosts=begun.hosts,
        )

    def write(self, folder: Path) -> None:
        """Put it into the run's folder, whole."""
        put_file(folder / "run.json", msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")


def put_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, durable on return."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)
