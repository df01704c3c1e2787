"""The way in for the first people: until an administrator can sign in, each start makes it anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpers.authenticator import Authenticator
from leadglass.app.configuration import Configuration
from leadglass.app.first_links import HOURS, first_links
from leadglass.app.home import Home
from leadglass.app.house import House
from leadglass.app.verbs import perform
from leadglass.gate.machine import MACHINE
from leadglass.gate.people import Session
from leadglass.terms.principal import Role

URL = "https://localhost:8443"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(Home(tmp_path / "home"), Configuration())
    house.people.serve_at(URL)
    yield house
    await house.close()


def text_of(url: str) -> str:
    assert url.startswith(f"{URL}/welcome/")
    return url.rpartition("/")[2]


async def sign_up(house: House, url: str, name: str) -> Session:
    authenticator = Authenticator(origin=URL)
    options = await house.people.begin_passkey(text_of(url), name)
    session = await house.people.finish_passkey(text_of(url), name, authenticator.create(options))
    assert isinstance(session, Session)
    return session


async def test_two_links_until_there_is_an_administrator(house: House) -> None:
    [(_, first_boss), (_, first_doctor)] = first = await first_links(house, URL)
    assert [role for role, _ in first] == [Role.ADMINISTRATOR, Role.CLINICIAN]
    other = await house.people.invite({Role.AUDITOR}, 1, MACHINE)
    [(_, boss), (_, doctor)] = await first_links(house, URL)  # the next start
    for old in (first_boss, first_doctor):
        assert await house.people.invitation(text_of(old)) is None
    assert await house.people.invitation(other) is not None  # what an administrator made stays

    assert (await sign_up(house, doctor, "ann")).principal.roles == {Role.CLINICIAN}
    [(role, boss_again)] = await first_links(house, URL)
    assert role is Role.ADMINISTRATOR
    assert await house.people.invitation(text_of(boss)) is None
    assert (await sign_up(house, boss_again, "boss")).principal.roles == {Role.ADMINISTRATOR}
    assert await first_links(house, URL) == []


async def test_they_are_good_for_a_day(house: House) -> None:
    [(_, url), _] = await first_links(house, URL)
    invitation = await house.people.invitation(text_of(url))
    assert invitation is not None
    assert invitation.username == ""
    assert HOURS == 24


async def test_an_administrator_who_cannot_sign_in_is_none(house: House) -> None:
    await perform(house, "user add", {"name": "boss", "roles": ["administrator"]}, lambda done, total: None)
    assert len(await first_links(house, URL)) == 2


async def test_without_the_web_door_there_are_none(house: House) -> None:
    assert await first_links(house, "") == []
    entries = await perform(house, "ledger show", {}, lambda done, total: None)
    assert entries == []


async def test_the_ledger_tells_of_a_link_and_not_what_it_is(house: House) -> None:
    [(_, url), _] = await first_links(house, URL)
    [first, second] = await perform(house, "ledger show", {"event": "invited"}, lambda done, total: None)
    assert (first["who"], first["principal"], first["door"]) == ("first start", "first-start", "machine")
    assert "roles administrator" in first["what"]
    assert "roles clinician" in second["what"]
    written = b"".join(path.read_bytes() for path in house.home.path.rglob("*") if path.is_file())
    assert text_of(url).encode() not in written
