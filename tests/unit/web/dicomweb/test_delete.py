"""Deleting: done, refused to whoever sees the study, and unknown to everybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from helpers.archive_world import EVERYTHING, ArchiveWorld, data_set
from leadglass.archive.archive import Caller
from leadglass.gate.grants import Effect
from leadglass.gate.ledger import Event
from leadglass.store.index.facts import study_facts
from leadglass.terms.errors import LedgerFault
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Selector, SelectorKind
from leadglass.web.dicomweb.delete import ROUTES

ELSEWHERE = Selector(SelectorKind.STUDY, "1.2.999")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    world = ArchiveWorld(tmp_path)
    await world.store(await world.device(), data_set())
    yield world
    await world.close()


async def asked(
    world: ArchiveWorld, caller: Caller, study: str = "1.2.1", route: int = 0, if_match: bytes = b"*"
) -> Response:
    headers = [(b"if-match", if_match)]
    request = Request(
        {"type": "http", "method": "DELETE", "path": "/", "headers": headers, "path_params": {"study": study}}
    )
    return await ROUTES[route].handler(request, world.archive, caller)


async def is_there(world: ArchiveWorld) -> bool:
    return await world.archive.database.read(study_facts, "1.2.1") is not None


async def test_a_study_is_deleted_once(world: ArchiveWorld) -> None:
    caller = await world.reader(Action.DELETE)
    assert (await asked(world, caller)).status_code == 204
    assert not await is_there(world)
    assert (await asked(world, caller)).status_code == 404


async def test_on_a_condition_that_cannot_hold_nothing_is_deleted(world: ArchiveWorld) -> None:
    caller = await world.reader(Action.DELETE)
    for study in ("1.2.1", "1.2.77"):
        assert (await asked(world, caller, study, if_match=b'"some tag"')).status_code == 412
    assert await is_there(world)


async def test_whoever_sees_it_but_may_not_delete_it_is_told_so(world: ArchiveWorld) -> None:
    caller = await world.reader(Action.DELETE, selector=ELSEWHERE)
    await world.registry.add_grant(
        caller.principal.id, Effect.ALLOW, frozenset({Action.VIEW}), EVERYTHING, by="machine", why="care"
    )
    assert (await asked(world, caller)).status_code == 403
    assert await is_there(world)
    assert world.ledger.of(Event.REFUSED)
    assert (await asked(world, caller, "1.2.77")).status_code == 404


async def test_whoever_does_not_see_it_cannot_tell_it_from_none(world: ArchiveWorld) -> None:
    caller = await world.reader(Action.DELETE, selector=ELSEWHERE)
    hidden, absent = await asked(world, caller), await asked(world, caller, "1.2.77")
    assert hidden.status_code == absent.status_code == 404
    assert bytes(hidden.body) == bytes(absent.body)
    assert hidden.raw_headers == absent.raw_headers
    assert await is_there(world)


async def test_without_the_ledger_nothing_is_deleted(world: ArchiveWorld) -> None:
    caller = await world.reader(Action.DELETE)
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await asked(world, caller)
    assert await is_there(world)


@pytest.mark.parametrize("route", [1, 2])
async def test_parts_of_a_study_are_not_deleted(world: ArchiveWorld, route: int) -> None:
    answer = await asked(world, await world.reader(Action.DELETE), route=route)
    assert answer.status_code == 501
    assert await is_there(world)
