"""What a system most likely is, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpers.sightings import certificate, handshake, observation, system, tried
from leadglass.net.conversing import Ending
from leadglass.survey.finding import Reality
from leadglass.survey.observation import (
    Act,
    Counts,
    DicomFacts,
    HttpFacts,
    Observation,
    Sighting,
    Sign,
    Software,
    Try,
    Verdict,
)
from leadglass.survey.probes.dicom_signs import signs_of
from leadglass.survey.rules import confidence_of, counted, findings_of, fleets_of
from leadglass.survey.rules.confidence import network_of
from leadglass.survey.services import Service
from leadglass.survey.system import System
from leadglass.survey.target import Place

NOBODY = Place(country="DE")


def archive(address: str = "192.0.2.1", *, place: Place = NOBODY, **fields: Any) -> System:
    seen = Sighting(**({"ending": Ending.OVER, "tries": (tried(Act.SPEAK, "A-ASSOCIATE"),)} | fields))
    return system(observation(1, seen, address=address, place=place), address=address)


def signed(*signs: tuple[str, int]) -> System:
    return archive(signs=tuple(Sign(means=means, why=f"{means} {weight}", weight=weight) for means, weight in signs))


@pytest.mark.parametrize(
    ("signs", "reality"),
    [
        ([("honeypot", 3)], Reality.HONEYPOT),
        ([("honeypot", 1), ("honeypot", 2)], Reality.HONEYPOT),
        ([("fleet", 2), ("honeypot", 1)], Reality.HONEYPOT),
        ([("honeypot", 3), ("demo", 3), ("real", 3)], Reality.HONEYPOT),
        ([("honeypot", 2)], Reality.UNKNOWN),
        ([("honeypot", 2), ("real", 3)], Reality.UNKNOWN),
        ([("demo", 2)], Reality.DEMO),
        ([("demo", 1), ("test data", 2)], Reality.DEMO),
        ([("demo", 1), ("test data", 1), ("teaching", 1)], Reality.UNKNOWN),
        ([("honeypot", 1), ("fleet", 1), ("honeypot", 1)], Reality.UNKNOWN),
        ([("teaching", 3), ("honeypot", 2)], Reality.DEMO),
        ([("demo", 1)], Reality.UNKNOWN),
        ([("demo", 1), ("real", 3)], Reality.UNKNOWN),
        ([("real", 2)], Reality.REAL),
        ([("real", 1)], Reality.UNKNOWN),
        ([], Reality.UNKNOWN),
    ],
)
def test_signs_add_up(signs: list[tuple[str, int]], reality: Reality) -> None:
    confidence = confidence_of(signed(*signs))
    assert confidence.reality is reality
    assert confidence.reasons


def test_reasons_are_those_that_decided() -> None:
    assert confidence_of(signed(("honeypot", 3), ("real", 2))).reasons == ("honeypot 3",)
    assert confidence_of(signed(("honeypot", 2), ("real", 2))).reasons == ("honeypot 2", "real 2")
    assert confidence_of(signed()).reasons == ("nothing says what it is",)


def test_one_sign_seen_at_two_doors_counts_once() -> None:
    sign = Sign(means="honeypot", why="the same", weight=2)
    both = [observation(n, Sighting(ending=Ending.OVER, signs=(sign,)), port=n, place=NOBODY) for n in (1, 2)]
    assert confidence_of(system(*both)).reality is Reality.UNKNOWN


def test_the_scope_names_its_owner() -> None:
    owned = Place(organisation="Example Clinic")
    assert confidence_of(archive(place=owned)).reality is Reality.REAL
    assert confidence_of(archive(place=owned, tries=())).reality is Reality.UNKNOWN
    assert confidence_of(archive(place=owned, counts=Counts(records=1))).reality is Reality.UNKNOWN
    assert confidence_of(archive(place=owned, counts=Counts(records=0))).reality is Reality.UNKNOWN
    assert confidence_of(archive(place=owned, counts=Counts(records=900))).reasons[0] == "it holds 50 records or more"


def test_a_certificate_that_names_an_owner() -> None:
    assert confidence_of(archive(handshakes=(handshake(),))).reality is Reality.REAL
    for unsure in (certificate(is_self_signed=True), certificate(organisation=""), None):
        assert confidence_of(archive(handshakes=(handshake(certificate=unsure),))).reality is Reality.UNKNOWN


def test_many_records_alone_make_nothing_real() -> None:
    owned = Place(organisation="Example Clinic")
    assert confidence_of(archive(counts=Counts(records=900))).reality is Reality.UNKNOWN
    assert len(confidence_of(archive(place=owned, counts=Counts(records=50))).reasons) == 2
    assert len(confidence_of(archive(place=owned, counts=Counts(records=49))).reasons) == 1


def test_of_two_doors_the_one_with_more_records_counts() -> None:
    owned = Place(organisation="Example Clinic")
    for few in (0, 1):
        seen = [Sighting(ending=Ending.OVER, counts=Counts(records=records)) for records in (few, 900)]
        speaks = replace(seen[0], tries=(tried(Act.SPEAK, "A-ASSOCIATE"),))
        both = system(observation(1, speaks, port=104, place=owned), observation(2, seen[1], port=105, place=owned))
        assert confidence_of(both).reality is Reality.REAL


def with_page(
    address: str, page: str = "", digest: str = "ab", port: int = 443, dicom: bool = True, tries: tuple[Try, ...] = ()
) -> System:
    facts = HttpFacts(status=200, page=page, body_digest=digest)
    seen: list[Observation] = []
    if dicom:
        seen += archive(address, facts=DicomFacts(association="accepted")).observations
    web = Sighting(ending=Ending.OVER, facts=facts, tries=tries)
    seen.append(observation(2, web, address=address, port=port, service=Service.HTTP, place=NOBODY))
    return system(*seen, address=address)


UNRELATED = ["192.0.2.1", "198.51.100.1", "203.0.113.1"]


@pytest.mark.parametrize(
    ("page", "port", "dicom", "reality"),
    [
        ("Citrix login", 443, True, Reality.HONEYPOT),
        ("nginx 404", 8042, False, Reality.HONEYPOT),
        ("", 443, True, Reality.UNKNOWN),
    ],
)
def test_a_fleet(page: str, port: int, dicom: bool, reality: Reality) -> None:
    systems = [with_page(address, page, port=port, dicom=dicom) for address in UNRELATED]
    (fleet,) = fleets_of(systems)
    assert fleet.addresses == frozenset(UNRELATED)
    for each in systems:
        confidence = confidence_of(each, [fleet])
        assert confidence.reality is reality
        assert f"3 systems in 3 networks show the same unrelated page at port {port}" in confidence.reasons


@pytest.mark.parametrize(
    "systems",
    [
        [with_page(address) for address in UNRELATED[:2]],
        [with_page(f"192.0.2.{n}") for n in range(1, 9)],  # neighbours
        [with_page(address, "Orthanc Explorer") for address in UNRELATED],  # the software's own
        *(
            [with_page(address, "nginx 404", port=port) for address in UNRELATED]
            for port in (80, 443, 8000, 8080, 8443)
        ),
        [with_page(address, tries=(tried(Act.QUERY, "QIDO-RS", Verdict.CLOSED),)) for address in UNRELATED],
        [with_page(address, dicom=False) for address in UNRELATED],
        [with_page(address, digest=address) for address in UNRELATED],
        [with_page(address, port=port) for port, address in enumerate(UNRELATED)],
        [with_page(address, digest="") for address in UNRELATED],
        [archive(address, facts=DicomFacts(implementation_version_name="OFFIS_DCMTK_367")) for address in UNRELATED],
    ],
)
def test_no_fleet(systems: list[System]) -> None:
    assert fleets_of(systems) == ()


def test_neighbourhoods() -> None:
    assert network_of("192.0.2.1") == network_of("192.0.255.1") != network_of("192.1.2.1")
    assert network_of("2001:db8::1") == network_of("2001:db8:ffff::1") != network_of("2001:db9::1")


def test_what_counts_and_nothing_dropped() -> None:
    trap, show, plain = archive("192.0.2.1"), archive("198.51.100.1"), archive("203.0.113.1")
    trap = archive("192.0.2.1", signs=(Sign(means="honeypot", why="x", weight=3),), tries=(tried(Act.QUERY, "C-FIND"),))
    show = archive("198.51.100.1", signs=(Sign(means="demo", why="x", weight=3),))
    assert counted([trap, show, plain]) == [plain]
    assert {f.address for f in findings_of([trap, show, plain])} == {"192.0.2.1"}
    (finding,) = findings_of([trap])
    assert finding.confidence.reality is Reality.HONEYPOT


def test_a_toolkit_for_research_is_seldom_an_archive() -> None:
    owned = Place(organisation="Example Clinic")
    toolkit = Software(toolkit="pynetdicom 3.0.4")
    spoken = (tried(Act.SPEAK, "A-ASSOCIATE"), tried(Act.ENTER, "A-ASSOCIATE"))
    one = archive(place=owned, software=toolkit, tries=spoken)
    assert confidence_of(one).reality is Reality.UNKNOWN
    assert confidence_of(archive(place=owned, software=Software(toolkit="DCMTK 3.6.7"))).reality is Reality.REAL
    product = Software(product="Some archive", toolkit="pynetdicom 3.0.4")
    assert confidence_of(archive(place=owned, software=product, tries=spoken)).reality is Reality.REAL
    seen = one.observations[0].sighting
    twice = "pynetdicom 3.0.4 at 2 ports at once, as honeypots have it"
    both = confidence_of(system(*(observation(n, seen, port=n, place=owned) for n in (4242, 4243))))
    assert both.reality is Reality.UNKNOWN
    assert both.reasons[0] == twice
    nobodys = confidence_of(system(*(observation(n, seen, port=n, place=NOBODY) for n in (4242, 4243))))
    assert nobodys.reality is Reality.HONEYPOT
    collection = replace(seen, signs=(Sign(means="test data", why="of published collections", weight=3),))
    hawk = confidence_of(system(*(observation(n, collection, port=n, place=owned) for n in (4242, 4243))))
    assert hawk.reality is Reality.HONEYPOT
    well_known = replace(seen, signs=tuple(signs_of(DicomFacts(implementation_version_name="PYNETDICOM_304"), 104)))
    trap = confidence_of(system(*(observation(n, well_known, port=n, place=owned) for n in (104, 11112))))
    assert trap.reality is Reality.HONEYPOT
    assert trap.reasons[-1] == twice
    assert (
        confidence_of(archive(place=owned, software=Software(toolkit="go-dicom"), tries=spoken)).reality
        is not Reality.REAL
    )
    closed = replace(one.observations[0].sighting, tries=spoken[:1])
    assert confidence_of(system(*(observation(n, closed, port=n) for n in (104, 11112)))).reality is Reality.REAL
