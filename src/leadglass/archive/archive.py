"""The ports every deed is given, and the caller it is done for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from leadglass.archive.frame_reading import Layouts
from leadglass.archive.indexing import IndexQueue
from leadglass.archive.metadata.keeper import MetadataKeeper
from leadglass.archive.outgoing import Outgoing
from leadglass.archive.pixels import PixelWorkers
from leadglass.archive.study_keys import StudyKeys
from leadglass.gate.door import Gate
from leadglass.store.index.database import Database
from leadglass.store.port import ObjectJournal
from leadglass.terms.errors import LeadglassError
from leadglass.terms.evidence import Door
from leadglass.terms.principal import Principal

__all__ = ["Archive", "Caller"]


@dataclass(frozen=True, slots=True)
class Archive:
    """What deeds work on. One for the life of the process."""

    database: Database
    journal: ObjectJournal
    keys: StudyKeys
    index: IndexQueue
    gate: Gate
    pixels: PixelWorkers
    metadata: MetadataKeeper
    wall_clock: Callable[[], datetime]
    report: Callable[[LeadglassError], None]
    """Told of our own troubles (disk, ledger), for the log of the machine's owner."""
    layouts: Layouts = field(default_factory=Layouts)
    outgoing: Outgoing = field(default_factory=Outgoing)


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a deed is done: somebody with a name, at some door."""

    principal: Principal
    door: Door
    address: str
