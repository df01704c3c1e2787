"""What a run is: written down when it begins, read again when it goes on."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from leadglass import __version__
from leadglass.survey.level import Level
from leadglass.survey.records import Begun
from leadglass.survey.records.reading import entries_in
from leadglass.survey.scope import Warrant
from leadglass.terms.errors import UserFault

__all__ = ["begun_in", "begun_now"]


def begun_now(warrant: Warrant, level: Level, only: tuple[str, ...] = ()) -> Begun:
    """A new run, with a name that no other has. `only`: what it is narrowed to; all of the scope if empty."""
    now = datetime.now(UTC)
    return Begun(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}",
        at=now,
        scope_digest=warrant.digest,
        level=level,
        product=f"leadglass {__version__}",
        caller=warrant.caller(),
        only=only,
        hosts=warrant.hosts,
    )


def begun_in(folder: Path) -> Begun:
    """What the run in the folder is. UserFault if there is none that can be resumed."""
    _, first = next(entries_in(folder), (None, None)) if folder.is_dir() else (None, None)
    if not isinstance(first, Begun):
        raise UserFault(f"{folder} holds no run", "Leave out --resume to begin one.")
    if first.level < Level.PRESENCE:
        raise UserFault(f"{folder} holds imported scans, and no run to go on with", "Name another folder: --out.")
    return first
