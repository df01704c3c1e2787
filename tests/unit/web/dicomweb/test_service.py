"""Finding the caller and the resource, in that order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route

from helpers.archive_world import ArchiveWorld
from helpers.asgi import ask
from leadglass.archive.archive import Archive, Caller
from leadglass.terms.principal import Action, Role
from leadglass.terms.visibility import Selector, SelectorKind
from leadglass.web.dicomweb.route import Route as Resource
from leadglass.web.dicomweb.service import ROUTES, DicomWeb

Ask = Callable[..., Awaitable[httpx2.Response]]
BODIES: list[bytes] = []


async def _said(request: Request, archive: Archive, caller: Caller) -> Response:
    del archive
    return Response(f"{request.url.path} {caller.principal.name} {request.path_params}")


async def _streamed(request: Request, archive: Archive, caller: Caller) -> Response:
    del request, archive, caller

    async def body() -> AsyncIterator[bytes]:
        BODIES.append(b"begun")
        yield b"body"

    return StreamingResponse(body(), headers={"ETag": '"1"'})


def _route(method: str, path: str, handler: Any = _said) -> Resource:
    return Resource(method, path, handler, Action.VIEW, "For a test.", ("text/plain",))


TABLE = (
    _route("GET", "/studies/{study}/first"),
    _route("GET", "/studies/{study}/{anything}"),
    _route("POST", "/studies/{study}/first"),
    _route("GET", "/streamed", _streamed),
    _route("GET", "/bulk/{study}/{path:path}"),
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    world = ArchiveWorld(tmp_path)
    yield world
    await world.close()


@pytest.fixture
async def asking(world: ArchiveWorld) -> Ask:
    """Asks as somebody with a token, unless `token` says otherwise."""
    everything = Selector(SelectorKind.EVERYTHING)
    text, _ = await world.registry.create_token("program", Role.SERVICE, timedelta(days=1), selector=everything)
    service = DicomWeb(world.archive, "https://localhost", TABLE)
    app = Starlette(routes=[Route("/dicom-web", service), Mount("/dicom-web", service)])

    async def ask_for(method: str, path: str, token: str = text) -> httpx2.Response:
        return await ask(app, method, "/dicom-web" + path, {"Authorization": f"Bearer {token}"} if token else {})

    return ask_for


@pytest.mark.parametrize("path", ["/", "/studies/1.2/first", "/nothing", "/studies/%00/first", "/openapi.json", ""])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "BREW"])
async def test_a_stranger_does_not_learn_what_there_is(asking: Ask, method: str, path: str) -> None:
    answer, usual = await asking(method, path, token=""), await asking("GET", "/", token="")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, usual.headers["www-authenticate"])
    assert answer.headers["content-length"] == usual.headers["content-length"]
    assert answer.content == (b"" if method == "HEAD" else usual.content)


async def test_the_first_of_two_that_match_counts(asking: Ask) -> None:
    assert "'study': '1.2'" in (await asking("GET", "/studies/1.2/first")).text
    assert "'anything': 'second'" in (await asking("GET", "/studies/1.2/second")).text
    assert "'path': 'a/b/c'" in (await asking("GET", "/bulk/1.2/a/b/c")).text


@pytest.mark.parametrize("uid", ["1.2.", "a", "1..2", "1.2%00", "1" * 65, "1.2%20", "-1"])
async def test_a_uid_in_a_path_is_a_uid(asking: Ask, uid: str) -> None:
    assert (await asking("GET", f"/studies/{uid}/first")).status_code == 400


@pytest.mark.parametrize("path", ["/nothing", "/studies", "/studies/1.2", "/studies/1.2/a/b", "//", "/studies//first"])
async def test_what_is_no_resource_is_not_found(asking: Ask, path: str) -> None:
    assert (await asking("GET", path)).status_code == 404


async def test_another_method_is_told_which_there_are(asking: Ask) -> None:
    answer = await asking("DELETE", "/studies/1.2/first")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    options = await asking("OPTIONS", "/studies/1.2/first")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (await asking("OPTIONS", "/")).content == (await asking("GET", "/")).content


async def test_a_head_has_no_body_and_none_is_made(asking: Ask) -> None:
    BODIES.clear()
    answer = await asking("HEAD", "/streamed")
    assert (answer.status_code, answer.headers["etag"], answer.content) == (200, '"1"', b"")
    assert not BODIES
    assert (await asking("GET", "/streamed")).content == b"body"
    assert BODIES


def test_no_route_of_the_service_is_hidden_by_an_earlier_one() -> None:
    service = DicomWeb(None, "https://localhost", ROUTES)  # type: ignore[arg-type]
    for route in service.routes:
        path = route.path.replace(":path}", "}")
        for name in ("study", "series", "instance", "frames", "path"):
            path = path.replace(f"{{{name}}}", "1")
        found = next(resource for resource in service._resources if resource.pattern.match(path))
        assert found.routes[route.method] is route, route.path
