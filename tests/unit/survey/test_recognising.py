"""Invariant: without a certificate, only several things that agree make one archive of two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.sightings import certificate, handshake, observation, system
from leadglass.net.conversing import Ending
from leadglass.survey.observation import Counts, DicomFacts, Sighting, Software
from leadglass.survey.recognising import Features, features_of, same_archive

BEFORE = Features(
    certificates=frozenset({"aa"}), organisation="Example Clinic", software="Orthanc|1.12.3", records=1000
)
UNCERTIFIED = replace(BEFORE, certificates=frozenset())


def test_a_certificate_is_as_good_as_a_signature() -> None:
    after = Features(certificates=frozenset({"aa", "bb"}), organisation="", software="", records=0)
    assert same_archive(BEFORE, after) == "it shows the same certificate"
    assert same_archive(BEFORE, replace(after, certificates=frozenset({"bb"}))) == ""


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        (100, 100, True),
        (99, 100, False),
        (100, 99, False),
        (99, 148, False),
        (1000, 980, True),
        (1000, 979, False),
        (1000, 1500, True),
        (1000, 1501, False),
    ],
)
def test_about_as_many_records(before: int, after: int, is_same: bool) -> None:
    why = same_archive(replace(UNCERTIFIED, records=before), replace(UNCERTIFIED, records=after))
    assert bool(why) is is_same
    assert not is_same or f"({after:,})" in why


@pytest.mark.parametrize(
    "other", [{"organisation": "Example Radiology"}, {"software": "Orthanc|1.12.4"}], ids=["organisation", "software"]
)
def test_whose_it_is_and_what_runs_there_must_agree(other: dict[str, str]) -> None:
    assert same_archive(UNCERTIFIED, UNCERTIFIED)
    assert same_archive(UNCERTIFIED, replace(UNCERTIFIED, **other)) == ""


@pytest.mark.parametrize("unknown", [{"organisation": ""}, {"software": ""}], ids=["organisation", "software"])
def test_what_is_not_known_agrees_with_nothing(unknown: dict[str, str]) -> None:
    nobody = replace(UNCERTIFIED, **unknown)
    assert same_archive(nobody, nobody) == ""


def test_features_are_those_of_all_doors() -> None:
    dicom = Sighting(
        ending=Ending.OVER,
        software=Software(product="Orthanc", version="1.12.3"),
        facts=DicomFacts(implementation_version_name="OFFIS_DCMTK_367"),
        counts=Counts(records=7),
        handshakes=(handshake(), handshake(certificate=None)),
    )
    web = Sighting(ending=Ending.OVER, handshakes=(handshake(certificate=certificate(fingerprint="cd" * 32)),))
    found = features_of(system(observation(1, dicom), observation(2, web)))
    assert found.certificates == {"ab" * 32, "cd" * 32}
    assert (found.organisation, found.records) == ("Example Clinic", 7)
    assert {"Orthanc", "1.12.3", "OFFIS_DCMTK_367"} <= set(found.software.split("|"))
    assert features_of(system(observation(1, Sighting(ending=Ending.OVER)))).software == ""


def test_a_certificate_that_two_owners_show_came_with_the_product() -> None:
    assert same_archive(BEFORE, replace(BEFORE, organisation="Example Radiology")) == ""
