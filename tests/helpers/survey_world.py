"""Systems as a survey would have seen them, without a survey: single ones, and a seeded world for reports."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from helpers import sightings
from leadglass.net.conversing import Certificate, Ending, Handshake, TlsOffer
from leadglass.survey.level import Level
from leadglass.survey.observation import (
    Act,
    Collection,
    Counts,
    DatabaseFacts,
    DicomFacts,
    HttpFacts,
    Observation,
    Sighting,
    Sign,
    Software,
    Try,
    Verdict,
)
from leadglass.survey.services import Service
from leadglass.survey.system import System
from leadglass.survey.target import Place, Target

__all__ = ["certificate", "database", "handshake", "seeded_systems", "sixty_days_later", "system"]

SEEN: Final = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)
_RETIRED, _MODERN = ("TLSv1", "AES128-SHA"), ("TLSv1.3", "TLS_AES_256_GCM_SHA384")


def certificate(fingerprint: str, *, organisation: str = "", days: int = 200, self_signed: bool = False) -> Certificate:
    """A certificate that ends `days` after the systems were seen."""
    return sightings.certificate(
        fingerprint=fingerprint,
        organisation=organisation,
        not_before=SEEN - timedelta(days=400),
        not_after=SEEN + timedelta(days=days),
        is_self_signed=self_signed,
    )


def handshake(shown: Certificate | None, *, retired: bool = False, cipher: str = "", asks: bool = False) -> Handshake:
    """One that came to an agreement."""
    version, suite = _RETIRED if retired else _MODERN
    return sightings.handshake(
        offer=TlsOffer.RETIRED if retired else TlsOffer.MODERN,
        version=version,
        cipher=cipher or suite,
        certificate=shown,
        asks_client_certificate=asks,
        demands_client_certificate=asks,
    )


def system(
    address: str = "192.0.2.1",
    *,
    place: Place | None = None,
    country: str = "DE",
    organisation: str = "",
    opened: bool = True,
    serves: bool = True,
    writes: bool = False,
    viewer: bool = False,
    records: int | None = 1000,
    images: int | None = 50_000,
    software: Software | None = None,
    handshakes: Sequence[Handshake] = (),
    kinds: Sequence[str] = (),
    signs: Sequence[Sign] = (),
    strangers: bool = True,
    number: int = 1,
) -> System:
    """An imaging archive at one address, seen at its DICOM port; with `viewer`, at a web port too."""
    tries = [_try(Act.SPEAK, "A-ASSOCIATE"), _try(Act.ENTER, "C-ECHO", opened or strangers)]
    tries += [_try(Act.QUERY, "C-FIND", opened), _try(Act.RETRIEVE, "C-GET", opened and serves)]
    tries += [_try(Act.WRITE, "C-STORE", writes)]
    software = software or Software(product="Orthanc", version="1.12.3", toolkit="DCMTK 3.6.8", proof="REST /system")
    counted = opened and records is not None
    dicom = Sighting(
        ending=Ending.OVER,
        tries=tuple(tries),
        facts=DicomFacts(association="accepted"),
        software=software,
        counts=Counts(records=records, images=images, how="C-FIND by date") if counted else None,
        kinds=tuple(kinds),
        signs=tuple(signs),
        handshakes=tuple(handshakes),
        speaks_tls=bool(handshakes),
    )
    place = place or Place(organisation=organisation, country=country)
    seen = [_observed(number, address, 2762 if handshakes else 11112, Service.DICOM, place, dicom)]
    if viewer:
        seen_there = (_try(Act.SPEAK, "landing page"), _try(Act.ENTER, "viewer"))
        page = Sighting(ending=Ending.OVER, tries=seen_there, facts=HttpFacts(status=200))
        seen.append(_observed(number + 1, address, 8042, Service.HTTP, place, page))
    return System(address, tuple(seen))


def database(address: str, *, place: Place, collections: Sequence[Collection], number: int = 1) -> System:
    """An open database of a neighbour's kind."""
    sighting = Sighting(
        ending=Ending.OVER,
        tries=(_try(Act.SPEAK, "Elasticsearch"), _try(Act.LIST, "Elasticsearch")),
        facts=DatabaseFacts(asks_for_password=False, collections=tuple(collections)),
        software=Software(product="Elasticsearch", version="7.10.2", proof="banner", is_end_of_life=True),
        counts=Counts(records=sum(one.records or 0 for one in collections), how="_cat/indices"),
        kinds=tuple(sorted({kind for one in collections for kind in one.kinds})),
        speaks_tls=False,
    )
    return System(address, (_observed(number, address, 9200, Service.HTTP, place, sighting),))


def _try(act: Act, how: str, opened: bool = True) -> Try:
    return Try(act=act, how=how, verdict=Verdict.OPEN if opened else Verdict.CLOSED)


def _observed(number: int, address: str, port: int, service: Service, place: Place, saw: Sighting) -> Observation:
    target = Target(address=address, port=port, service=service, level=Level.COUNTS, place=place)
    return Observation(
        number=number,
        target=target,
        seen_at=SEEN + timedelta(seconds=number / 50),
        source="probe",
        level=Level.COUNTS,
        sighting=saw,
        seconds_to_connect=0.02,
        evidence=f"{number:064x}",
    )


_COUNTRIES: Final = (
    *(("US", 34), ("IN", 17), ("TR", 13), ("BR", 12), ("ZA", 9), ("CN", 8), ("IT", 7), ("FR", 6), ("EC", 5)),
    *(("DE", 5), ("MY", 4), ("GB", 4), ("TH", 4), ("VE", 3), ("AU", 3), ("ES", 3), ("MX", 3), ("JP", 3)),
    *(("CH", 2), ("PL", 2), ("EG", 2), ("SG", 1), ("MT", 1), ("SK", 1), ("KE", 1)),
)
_STATES: Final = {
    "IN": ("Maharashtra", "Karnataka", "West Bengal", "Telangana", "Gujarat"),
    "US": ("California", "Texas", "Ohio", "New York"),
    "DE": ("Bavaria", "Hesse"),
}
_SOFTWARE: Final = (
    Software(product="Orthanc", version="1.12.3", toolkit="DCMTK 3.6.8", proof="REST /system"),
    Software(product="dcm4chee-arc-light", version="5.31.0", toolkit="dcm4che 5.31.0", proof="REST"),
    Software(toolkit="DCMTK 3.6.7", proof="implementation class UID"),
    Software(product="Conquest", version="1.5.0", proof="implementation version name"),
    Software(product="ClearCanvas", proof="implementation class UID", is_end_of_life=True),
    Software(),
)
_GOOD: Final = ("DE", "GB", "TH", "VE")
_UGLY: Final = ("US", "IN", "BR", "ZA", "EC")


def seeded_systems(seed: int = 20190914) -> list[System]:
    """About 150 archives in 25 countries, some open, some closed, some honeypots, and a few leaky databases."""
    chance = random.Random(seed)
    systems: list[System] = []
    for country, count in _COUNTRIES:
        for index in range(count):
            systems.append(_archive(chance, country, index, len(systems)))
    fields = ("birth date", "name", "national id")
    for index in range(3):
        place = Place(organisation="", country=("IN", "US", "BR")[index], state="")
        held = (Collection(name="patients", records=40_000 * (index + 1), kinds=fields),)
        systems.append(database(f"198.51.100.{200 + index}", place=place, collections=held, number=900 + index))
    return systems


def _archive(chance: random.Random, country: str, index: int, number: int) -> System:
    opened = index == 0 or chance.random() < 0.45
    records = int(chance.lognormvariate(9.2, 1.5))
    state = chance.choice(_STATES.get(country, ("",)))
    shown = certificate(f"{number:064x}", days=chance.choice((-30, 20, 300)), self_signed=chance.random() < 0.5)
    tls = [handshake(shown, retired=chance.random() < 0.4, asks=not opened)] if chance.random() < 0.12 else []
    honeypot = [Sign(means="honeypot", why="known honeypot class UID", weight=3)] if chance.random() < 0.04 else []
    return system(
        f"{'198.51.100' if number < 200 else '203.0.113'}.{number % 200 + 1}",
        place=Place(organisation=f"Example Clinic {number // 3 + 1}", country=country, state=state),
        opened=opened,
        serves=chance.random() < 0.7,
        writes=chance.random() < 0.3,
        viewer=opened and chance.random() < 0.1,
        records=records,
        images=records * chance.randint(8, 60),
        software=chance.choice(_SOFTWARE),
        handshakes=tls,
        kinds=("birth date", "name", "patient id", "sex") if opened else (),
        signs=honeypot,
        strangers=chance.random() < 0.5,
        number=number * 2 + 1,
    )


def sixty_days_later(systems: Sequence[System], seed: int = 20191114) -> list[System]:
    """The same world: some closed or gone, four countries dark, the ugly ones grown, one archive moved."""
    chance = random.Random(seed)
    later: list[System] = []
    moved = next(s for s in systems if s.is_archive and s.is_open and s.place.country == "BR")
    for one in systems:
        fate = chance.random()
        if (one.place.country in _GOOD and one.is_open) or (one.place.country in ("US", "TR", "CN") and fate < 0.2):
            continue
        address = "203.0.113.77" if one is moved else one.address
        growth = chance.uniform(1.3, 2.2) if one.place.country in _UGLY else 1.0
        later.append(_grown(one, address, 1.1 if one is moved else growth))
    place = Place(organisation="Example Imaging 90", country="NG")
    later.append(system("203.0.113.90", place=place, records=5200, images=99_000, number=950))
    return later


def _grown(one: System, address: str, growth: float) -> System:
    if not one.is_open or not one.is_archive:
        return System(address, one.observations)
    first = one.observations[0]
    return system(
        address,
        place=one.place,
        serves=one.images_accessible > 0,
        viewer=one.has_open_viewer,
        records=int(one.records * growth),
        images=int(one.images_linked * growth),
        software=one.software,
        handshakes=first.sighting.handshakes,
        kinds=first.sighting.kinds,
        signs=first.sighting.signs,
        number=first.number,
    )
