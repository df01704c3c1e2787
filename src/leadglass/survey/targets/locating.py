"""Country and network of what answered, added to observations on their way to the records.

Not to every target of a plan: of most addresses there is nothing to record, and a look-up costs more than a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from leadglass.survey.observation import Observation
from leadglass.survey.recorder import Recorded, Recorder
from leadglass.survey.target import Place

__all__ = ["Located", "WhereIs", "located"]


class WhereIs(Protocol):
    """What is needed of `places.Places`."""

    def place_of(self, address: str) -> tuple[str, int, str]:
        """Country, AS number and AS name."""


class Located:
    """A Recorder before another one."""

    def __init__(self, recorder: Recorder, places: WhereIs) -> None:
        self._recorder = recorder
        self._places = places

    def record(self, observation: Observation, calls: Sequence[Recorded]) -> None:
        """With its place, where there was a connection."""
        if observation.seconds_to_connect is not None:
            target = observation.target
            place = located(target.place, self._places.place_of(target.address))
            if place is not target.place:
                observation = replace(observation, target=replace(target, place=place))
        self._recorder.record(observation, calls)

    def close(self) -> None:
        self._recorder.close()


def located(place: Place, known: tuple[str, int, str]) -> Place:
    """The place with what open data knows, itself if that is nothing; what the scope says of the country counts."""
    country, as_number, as_name = known
    if (place.country or not country) and (place.as_number, place.as_name) == (as_number, as_name):
        return place
    return replace(place, country=place.country or country, as_number=as_number, as_name=as_name)
