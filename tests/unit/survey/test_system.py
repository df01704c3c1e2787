"""What stands open at an address with several doors, how much, and what runs there."""

from __future__ import annotations

import pytest

from helpers.sightings import observation, system, tried
from leadglass.net.conversing import Ending
from leadglass.survey.comparing import FourCounts, compare, counts_of
from leadglass.survey.observation import Act, Counts, Observation, Rung, Sighting, Software, Try, Verdict
from leadglass.survey.rules import findings_of
from leadglass.survey.services import Service
from leadglass.survey.system import systems_of

POSTGRESQL = Software(product="PostgreSQL", version="16.1", toolkit="")
ORTHANC = Software(product="Orthanc", version="1.12.3")


def door(port: int, service: Service, software: Software, *tries: Try, counts: Counts | None = None) -> Observation:
    seen = Sighting(ending=Ending.OVER, tries=tries, software=software, counts=counts)
    return observation(port, seen, address="192.0.2.1", port=port, service=service)


def dicom(software: Software) -> Observation:
    asked = tried(Act.SPEAK, "A-ASSOCIATE"), tried(Act.QUERY, "C-FIND")
    return door(104, Service.DICOM, software, *asked)


database = door(5432, Service.POSTGRESQL, POSTGRESQL, tried(Act.SPEAK, "PostgreSQL"), tried(Act.QUERY, "PostgreSQL"))
web = door(8042, Service.HTTP, ORTHANC, tried(Act.SPEAK, "landing page"), tried(Act.ENTER, "Orthanc REST"))
index = door(9200, Service.HTTP, Software(product="Elasticsearch", version="7.1"), tried(Act.LIST, "Elasticsearch"))


def advice(*doors: Observation) -> str:
    found = findings_of([system(*doors)])
    return next(one.advice for one in found if one.rule == "dicom-answers-strangers")


def test_a_database_beside_an_archive_is_not_the_archive() -> None:
    toolkit = Software(toolkit="DCMTK 3.6.7")
    assert system(dicom(toolkit), database, index).software == toolkit
    assert system(dicom(Software()), database).software == Software()
    assert system(database, index).software.product in {"PostgreSQL", "Elasticsearch"}


def test_each_door_is_named_by_what_is_behind_it() -> None:
    beside = system(dicom(Software(toolkit="DCMTK 3.6.7")), web, database, index)
    assert [beside.software_at(one).product for one in beside.observations] == [
        "Orthanc",
        "Orthanc",
        "PostgreSQL",
        "Elasticsearch",
    ]


def test_advice_is_of_the_software_at_that_door() -> None:
    toolkit = dicom(Software(toolkit="DCMTK 3.6.7"))
    assert "dcmqrscp.cfg" in advice(toolkit, database)
    assert "orthanc.json" in advice(toolkit, database, web)


CLOSED = door(
    104,
    Service.DICOM,
    Software(),
    tried(Act.SPEAK, "A-ASSOCIATE"),
    tried(Act.ENTER, "A-ASSOCIATE", Verdict.CLOSED, "rejected 1/1/7"),
)
FULL_INDEX = door(
    9200, Service.HTTP, Software(), tried(Act.LIST, "Elasticsearch"), counts=Counts(records=5_000_000, how="x")
)
OPEN = door(
    104,
    Service.DICOM,
    Software(),
    tried(Act.SPEAK, "A-ASSOCIATE"),
    tried(Act.QUERY, "C-FIND"),
    tried(Act.RETRIEVE, "C-GET"),
    counts=Counts(records=24, images=700),
)


def test_an_open_database_beside_a_closed_archive_makes_no_open_archive() -> None:
    beside = system(CLOSED, FULL_INDEX)
    assert (beside.is_open, beside.is_archive, beside.is_open_archive) == (True, True, False)
    assert counts_of(beside) == FourCounts(others=1, other_records=5_000_000)


def test_documents_of_a_database_are_no_studies_of_the_archive_beside_it() -> None:
    assert counts_of(system(OPEN, FULL_INDEX)) == FourCounts(
        systems=1, records=24, images_linked=700, images_accessible=700
    )


def test_an_archive_that_was_closed_is_gone_though_a_database_still_stands_open() -> None:
    compared = compare([system(OPEN, FULL_INDEX)], [system(CLOSED, FULL_INDEX)], "country")
    assert compared.gone == ("192.0.2.1",)


def test_an_archive_that_only_its_own_rest_shows_is_one() -> None:
    rest = door(8042, Service.HTTP, ORTHANC, tried(Act.ENTER, "Orthanc REST"), tried(Act.QUERY, "Orthanc REST"))
    assert system(rest).is_open_archive


@pytest.mark.parametrize(
    ("act", "rung"),
    [
        (Act.SPEAK, Rung.SPEAKS),
        (Act.ENTER, Rung.ACCEPTS_STRANGERS),
        (Act.QUERY, Rung.ANSWERS_QUERIES),
        (Act.WORKLIST, Rung.ANSWERS_QUERIES),
        (Act.LIST, Rung.ANSWERS_QUERIES),
        (Act.RETRIEVE, Rung.SERVES_IMAGES),
        (Act.WRITE, Rung.ACCEPTS_WRITES),
    ],
)
def test_rungs_are_what_strangers_can_do(act: Act, rung: Rung) -> None:
    seen = system(door(104, Service.DICOM, Software(), tried(act, "C-FIND")))
    assert seen.rungs == {Rung.REACHABLE, rung}
    assert seen.rung is rung
    assert seen.is_open is (rung in (Rung.ANSWERS_QUERIES, Rung.SERVES_IMAGES))
    for verdict in (Verdict.CLOSED, Verdict.UNCLEAR, Verdict.NOT_OFFERED):
        refused = system(door(104, Service.DICOM, Software(), tried(act, "C-FIND", verdict)))
        assert refused.rungs == {Rung.REACHABLE}
        assert not refused.is_open


@pytest.mark.parametrize("ending", Ending)
def test_who_made_a_connection_is_reachable(ending: Ending) -> None:
    nobody = ending in (Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE)
    alone = observation(1, Sighting(ending=ending), address="192.0.2.1")
    assert system(alone).rung is (Rung.NOTHING if nobody else Rung.REACHABLE)
    assert bool(systems_of([alone])) is not nobody
    assert system(alone, OPEN).rungs == system(OPEN).rungs


def test_images_of_who_serves_none_are_linked_and_not_accessible() -> None:
    asked = tried(Act.SPEAK, "A-ASSOCIATE"), tried(Act.QUERY, "C-FIND")
    listed = system(door(104, Service.DICOM, Software(), *asked, counts=Counts(records=24, images=700)))
    assert (listed.images_linked, listed.images_accessible) == (700, 0)
    assert (system(OPEN).images_linked, system(OPEN).images_accessible) == (700, 700)


@pytest.mark.parametrize(
    ("counts", "known"),
    [
        (Counts(records=24, images=700), (True, True, False)),
        (Counts(records=0, is_at_least=True), (True, False, True)),
        (Counts(), (False, False, False)),
        (None, (False, False, False)),
    ],
)
def test_what_was_not_counted_is_said(counts: Counts | None, known: tuple[bool, bool, bool]) -> None:
    for act in (Act.QUERY, Act.LIST):
        asked = tried(Act.SPEAK, "A-ASSOCIATE"), tried(act, "C-FIND")
        seen = system(door(104, Service.DICOM, Software(), *asked, counts=counts))
        assert (seen.has_records_counted, seen.has_images_counted, seen.is_at_least) == known
    assert system(CLOSED).has_records_counted
    assert system(CLOSED).has_images_counted


@pytest.mark.parametrize("how", ["viewer", "listing"])
def test_viewers_and_listings_that_stand_open(how: str) -> None:
    assert system(door(80, Service.HTTP, Software(), tried(Act.ENTER, how))).has_open_viewer
    assert not system(door(80, Service.HTTP, Software(), tried(Act.ENTER, how, Verdict.CLOSED))).has_open_viewer
    assert not system(OPEN).has_open_viewer


@pytest.mark.parametrize("how", ["QIDO-RS", "WADO-RS", "Orthanc REST", "dcm4chee REST"])
def test_what_only_archives_speak_makes_one_though_it_is_refused(how: str) -> None:
    assert system(door(8042, Service.HTTP, Software(), tried(Act.QUERY, how, Verdict.CLOSED))).is_archive
    assert not system(door(8042, Service.HTTP, Software(), tried(Act.QUERY, "FHIR"))).is_archive


@pytest.mark.parametrize("how", ["FHIR", "Elasticsearch", "CouchDB", "S3"])
def test_a_neighbours_web_door_says_nothing_of_the_archive(how: str) -> None:
    beside = door(9200, Service.HTTP, Software(product="Some server", version="1"), tried(Act.ENTER, how))
    assert system(dicom(Software(toolkit="DCMTK 3.6.7")), beside).software.product == ""
    unrelated = door(80, Service.HTTP, ORTHANC, tried(Act.ENTER, "landing page"))
    assert system(dicom(Software(toolkit="DCMTK 3.6.7")), unrelated).software.product == "Orthanc"


def test_systems_are_addresses_in_the_order_they_were_seen() -> None:
    seen = [observation(n, OPEN.sighting, address=address) for n, address in enumerate(("b", "a", "b"))]
    assert [(one.address, len(one.observations)) for one in systems_of(seen)] == [("b", 2), ("a", 1)]


def test_two_doors_to_one_archive_count_once() -> None:
    fewer = door(11112, Service.DICOM, Software(), *OPEN.sighting.tries, counts=Counts(records=20, images=600))
    uncounted = door(2762, Service.DICOM, Software(), *OPEN.sighting.tries, counts=Counts())
    both = system(fewer, OPEN, uncounted)
    assert (both.records, both.images_linked) == (24, 700)
    assert (system(uncounted).records, system(uncounted).images_linked) == (0, 0)
    assert (system(CLOSED).records, system(CLOSED).images_linked) == (0, 0)
