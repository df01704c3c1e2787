"""Places are added to what answered, and to nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from leadglass.net.conversing import Ending
from leadglass.survey.level import Level
from leadglass.survey.observation import Observation, Sighting
from leadglass.survey.recorder import Recorded
from leadglass.survey.services import Service
from leadglass.survey.target import Place, Target
from leadglass.survey.targets.locating import Located, located

SEEN = Observation(
    number=1,
    target=Target(address="192.0.2.1", port=104, service=Service.DICOM, level=Level.ACCESS),
    seen_at=datetime(2026, 11, 21, tzinfo=UTC),
    source="probe",
    level=Level.ACCESS,
    sighting=Sighting(ending=Ending.OVER),
    seconds_to_connect=0.01,
)


class Kept:
    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.is_closed = False

    def record(self, observation: Observation, calls: Sequence[Recorded]) -> None:
        self.observations.append(observation)

    def close(self) -> None:
        self.is_closed = True


class Somewhere:
    asked = 0

    def place_of(self, address: str) -> tuple[str, int, str]:
        self.asked += 1
        return "FR", 64496, "EXAMPLE"


def test_what_answered_gets_a_place() -> None:
    kept, places = Kept(), Somewhere()
    recorder = Located(kept, places)
    recorder.record(SEEN, ())
    recorder.record(replace(SEEN, seconds_to_connect=None), ())
    recorder.close()
    assert [one.target.place.country for one in kept.observations] == ["FR", ""]
    assert places.asked == 1
    assert kept.is_closed


def test_what_the_scope_says_counts() -> None:
    place = located(Place(organisation="Example Clinic", country="DE"), ("FR", 64496, "EXAMPLE"))
    assert place == Place(organisation="Example Clinic", country="DE", as_number=64496, as_name="EXAMPLE")
    assert located(Place(), ("FR", 64496, "EXAMPLE")).country == "FR"


def test_where_nothing_is_known_the_observation_stays_itself() -> None:
    class Nowhere:
        def place_of(self, address: str) -> tuple[str, int, str]:
            return "", 0, ""

    kept = Kept()
    Located(kept, Nowhere()).record(SEEN, ())
    assert kept.observations[0] is SEEN
    clinic = Place(organisation="Example Clinic", country="DE")
    assert located(clinic, ("", 0, "")) is clinic
    assert located(clinic, ("FR", 0, "")) is clinic
    assert located(Place(country="DE", as_number=64496, as_name="OLD"), ("", 0, "")) == Place(country="DE")
