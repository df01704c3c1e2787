"""Web servers whose answers invite a wrong verdict."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from helpers.sightings import observation, system
from helpers.web_visits import Played, kept, replayed, verdicts, visit
from leadglass.range.law import Law
from leadglass.range.manners.web import NOT_FOUND, Reply, as_json, refusal
from leadglass.range.manners.web_dicomweb import DicomWeb
from leadglass.survey.observation import Act, Rung, Verdict
from leadglass.survey.services import Service
from leadglass.survey.system import System

LOGIN_PAGE = Reply(200, b"<title>Sign in</title><form><input type=password></form>")
NONE = as_json([], "application/dicom+json")
SEARCHED, ASKED_FOR_FILES = "/dicom-web/studies", "/dicom-web/studies/"
IN_TROUBLE = (429, 502, 503, 504)


def looked(replies: Mapping[str, Reply], otherwise: Reply = NOT_FOUND) -> Played:
    """A visit to a server that gives the reply of the longest path that fits."""

    class Server(DicomWeb):
        def answer(self, path: str, query: Mapping[str, str]) -> Reply:
            fits = [
                start
                for start in replies
                if path == start or (len(start) > 1 and start.endswith("/") and path.startswith(start))
            ]
            return replies[max(fits, key=len)] if fits else otherwise

    played = visit(Server, Law())
    assert replayed(played) == played.sighting
    return played


def said(played: Played) -> set[tuple[Act, str, Verdict]]:
    return verdicts(played.sighting)


def seen(played: Played) -> System:
    return system(observation(1, played.sighting, service=Service.HTTP))


def test_a_login_page_for_everything_is_no_answer_to_a_search() -> None:
    assert said(looked({}, otherwise=LOGIN_PAGE)) == {(Act.ENTER, "landing page", Verdict.CLOSED)}


def test_a_login_page_in_place_of_files_serves_no_images() -> None:
    played = looked({SEARCHED: NONE, ASKED_FOR_FILES: LOGIN_PAGE})
    assert (Act.QUERY, "QIDO-RS", Verdict.OPEN) in said(played)
    assert (Act.RETRIEVE, "WADO-RS", Verdict.UNCLEAR) in said(played)
    assert seen(played).rung is Rung.ANSWERS_QUERIES


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        (NOT_FOUND, Verdict.OPEN),
        (Reply(204), Verdict.OPEN),
        (Reply(200, b"--x--", 'multipart/related; type="application/dicom"; boundary=x'), Verdict.OPEN),
        (refusal("second"), Verdict.CLOSED),  # a name is asked for only now
        (Reply(302, headers=(("Location", "/login"),)), Verdict.CLOSED),
        (Reply(503), Verdict.UNCLEAR),
    ],
)
def test_files_are_judged_by_their_own_answer(files: Reply, verdict: Verdict) -> None:
    assert (Act.RETRIEVE, "WADO-RS", verdict) in said(looked({SEARCHED: NONE, ASKED_FOR_FILES: files}))


@pytest.mark.parametrize("empty", [NONE, Reply(204)])
def test_empty_lists_and_no_content_are_one_answer(empty: Reply) -> None:
    assert (Act.QUERY, "QIDO-RS", Verdict.OPEN) in said(looked({SEARCHED: empty}))


@pytest.mark.parametrize("everything", [NONE, Reply(204), as_json([{}])])
def test_who_finds_none_of_everything_is_not_believed(everything: Reply) -> None:
    played = looked({"/": Reply(200, b"<title>Welcome</title>")}, otherwise=everything)
    assert {verdict for act, _, verdict in said(played) if act is not Act.SPEAK} <= {Verdict.UNCLEAR}
    assert {sign.means for sign in played.sighting.signs} >= {"honeypot"}


@pytest.mark.parametrize("status", IN_TROUBLE)
def test_an_archive_in_trouble_says_neither_yes_nor_no(status: int) -> None:
    played = looked({"/": Reply(200, b"<title>Welcome</title>"), SEARCHED: Reply(status)})
    assert (Act.QUERY, "QIDO-RS", Verdict.UNCLEAR) in said(played)
    assert not seen(played).is_archive  # it may be anything
    assert (Act.ENTER, "landing page", Verdict.UNCLEAR) in said(looked({}, otherwise=Reply(status)))


PATIENTS = b'{"resourceType": "Bundle", "type": "searchset"%s, "link": [{"relation": "self"}], "entry": [' + b",".join(
    [b'{"resource": {"resourceType": "Patient", "name": [{"family": "Mark"}]}}'] * 500
)


@pytest.mark.parametrize(("total", "patients"), [(b', "total": 4711', 4711), (b"", None)])
def test_a_fhir_server_that_tells_more_than_was_asked_is_open_and_not_listened_to(
    total: bytes, patients: int | None
) -> None:
    told = Reply(200, (PATIENTS % total) + b"]}", "application/fhir+json")
    statement = as_json({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"})
    played = looked({"/fhir/metadata": statement, "/fhir/": told, "/": Reply(200, b"<title>Welcome</title>")})
    assert (Act.QUERY, "FHIR", Verdict.OPEN) in said(played)
    assert (played.sighting.counts.patients if played.sighting.counts else None) == patients
    assert not any(b"Mark" in kept(talk, heard) for talk, _, heard in played.calls)


def test_a_captive_portal_is_no_archive() -> None:
    portal = Reply(302, headers=(("Location", "http://portal.example.org/login"),))
    played = looked({}, otherwise=portal)
    assert said(played) == {(Act.ENTER, "landing page", Verdict.CLOSED)}
    assert not any("portal" in path for path in played.requests)
