"""An open archive, as the survey that found it hands it to what comes afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from leadglass.net.conversing import Ending
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Counts, Observation, Sighting, Software, Try, Verdict
from leadglass.survey.services import Service
from leadglass.survey.system import System
from leadglass.survey.target import Place, Target

__all__ = ["CLOSED_TRIES", "NOON", "OPEN_TRIES", "observation", "system"]

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

OPEN_TRIES = (
    Try(act=Act.SPEAK, how="A-ASSOCIATE", verdict=Verdict.OPEN),
    Try(act=Act.ENTER, how="A-ASSOCIATE", verdict=Verdict.OPEN),
    Try(act=Act.QUERY, how="C-FIND", verdict=Verdict.OPEN, code="0x0000"),
    Try(act=Act.RETRIEVE, how="C-GET", verdict=Verdict.OPEN, code="0x0000"),
)
CLOSED_TRIES = (
    Try(act=Act.SPEAK, how="A-ASSOCIATE", verdict=Verdict.OPEN),
    Try(act=Act.ENTER, how="A-ASSOCIATE", verdict=Verdict.CLOSED, code="rejected 1/1/7"),
)


def observation(
    address: str = "192.0.2.7",
    *,
    tries: tuple[Try, ...] = OPEN_TRIES,
    port: int = 11112,
    service: Service = Service.DICOM,
    place: Place = Place(organisation="Example Clinic", country="DE"),
    software: Software = Software(product="Orthanc", version="1.9.0", toolkit="DCMTK 3.6.6"),
    counts: Counts | None = None,
    level: Level = Level.COUNTS,
    number: int = 1,
    **sighted: Any,
) -> Observation:
    return Observation(
        number=number,
        target=Target(address=address, port=port, service=service, level=level, place=place),
        seen_at=NOON,
        source="probe",
        level=level,
        sighting=Sighting(
            **({"ending": Ending.OVER, "tries": tries, "software": software, "counts": counts} | sighted)
        ),
        evidence=f"{number:064x}",
    )


def system(address: str = "192.0.2.7", *, records: int = 0, images: int = 0, **seen: Any) -> System:
    """One open DICOM archive, unless `seen` says otherwise (see `observation`)."""
    counts = Counts(records=records, images=images) if records or images else None
    return System(address, (observation(address, **({"counts": counts} | seen)),))
