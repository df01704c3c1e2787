"""The searches' handlers on memory doubles: arrays in one piece and in many, and what is said beside them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.requests import Request
from starlette.responses import Response

from helpers.archive_world import ArchiveWorld
from helpers.index_world import new
from leadglass.archive import searching
from leadglass.archive.archive import Caller
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import add_instances
from leadglass.terms.errors import LedgerFault, PeerViolation
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.search import ROUTES
from leadglass.web.problems import NotAcceptable

BY_PATH = {route.path: route for route in ROUTES}


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ArchiveWorld]:
    """Five studies, and pages of two."""
    monkeypatch.setattr(searching, "MAX_FIND_PAGE", 2)
    world = ArchiveWorld(tmp_path)
    await world.index.write(add_instances, [new(f"1.2.{n}", at=n, patient_id=f"P{n}") for n in range(5)])
    yield world
    await world.close()


async def ask(
    world: ArchiveWorld, caller: Caller, query: str = "", path: str = "/studies", accept: str = "", **within: str
) -> Response:
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": "/dicom-web",
        "query_string": query.encode(),
        "headers": [(b"accept", accept.encode())] if accept else [],
        "path_params": within,
        "app": SimpleNamespace(state=SimpleNamespace(public_url="https://archive")),
    }
    return await BY_PATH[path].handler(Request(scope), world.archive, caller)


async def sent(response: Response) -> list[bytes]:
    """The body, piece by piece as it goes out."""
    pieces: list[bytes] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and message.get("body"):
            pieces.append(message["body"])

    async def receive() -> Any:
        raise AssertionError("a search has no body")

    await response({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send)
    return pieces


def test_every_resource_of_the_standard_is_there() -> None:
    assert list(BY_PATH) == [
        "/studies",
        "/studies/{study}/series",
        "/studies/{study}/series/{series}/instances",
        "/studies/{study}/instances",
        "/series",
        "/instances",
    ]
    assert {(route.method, route.action) for route in ROUTES} == {("GET", Action.QUERY)}


async def test_one_page_goes_in_one_piece(world: ArchiveWorld) -> None:
    response = await ask(world, await world.reader(Action.QUERY), "limit=2")
    [piece] = await sent(response)
    assert response.headers["content-length"] == str(len(piece))
    assert [one["00100020"]["Value"] for one in json.loads(piece)] == [["P4"], ["P3"]]
    assert response.headers["warning"].startswith("299 https://archive/dicom-web: There are additional results")


async def test_many_pages_go_one_by_one_and_are_written_down_one_by_one(world: ArchiveWorld) -> None:
    response = await ask(world, await world.reader(Action.QUERY))
    assert "content-length" not in response.headers
    assert len(world.ledger.of(Event.QUERIED)) == 1
    pieces = await sent(response)
    assert len(pieces) == 4
    assert [one["00100020"]["Value"][0] for one in json.loads(b"".join(pieces))] == ["P4", "P3", "P2", "P1", "P0"]
    assert [entry.counts["answers"] for entry in world.ledger.of(Event.QUERIED)] == [2, 2, 1]
    assert "warning" not in response.headers


async def test_an_array_that_cannot_be_finished_is_left_open(world: ArchiveWorld) -> None:
    response = await ask(world, await world.reader(Action.QUERY))
    world.ledger.broken = True
    pieces: list[bytes] = []

    async def send(message: Any) -> None:
        pieces.append(message.get("body", b""))

    with pytest.raises(LedgerFault):
        await response({"type": "http", "asgi": {"spec_version": "2.4"}}, None, send)  # type: ignore[arg-type]
    assert not b"".join(pieces).endswith(b"]")
    with pytest.raises(json.JSONDecodeError):
        json.loads(b"".join(pieces))


@pytest.mark.parametrize(
    ("path", "within", "expected"),
    [
        ("/studies/{study}/series", {"study": "1.2.3"}, ["1.2.3.1"]),
        ("/studies/{study}/series/{series}/instances", {"study": "1.2.3", "series": "1.2.3.1"}, ["1.2.3.1.1"]),
        ("/studies/{study}/series/{series}/instances", {"study": "1.2.3", "series": "1.2.4.1"}, []),
        ("/studies/{study}/instances", {"study": "1.2.3"}, ["1.2.3.1.1"]),
    ],
)
async def test_what_the_path_names(world: ArchiveWorld, path: str, within: dict[str, str], expected: list[str]) -> None:
    response = await ask(world, await world.reader(Action.QUERY), path=path, **within)
    tag = "0020000E" if path.endswith("series") else "00080018"
    assert [one[tag]["Value"][0] for one in json.loads(b"".join(await sent(response)))] == expected
    assert response.status_code == 200


async def test_the_next_page_is_the_same_search(world: ArchiveWorld) -> None:
    query = "offset=1&PatientID=P%2A&limit=1&includefield=00081030,x&includefield=%22%3E%0D%0A"
    response = await ask(world, await world.reader(Action.QUERY), query)
    link = response.headers["link"]
    assert link.startswith("<?")
    assert link.endswith('>; rel="next"')
    asked = parse_qsl(link[2:].partition(">")[0])
    assert asked == [
        ("PatientID", "P*"),
        ("includefield", "00081030,x"),
        ("includefield", '">\r\n'),
        ("offset", "2"),
        ("limit", "1"),
    ]


async def test_a_list_of_a_thousand_uids_is_not_repeated_in_a_header(world: ArchiveWorld) -> None:
    uids = ",".join(f"1.2.{number}" for number in range(1000))
    response = await ask(world, await world.reader(Action.QUERY), f"limit=1&StudyInstanceUID={uids}")
    assert len(json.loads(bytes(response.body))) == 1
    assert "additional results" in response.headers["warning"]
    assert "link" not in response.headers


async def test_what_is_refused(world: ArchiveWorld) -> None:
    ann = await world.reader(Action.QUERY)
    with pytest.raises(NotAcceptable):
        await ask(world, ann, accept='multipart/related; type="application/dicom+xml"')
    with pytest.raises(PeerViolation, match="limit must be a number"):
        await ask(world, ann, "limit=%0D%0A")
    assert not world.ledger.of(Event.QUERIED)
    assert (await ask(world, await world.device())).status_code == 403
