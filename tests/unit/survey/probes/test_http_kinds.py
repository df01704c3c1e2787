"""Level 4 on web ports: of which kinds of personal data records have something filled in, and not a byte of what."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from helpers.web_visits import Played, Pretender, kept, replayed, visit
from leadglass.range.law import Law
from leadglass.range.manner import Manner
from leadglass.range.manners.web_databases import CouchDb, Elasticsearch
from leadglass.range.manners.web_dcm4chee import Dcm4cheeWeb
from leadglass.range.manners.web_dicomweb import DicomWeb
from leadglass.range.manners.web_fhir import FhirServer
from leadglass.range.manners.web_orthanc import OrthancWeb
from leadglass.survey.level import Level
from leadglass.survey.observation import HttpFacts
from leadglass.survey.probes.http_kinds import SECOND, orthanc_kinds, patient_kinds, study_kinds
from leadglass.terms.ceilings import MAX_WEB_SAMPLES

NAME, BIRTH_DATE, COMMENTS, PHYSICIAN = 0x00100010, 0x00100030, 0x00104000, 0x00080090
SYSTEMS: dict[str, tuple[Callable[[Law], Manner], set[str]]] = {
    "DICOMweb": (partial(DicomWeb, studies=9, attributes=(NAME, COMMENTS)), {"name", "notes"}),
    "DICOMweb, all blank": (partial(DicomWeb, studies=9), set()),
    "DICOMweb, no studies": (partial(DicomWeb, attributes=(NAME,)), set()),
    "DICOMweb, closed": (partial(DicomWeb, refuses=401, studies=9, attributes=(NAME,)), set()),
    "dcm4chee": (partial(Dcm4cheeWeb, studies=9, attributes=(BIRTH_DATE, PHYSICIAN)), {"birth date", "physician"}),
    "Orthanc": (partial(OrthancWeb, studies=9, attributes=(NAME, PHYSICIAN)), {"name", "physician"}),
    "Orthanc without DICOMweb": (
        partial(OrthancWeb, studies=2, attributes=(BIRTH_DATE,), has_dicomweb=False),
        {"birth date"},
    ),
    "FHIR": (partial(FhirServer, counts={"Patient": 9}, elements=("birthDate", "telecom")), {"birth date", "contact"}),
    "CouchDB": (partial(CouchDb, databases={"a": 9}, fields=("diagnosis", "ssn")), {"diagnosis", "national id"}),
    "Elasticsearch": (partial(Elasticsearch, indexes={"a": 9}, fields=("patient_name",)), {"name"}),
}
TWO_STUDIES = (
    b'[{"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^Anna"}]}} ,\n {"00100030":{"vr":"DA","Value":["19700101"]}}]'
)


def visited(manner: Callable[[Law], Manner], law: Law, level: Level = Level.KINDS) -> Played:
    return visit(manner, law, port=8042, level=level)


def kinds_in(played: Played) -> set[str]:
    facts = played.sighting.facts
    assert isinstance(facts, HttpFacts)
    return {*played.sighting.kinds, *(kind for collection in facts.collections for kind in collection.kinds)}


@pytest.mark.parametrize("name", SYSTEMS)
def test_kinds_are_what_is_filled_in(name: str) -> None:
    manner, expected = SYSTEMS[name]
    law = Law()
    assert kinds_in(visited(manner, law)) == expected
    assert law.above(Level.KINDS) == {}
    assert sum(count for (level, _), count in law.asked.items() if level == Level.KINDS) <= MAX_WEB_SAMPLES


@pytest.mark.parametrize("name", SYSTEMS)
def test_below_level_4_nothing_of_it_is_asked(name: str) -> None:
    manner, _ = SYSTEMS[name]
    law = Law()
    assert kinds_in(visited(manner, law, Level.COUNTS)) == set()
    assert law.above(Level.COUNTS) == {}


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_value_is_kept_and_what_is_kept_says_the_same(name: str) -> None:
    manner, _ = SYSTEMS[name]
    played = visited(manner, Law())
    on_disk = b"".join(kept(talk, heard) for talk, _, heard in played.calls) + repr(played.sighting).encode()
    assert b"EXAMPLE" not in on_disk
    assert b"1900" not in on_disk
    assert replayed(played, port=8042, level=Level.KINDS) == played.sighting


@pytest.mark.parametrize("portion", [1, 13, 1 << 20])
def test_a_server_that_answers_more_than_one_study_is_cut_off_at_the_second(portion: int) -> None:
    class Endless(DicomWeb):
        """Heeds no limit."""

        def received(self, data: bytes) -> list[bytes]:  # type: ignore[override]
            answers = [bytes(part) for part in super().received(data) if isinstance(part, bytes)]
            if b"limit=1&offset" not in data:
                return answers
            return [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (1 << 20),
                TWO_STUDIES,
                b"x" * 9000,
            ]

    played = visit(partial(Endless, studies=9), Law(), port=8042, level=Level.KINDS, portion=portion)
    assert kinds_in(played) == {"name"}
    assert replayed(played, port=8042, level=Level.KINDS) == played.sighting


def test_the_second_study_is_found_wherever_it_is_cut() -> None:
    second = TWO_STUDIES.index(b"\n {") + 2
    found = [SECOND.match(TWO_STUDIES[:end]) is not None for end in range(len(TWO_STUDIES) + 1)]
    assert found == [end > second for end in range(len(TWO_STUDIES) + 1)]


@pytest.mark.parametrize(("patients", "expected"), [(MAX_WEB_SAMPLES, {"name"}), (MAX_WEB_SAMPLES + 1, set())])
@pytest.mark.parametrize("portion", [7, 1 << 20])
def test_a_fhir_server_that_tells_of_more_patients_than_the_cap_is_not_listened_to(
    patients: int, expected: set[str], portion: int
) -> None:
    entry = {"resource": {"resourceType": "Patient", "name": [{"family": "Doe"}]}}
    body = json.dumps({"resourceType": "Bundle", "entry": [entry] * patients}).encode()

    class Telling(FhirServer):
        """Heeds no number."""

        def received(self, data: bytes) -> list[bytes]:  # type: ignore[override]
            if b"_elements" in data:
                return [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)]
            return [bytes(part) for part in super().received(data) if isinstance(part, bytes)]

    manner = partial(Telling, counts={"Patient": 9})
    played = visit(manner, Law(), port=8042, level=Level.KINDS, portion=portion)
    assert kinds_in(played) == expected
    assert replayed(played, port=8042, level=Level.KINDS) == played.sighting


def test_blank_is_not_there() -> None:
    blank = [{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "^^"}]}, "00100030": {"vr": "DA"}, "00100040": None}]
    assert json.loads(study_kinds(json.dumps(blank).encode())) == {"kinds": []}
    orthanc = [{"PatientMainDicomTags": {"PatientName": " ", "PatientID": "7"}, "MainDicomTags": {"StudyID": "9"}}]
    assert json.loads(orthanc_kinds(json.dumps(orthanc).encode())) == {"kinds": ["patient id"]}
    bundle = {
        "entry": [{"resource": {"resourceType": "Patient", "id": "7", "name": [{"family": ""}], "gender": "male"}}]
    }
    assert json.loads(patient_kinds(json.dumps(bundle).encode())) == {"kinds": ["sex"]}


def test_studies_that_are_no_patients_are_test_data() -> None:
    study = b'[{"00120062":{"vr":"CS","Value":["YES"]}}]'
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(study), study)

    class Published(DicomWeb):
        """Holds what was made anonymous."""

        def received(self, data: bytes) -> list[bytes]:  # type: ignore[override]
            if b"limit=1&offset" in data:
                return [answer]
            return [bytes(part) for part in super().received(data) if isinstance(part, bytes)]

    played = visited(partial(Published, studies=9), Law())
    assert "test data" in {sign.means for sign in played.sighting.signs}
    assert kinds_in(played) == set()


def test_nonsense_says_nothing() -> None:
    for body in (b"nonsense", b"[]", b"{}", b"[[[", b"null", b"7"):
        assert kinds_in(visited(lambda _, body=body: Pretender(b"HTTP/1.1 200 OK\r\n\r\n" + body), Law())) == set()
