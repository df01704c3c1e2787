"""Showing the ledger: names beside ids, starts and stops only when asked for, and looking is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from leadglass.app.configuration import Configuration
from leadglass.app.home import Home
from leadglass.app.house import House
from leadglass.app.verbs import perform
from leadglass.terms.errors import UserFault


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(Home(tmp_path / "home"), Configuration())
    yield house
    await house.close()


async def done(house: House, verb: str, **arguments: Any) -> Any:
    return await perform(house, verb, arguments, lambda done, total: None)


async def test_changes_are_entries_and_looking_is_one(house: House) -> None:
    await done(house, "device add", name="ct", ae_title="CT", networks=["192.0.2.1"])
    await done(house, "grant add", to="device:ct", allow=["query"], studies="everything", why="trial")
    first = await done(house, "ledger show")
    assert [entry["event"] for entry in first] == ["device-added", "grant-added"]
    assert first[1]["reason"] == "trial"
    assert "actions ," not in first[0]["what"]
    assert [entry["event"] for entry in await done(house, "ledger show", last=1)] == ["ledger-read"]


async def test_starts_are_shown_when_asked_for(house: House) -> None:
    assert len(await done(house, "ledger show", event="ledger-opened")) == 1
    assert await done(house, "ledger show") != []  # the look before this one


async def test_a_principal_may_be_written_by_name(house: House) -> None:
    await done(house, "user add", name="ann", roles=["clinician"])
    assert await done(house, "ledger show", principal="user:ann") == []
    with pytest.raises(UserFault):
        await done(house, "ledger show", principal="user:nobody")


async def test_grants_name_their_holders(house: House) -> None:
    device = await done(house, "device add", name="ct", ae_title="CT", networks=["192.0.2.1"], allow=["query"])
    await done(house, "grant add", to="device:ct", allow=["query"], studies="everything", why="trial")
    [grant] = await done(house, "grant list")
    assert (grant["to"], grant["holder"]) == ("device:ct", device["id"])
    [listed] = await done(house, "device list")
    assert listed["allow"] == ["echo", "query"]
