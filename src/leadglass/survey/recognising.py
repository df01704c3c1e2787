"""The same archive at another address: by what it keeps when it moves.

A certificate is as good as a signature, unless the scope names two owners: products ship some. Without one, several
things must agree: whose it is, what runs there, and about as many records as before. Identical software alone says
nothing: two of five archives on the internet share theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leadglass.survey.observation import DicomFacts
from leadglass.survey.system import System

__all__ = ["Features", "features_of", "same_archive"]

_LESS: Final = 0.98
"""An archive that moves may have lost a few records, and goes on growing."""
_MORE: Final = 1.5
_FEW: Final = 100
"""Below so many records, a number that fits says little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What an archive keeps when it moves."""

    certificates: frozenset[str]  # fingerprints
    organisation: str
    software: str
    records: int


def features_of(system: System) -> Features:
    """The features of a system."""
    software = system.software
    named = [software.product, software.version, software.toolkit]
    for observation in system.observations:
        facts = observation.sighting.facts
        if isinstance(facts, DicomFacts):
            named += [facts.implementation_class_uid, facts.implementation_version_name]
    certificates = frozenset(
        handshake.certificate.fingerprint
        for observation in system.observations
        for handshake in observation.sighting.handshakes
        if handshake.certificate is not None
    )
    return Features(
        certificates=certificates,
        organisation=system.place.organisation,
        software="|".join(named) if any(named) else "",
        records=system.records,
    )


def same_archive(before: Features, after: Features) -> str:
    """Why the two are most likely one archive, in words; "" if nothing says so."""
    is_one_owner = before.organisation == after.organisation
    if before.organisation and after.organisation and not is_one_owner:
        return ""  # what two owners show alike came with the product
    if before.certificates & after.certificates:
        return "it shows the same certificate"
    if not before.organisation or not is_one_owner:
        return ""
    if not before.software or before.software != after.software:
        return ""
    if min(before.records, after.records) < _FEW or not _LESS <= after.records / before.records <= _MORE:
        return ""
    return f"the same organisation, the same software and about as many records ({after.records:,})"
