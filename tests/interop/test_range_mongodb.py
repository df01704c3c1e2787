"""The simulated MongoDB server as a real client sees it, and the survey's verdict on it: Debian has no MongoDB to ask
instead."""

from __future__ import annotations

import asyncio
from functools import partial

import pymongo
import pytest
from pymongo.errors import OperationFailure

from helpers.neighbour_servers import visit
from helpers.neighbour_visits import verdicts
from helpers.practice_range import running
from leadglass.range.manners.mongodb import MongodbServer, SimulatedCollection
from leadglass.range.world import Door, SimulatedSystem, Truth, World
from leadglass.survey.level import Level
from leadglass.survey.observation import DatabaseFacts, Verdict
from leadglass.survey.services import Service

pytestmark = pytest.mark.interop

COLLECTIONS = (
    SimulatedCollection("clinic", "patients", 1_234, ("_id", "name", "dob", "aadhaar")),
    SimulatedCollection("clinic", "visits", 5, ("diagnosis",)),
)


def world(*, demands_login: bool) -> World:
    manner = partial(MongodbServer, collections=COLLECTIONS, demands_login=demands_login)
    return World("mongodb", [SimulatedSystem(address="127.0.0.1", doors=(Door(port=7, manner=manner),), truth=Truth())])


def asked_by_pymongo(port: int) -> tuple[str, list[str], list[str], int]:
    """Version, databases, collections and a count, as pymongo reads them."""
    with pymongo.MongoClient("127.0.0.1", port, serverSelectionTimeoutMS=10_000) as client:
        version = str(client.server_info()["version"])
        databases = client.list_database_names()
        collections = client["clinic"].list_collection_names()
        count = client["clinic"]["patients"].estimated_document_count()
        assert list(client["clinic"]["patients"].find({"_id": "2.25.1"}, limit=1)) == []
    return version, databases, collections, count


async def test_an_open_server() -> None:
    async with running(world(demands_login=False)) as (server, law):
        port = 7 + server.port_offset
        seen = await visit(Service.MONGODB, port, Level.KINDS)
        assert not law.above(Level.KINDS)
        version, databases, collections, count = await asyncio.to_thread(asked_by_pymongo, port)
    assert set(verdicts(seen).values()) == {Verdict.OPEN}
    assert isinstance(seen.facts, DatabaseFacts)
    assert [c.name for c in seen.facts.collections] == [f"clinic.{name}" for name in collections]
    assert "clinic" in databases
    assert seen.facts.collections[0].records == count == 1_234
    assert seen.software.version == version
    assert seen.kinds == ("birth date", "diagnosis", "name", "national id")


async def test_a_server_that_wants_to_know_who_asks() -> None:
    async with running(world(demands_login=True)) as (server, _):
        port = 7 + server.port_offset
        seen = await visit(Service.MONGODB, port, Level.KINDS)
        with pytest.raises(OperationFailure):
            await asyncio.to_thread(asked_by_pymongo, port)
    assert verdicts(seen) == {"speak": Verdict.OPEN, "enter": Verdict.CLOSED}
    assert isinstance(seen.facts, DatabaseFacts)
    assert seen.facts.asks_for_password is True
