"""WADO-RS studies and instances on doubles: what happens between the plan and the last byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Scope

from helpers.archive_world import ArchiveWorld, data_set
from leadglass.archive.archive import Caller
from leadglass.gate.ledger import Event
from leadglass.store.index.deletion import destroy_study
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.retrieval import objects_of
from leadglass.terms.errors import IntegrityFault, LedgerFault
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.retrieve import ROUTES
from leadglass.web.problems import NotAcceptable

STUDY = {"study": "1.2.1"}
SECOND = {"study": "1.2.1", "series": "1.2.1.1", "instance": "1.2.1.1.2"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    world = ArchiveWorld(tmp_path)
    scanner = await world.device()
    for number in (1, 2):
        await world.store(scanner, data_set(instance=f"1.2.1.1.{number}", InstanceNumber=str(number)))
    world.ledger.entries.clear()
    yield world
    await world.close()


def scope(method: str = "GET", accept: str = "", **parameters: str) -> Scope:
    headers = [(b"accept", accept.encode())] if accept else []
    return {
        "type": "http",
        "method": method,
        "path": "/",
        "query_string": b"",
        "headers": headers,
        "path_params": parameters,
    }


async def asked(world: ArchiveWorld, caller: Caller, said: Scope) -> Response:
    route = ROUTES[2 if "instance" in said["path_params"] else 0]
    return await route.handler(Request(said), world.archive, caller)


async def sent(answer: Response, into: list[Message]) -> bytes:
    """The body; `into` gets every message, also those before a fault."""

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async def send(message: Message) -> None:
        into.append(message)

    await answer(scope(), receive, send)
    return b"".join(message.get("body", b"") for message in into)


async def test_the_length_said_is_the_length_sent_and_each_object_is_counted(world: ArchiveWorld) -> None:
    caller = await world.reader(Action.VIEW)
    answer = await asked(world, caller, scope(**STUDY))
    assert not world.ledger.of(Event.EPISODE_OPENED)  # nor is anything read for a HEAD
    messages: list[Message] = []
    body = await sent(answer, messages)
    assert len(body) == int(answer.headers["content-length"])
    assert body.count(data_set(instance="1.2.1.1.1", InstanceNumber="1")) == 1
    assert body.index(b"1.2.1.1.1\0") < body.index(b"1.2.1.1.2\0")
    assert world.ledger.of(Event.EPISODE_OPENED)


async def test_without_the_ledger_nothing_is_sent(world: ArchiveWorld) -> None:
    answer = await asked(world, await world.reader(Action.VIEW), scope(**STUDY))
    world.ledger.broken = True
    messages: list[Message] = []
    with pytest.raises(LedgerFault):
        await sent(answer, messages)
    assert not messages


@pytest.mark.parametrize("place", [STUDY, SECOND])
async def test_what_was_deleted_since_the_plan_was_made_is_not_found(
    world: ArchiveWorld, place: dict[str, str]
) -> None:
    answer = await asked(world, await world.reader(Action.VIEW), scope(accept="*/*", **place))
    await destroy_study(world.archive.database, "1.2.1")
    messages: list[Message] = []
    await sent(answer, messages)
    assert messages[0]["status"] == 404


async def test_damage_in_the_second_part_cuts_the_answer_before_it(world: ArchiveWorld) -> None:
    caller = await world.reader(Action.VIEW)
    visibility = await world.archive.gate.visibility(caller.principal, Action.VIEW)
    objects = await world.archive.database.read(objects_of, QueryLevel.IMAGE, ["1.2.1.1.2"], visibility)
    world.journal.damage(objects[0].location)
    messages: list[Message] = []
    with pytest.raises(IntegrityFault):
        await sent(await asked(world, caller, scope(**STUDY)), messages)
    assert messages[0]["status"] == 200
    assert all(message.get("more_body", True) for message in messages)
    assert b"1.2.1.1.2\0" not in b"".join(message.get("body", b"") for message in messages)
    messages.clear()
    with pytest.raises(IntegrityFault):
        await sent(await asked(world, caller, scope(accept="application/dicom", **SECOND)), messages)
    assert not messages


async def test_a_study_is_not_one_file(world: ArchiveWorld) -> None:
    caller = await world.reader(Action.VIEW)
    with pytest.raises(NotAcceptable):
        await asked(world, caller, scope(accept="application/dicom", **STUDY))


async def test_a_syntax_that_is_named_is_given_or_refused(world: ArchiveWorld) -> None:
    implicit = "1.2.840.10008.1.2"
    caller = await world.reader(Action.VIEW)
    named = scope(accept=f"application/dicom; transfer-syntax={implicit}", **SECOND)
    with pytest.raises(NotAcceptable):  # the workers fail on cue
        await asked(world, caller, named)
    world.pixels.turned = data_set(pixels=b"turned..")
    answer = await asked(world, caller, named)
    assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={implicit}"
    assert bytes(answer.body).endswith(b"turned..")
