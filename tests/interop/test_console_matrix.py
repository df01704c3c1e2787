"""Each page of the console × each kind of caller, drawn from the table of pages: none can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol_tls, ledger_rows, order, token
from helpers.console_people import ConsoleUser
from helpers.stow import STOW, form
from helpers.web_client import web
from leadglass.app.phantom import PhantomStudy, ct_series, uid
from leadglass.web.console import CONSOLE_ROUTES
from leadglass.web.console.route import ANYBODY, EVERYBODY, LEDGER_READERS, SEES_STUDIES, ConsoleRoute

STUDY = PhantomStudy(patient_name="Secret^Sally")
NAMED = {
    "study": STUDY.study_instance_uid,
    "frame": "1",
    "version": "any",
    "name": "console.css",
    "link": "x" * 43,
}
OPEN = {  # what those who are not signed in are answered on the pages that are theirs
    ("GET", "/assets/{version}/{name:path}"): 200,
    ("GET", "/sign-in"): 200,
    ("POST", "/sign-in"): 401,
    ("GET", "/sign-in/ended"): 200,
    ("POST", "/sign-in/passkey/begin"): 200,
    ("POST", "/sign-in/passkey/finish"): 401,
    ("GET", "/welcome/{link}"): 404,
    ("POST", "/welcome/{link}/code"): 404,
    ("POST", "/welcome/{link}/account"): 404,
    ("POST", "/welcome/{link}/passkey/begin"): 400,
    ("POST", "/welcome/{link}/passkey/finish"): 400,
}
PRIVATE = [route for route in CONSOLE_ROUTES if route.roles != ANYBODY]


@dataclass
class World:
    server: ArchiveServer
    clinician: ConsoleUser
    outsider: ConsoleUser
    auditor: ConsoleUser
    administrator: ConsoleUser
    instance: tuple[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with run_archive(tmp_path_factory.mktemp("matrix") / "home") as server:
        with web(server, token=token(server)) as sender:
            assert sender.post("/dicom-web/studies", content=form(ct_series(STUDY, slices=1, size=64)), headers=STOW)
            [image] = sender.get(f"/dicom-web/studies/{STUDY.study_instance_uid}/instances").json()
        people = (
            ConsoleUser(server, "clinician", "clinician"),
            ConsoleUser(server, "outsider", "clinician"),
            ConsoleUser(server, "auditor", "auditor"),
            ConsoleUser(server, "boss", "administrator"),
        )
        order(server, "grant add", to="user:clinician", allow=["query", "view"], studies="everything", why="test")
        order(server, "grant add", to="user:boss", allow=["query", "view"], studies="everything", why="to no avail")
        clinician, outsider, auditor, administrator = people
        instance = (image["0020000E"]["Value"][0], image["00080018"]["Value"][0])
        yield World(server, clinician, outsider, auditor, administrator, instance)
        for person in people:
            person.close()


def _address(route: ConsoleRoute, world: World, study: str = "") -> str:
    names = NAMED | dict(zip(("series", "instance"), world.instance, strict=True))
    names |= {"study": study} if study else {}
    return route.path.replace(":path}", "}").format(**names)


def _ask(person: ConsoleUser, route: ConsoleRoute, address: str) -> httpx2.Response:
    return person.get(address) if route.method == "GET" else person.post(address)


def _ids(route: ConsoleRoute) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", [one for one in CONSOLE_ROUTES if one.roles == ANYBODY], ids=_ids)
def test_pages_for_anybody(world: World, route: ConsoleRoute) -> None:
    with web(world.server, headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}) as stranger:
        address = _address(route, world)
        answer = stranger.get(address) if route.method == "GET" else stranger.post(address, data={"other": "field"})
    assert answer.status_code == OPEN[route.method, route.path]
    assert "Secret" not in answer.text


@pytest.mark.parametrize("route", PRIVATE, ids=_ids)
def test_strangers_are_shown_the_way_in(world: World, route: ConsoleRoute, tmp_path: Path) -> None:
    """Nobody without a session is: not by a cookie that means nothing, not by what opens DICOMweb."""
    evidence = {"Authorization": f"Bearer {token(world.server)}"}
    for headers in ({}, {"Cookie": "__Host-leadglass=" + "x" * 43}, {"Cookie": "__Host-leadglass="}, evidence):
        with web(world.server, headers={"Sec-Fetch-Site": "same-origin", **headers}) as stranger:
            page = stranger.request(route.method, _address(route, world), headers={"Accept": "text/html"})
            data = stranger.request(route.method, _address(route, world), headers={"Accept": "application/json"})
        assert page.status_code == 303
        assert page.headers["location"].startswith("/sign-in")
        assert data.status_code == 401
        assert "Secret" not in page.text + data.text


def test_certificates_open_no_page(world: World) -> None:
    files = enrol_tls(world.server, "WORKSTATION", "query", "retrieve")
    with web(world.server, certificate=files, headers={"Accept": "text/html"}) as device:
        assert device.get("/").headers["location"] == "/sign-in"


@pytest.mark.parametrize("route", [one for one in PRIVATE if one.path != "/sign-out"], ids=_ids)
def test_each_role_is_shown_its_own_pages(world: World, route: ConsoleRoute) -> None:
    of_study = "{study}" in route.path
    expected = {
        world.clinician: 200 if route.roles >= SEES_STUDIES else 403,
        world.outsider: (404 if of_study else 200) if route.roles >= SEES_STUDIES else 403,
        world.auditor: 200 if route.roles >= LEDGER_READERS or route.roles == EVERYBODY else 403,
        world.administrator: 403 if route.roles == SEES_STUDIES else 200,
    }
    for person, status in expected.items():
        answer = _ask(person, route, _address(route, world))
        assert answer.status_code == status, (person.username, answer.text)
        assert answer.headers["cache-control"] == "no-store"
        if person is not world.clinician:
            assert "Secret" not in answer.text


@pytest.mark.parametrize("route", [one for one in PRIVATE if "{study}" in one.path], ids=_ids)
def test_a_study_outside_the_grants_is_answered_like_none(world: World, route: ConsoleRoute) -> None:
    hidden = _ask(world.outsider, route, _address(route, world))
    absent = _ask(world.outsider, route, _address(route, world, uid("no such study")))
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    varying = {"date"}
    assert {name: value for name, value in hidden.headers.items() if name not in varying} == {
        name: value for name, value in absent.headers.items() if name not in varying
    }


def test_whoever_names_a_study_outside_their_grants_is_written_down(world: World) -> None:
    world.outsider.get(f"/studies/{STUDY.study_instance_uid}")
    refused = [row for row in ledger_rows(world.server, study=STUDY.study_instance_uid) if row["event"] == "refused"]
    assert any(row["who"] == "outsider" for row in refused)


@pytest.mark.parametrize(
    "path", ["/studies/1.2.3/../../devices", "/studies/..%2f..", "/studies/1..2", "/studies/x'\"<"]
)
def test_paths_that_play_tricks_lead_nowhere(world: World, path: str) -> None:
    assert world.clinician.get(path).status_code in (403, 404)


@pytest.mark.parametrize("route", [one for one in PRIVATE if one.method == "POST"], ids=_ids)
def test_forms_from_elsewhere_do_nothing(world: World, route: ConsoleRoute) -> None:
    """Without the token, with that of somebody else, and from another site."""
    person = world.administrator if route.roles == LEDGER_READERS else world.clinician
    address = _address(route, world)
    assert person.post_bare(address, other="field").status_code == 403
    assert person.post_bare(address, csrf=world.outsider.csrf).status_code == 403
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert person.post_bare(address, csrf=person.csrf, headers=headers).status_code == 403
    assert person.get("/").status_code == 200  # still signed in


def test_the_cookie_is_kept_from_scripts_and_other_sites(world: World) -> None:
    person = ConsoleUser(world.server, "leaver", "clinician")
    old = {"Cookie": f"__Host-leadglass={person.cookie}", "Accept": "text/html"}
    answer = person.post("/sign-out")
    assert answer.headers["location"] == "/sign-in/ended"
    taken_back = answer.headers["set-cookie"]
    assert all(word in taken_back for word in ("__Host-leadglass", "Secure", "HttpOnly", "SameSite=strict", "Path=/"))
    assert "Domain" not in taken_back
    with web(world.server) as thief:  # whoever kept the cookie has nothing
        assert thief.get("/", headers=old).status_code == 303
    person.close()


def test_the_console_answers_no_other_methods(world: World) -> None:
    for route in CONSOLE_ROUTES:
        other = "DELETE" if "{study}" in route.path else "PUT"
        with web(world.server, headers={"Cookie": f"__Host-leadglass={world.clinician.cookie}"}) as client:
            answer = client.request(other, _address(route, world), headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code in (403, 405), route.path
