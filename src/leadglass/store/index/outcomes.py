"""What goes into the index and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadglass.dicom.instance_header import InstanceHeader
from leadglass.store.location import Location

__all__ = ["AddOutcome", "Added", "Duplicate", "KeyDestroyed", "NewInstance", "Stored"]


@dataclass(frozen=True, slots=True)
class NewInstance:
    """An instance whose object is durable in the journal and is now to be made visible."""

    header: InstanceHeader
    location: Location
    stored_by: str  # principal id
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """An instance as the index knows it."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    study_instance_uid: str
    series_instance_uid: str
    location: Location
    stored_by: str = ""
    """Principal id of whoever stored the series' first instance; "" if only recovery knows the series."""


@dataclass(frozen=True, slots=True)
class Added:
    """The instance is in the index now."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The SOP Instance UID was there before, and stays as it was. If `existing.location` equals the location offered,
    it is the very same record, met again by recovery."""

    existing: Stored


AddOutcome = Added | Duplicate


@dataclass(frozen=True, slots=True)
class KeyDestroyed:
    """The study was deleted after the record was encrypted with its key: nobody can ever read the record, and there is
    no row for it."""
