"""What runs at an address with several doors."""

from __future__ import annotations

from helpers.sightings import observation, system, tried
from leadglass.net.conversing import Ending
from leadglass.survey.comparing import FourCounts, compare, counts_of
from leadglass.survey.observation import Act, Counts, Observation, Sighting, Software, Try, Verdict
from leadglass.survey.rules import findings_of
from leadglass.survey.services import Service

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
