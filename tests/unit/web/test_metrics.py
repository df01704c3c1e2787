"""The metrics page: for service tokens, and without a word about anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from helpers.archive_world import ArchiveWorld
from helpers.asgi import ask
from leadglass.terms.principal import Action, Role
from leadglass.web.metrics import Counted, Metrics


async def _gauges() -> Mapping[str, float]:
    return {"open_connections": 3}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    world = ArchiveWorld(tmp_path)
    yield world
    await world.close()


def _app(world: ArchiveWorld) -> Starlette:
    metrics = Metrics(world.archive.gate, _gauges)

    async def page(request: object) -> PlainTextResponse:
        del request
        return PlainTextResponse("12345")

    routes = [Route("/metrics", metrics.page), Route("/things/{thing}", page, methods=["GET", "POST"])]
    return Starlette(routes=routes, middleware=[Middleware(Counted, metrics=metrics)])


async def _bearer(world: ArchiveWorld, role: Role) -> dict[str, str]:
    made, _ = await world.registry.create_token(
        f"a-{role}", role, timedelta(days=1), actions=frozenset({Action.VERIFY})
    )
    return {"Authorization": f"Bearer {made}"}


async def test_a_service_token_reads_it(world: ArchiveWorld) -> None:
    app, bearer = _app(world), await _bearer(world, Role.SERVICE)
    for thing in ("1.2.3", "Mustermann^Erika", "Mustermann^Erika"):
        await ask(app, "POST", f"/things/{thing}", content=b"123")
    await ask(app, "BREW", "/elsewhere/Mustermann")
    page = (await ask(app, path="/metrics", headers=bearer)).text
    assert 'leadglass_web_requests_total{method="POST",route="/things/{thing}",status="200"} 3.0' in page
    assert 'leadglass_web_requests_total{method="other",route="other",status="404"} 1.0' in page
    assert 'leadglass_web_sent_bytes_total{route="/things/{thing}"} 15.0' in page
    assert "leadglass_open_connections 3.0" in page
    assert "Mustermann" not in page
    assert "1.2.3" not in page


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMINISTRATOR, Role.AUDITOR])
async def test_other_tokens_do_not(world: ArchiveWorld, role: Role) -> None:
    answer = await ask(_app(world), path="/metrics", headers=await _bearer(world, role))
    assert answer.status_code == 403
    assert "leadglass" not in answer.text


async def test_strangers_do_not(world: ArchiveWorld) -> None:
    answer = await ask(_app(world), path="/metrics")
    assert answer.status_code == 401
    assert "leadglass_" not in answer.text
