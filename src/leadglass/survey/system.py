"""Observations of one address, as one system: what people count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from leadglass.net.conversing import Ending
from leadglass.survey.observation import Act, Counts, Observation, Rung, Software, Try, Verdict
from leadglass.survey.services import Service
from leadglass.survey.target import Place

__all__ = ["System", "systems_of"]

_RUNGS = {
    Act.SPEAK: Rung.SPEAKS,
    Act.ENTER: Rung.ACCEPTS_STRANGERS,
    Act.QUERY: Rung.ANSWERS_QUERIES,
    Act.WORKLIST: Rung.ANSWERS_QUERIES,
    Act.LIST: Rung.ANSWERS_QUERIES,
    Act.RETRIEVE: Rung.SERVES_IMAGES,
    Act.WRITE: Rung.ACCEPTS_WRITES,
}
_NEIGHBOURS = frozenset({"FHIR", "Elasticsearch", "CouchDB", "S3"})
"""Ways of web doors that belong to no imaging system."""
_IMAGING: Final = frozenset({"QIDO-RS", "WADO-RS", "Orthanc REST", "dcm4chee REST"})
"""Ways of web doors that no other has."""
_NO_CONNECTION = frozenset({Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class System:
    """All that was seen at one address."""

    address: str
    observations: tuple[Observation, ...]

    @property
    def place(self) -> Place:
        return self.observations[0].target.place

    @property
    def rungs(self) -> frozenset[Rung]:
        """Every rung it stands on; an archive may take images and answer no question."""
        seen = {_RUNGS[t.act] for o in self.observations for t in o.sighting.tries if t.verdict is Verdict.OPEN}
        if any(o.sighting.ending not in _NO_CONNECTION for o in self.observations):
            seen.add(Rung.REACHABLE)
        return frozenset(seen)

    @property
    def rung(self) -> Rung:
        """The highest."""
        return max(self.rungs, default=Rung.NOTHING)

    @property
    def is_open(self) -> bool:
        """Whether a stranger gets at data: answers to questions, or images."""
        return bool(self.rungs & {Rung.ANSWERS_QUERIES, Rung.SERVES_IMAGES})

    @property
    def is_archive(self) -> bool:
        """Whether it is an imaging system: DICOM is spoken, DICOMweb, or what only archives speak."""
        return any(
            o.target.service is Service.DICOM and t.act is Act.SPEAK and t.verdict is Verdict.OPEN
            for o in self.observations
            for t in o.sighting.tries
        ) or any(_speaks_imaging(t) for o in self.observations for t in o.sighting.tries)

    @property
    def is_open_archive(self) -> bool:
        """Whether it is an imaging system that gives strangers data: a database that does, beside one that is closed,
        makes no open archive."""
        return self.is_archive and System(self.address, self._imaging).is_open

    @property
    def records(self) -> int:
        """Study records a stranger can list; of no archive that is open, what else he can. Two doors to one archive
        count once."""
        return max((counts.records or 0 for counts in self._counts), default=0)

    @property
    def images_linked(self) -> int:
        """Images those records speak of."""
        return max((counts.images or 0 for counts in self._counts), default=0)

    @property
    def has_records_counted(self) -> bool:
        """Whether `records` is a figure: they were counted, or no question is answered, so that none can be listed."""
        return not self._can_be_listed or any(counts.records is not None for counts in self._counts)

    @property
    def has_images_counted(self) -> bool:
        """Whether `images_linked` is a figure."""
        return not self._can_be_listed or any(counts.images is not None for counts in self._counts)

    @property
    def is_at_least(self) -> bool:
        """Whether there may be more than was counted."""
        return any(counts.is_at_least for counts in self._counts)

    @property
    def _can_be_listed(self) -> bool:
        return any(
            t.act in (Act.QUERY, Act.LIST) and t.verdict is Verdict.OPEN
            for o in self._counted
            for t in o.sighting.tries
        )

    @property
    def _counts(self) -> list[Counts]:
        return [o.sighting.counts for o in self._counted if o.sighting.counts is not None]

    @property
    def _counted(self) -> tuple[Observation, ...]:
        """The doors whose numbers are the system's: of an archive that is open, those to it."""
        return self._imaging if self.is_open_archive else self.observations

    @property
    def _imaging(self) -> tuple[Observation, ...]:
        return tuple(o for o in self.observations if _is_imaging(o))

    @property
    def images_accessible(self) -> int:
        """Images a stranger could have."""
        return self.images_linked if Rung.SERVES_IMAGES in self.rungs else 0

    @property
    def has_open_viewer(self) -> bool:
        """Whether a viewer or listing over HTTP stands open."""
        return any(
            t.how in ("viewer", "listing") and t.verdict is Verdict.OPEN
            for o in self.observations
            for t in o.sighting.tries
        )

    @property
    def software(self) -> Software:
        """The best proved of what was seen; of an archive, of its imaging doors: a database beside it is not it."""
        if self.is_archive:
            return _best(self._imaging)
        return _best(self.observations)

    def software_at(self, door: Observation) -> Software:
        """What runs behind one door: what it says itself, else what other doors of its kind say, else the system's."""
        beside = _best(o for o in self.observations if _kind(o) == _kind(door))
        own = door.sighting.software
        candidates = (own, beside, self.software)
        named = next((one for one in candidates if one.product), None)
        return named or next((one for one in candidates if one.toolkit), own)


def _speaks_imaging(attempt: Try) -> bool:
    """Whether it said yes or no as only archives do: what is in trouble may be anything."""
    return attempt.how in _IMAGING and attempt.verdict in (Verdict.OPEN, Verdict.CLOSED)


def _best(observations: Iterable[Observation]) -> Software:
    seen = (o.sighting.software for o in observations)
    return max(seen, key=lambda s: (bool(s.product), bool(s.version), bool(s.toolkit)), default=Software())


def _is_imaging(door: Observation) -> bool:
    """Whether what it says of itself may be of the archive: DICOM, or a web door that is nobody else's."""
    if door.target.service is not Service.HTTP:
        return door.target.service is Service.DICOM
    if any(t.how in _IMAGING for t in door.sighting.tries):
        return True
    return not any(t.how in _NEIGHBOURS and t.verdict is not Verdict.NOT_OFFERED for t in door.sighting.tries)


def _kind(door: Observation) -> str:
    return "imaging" if _is_imaging(door) else door.target.service.value


def systems_of(observations: Iterable[Observation]) -> list[System]:
    """The systems, by address, in the order they were first seen; addresses where nothing was reached are left out."""
    by_address: defaultdict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_address[observation.target.address].append(observation)
    systems = (System(address, tuple(seen)) for address, seen in by_address.items())
    return [system for system in systems if system.rung > Rung.NOTHING]
