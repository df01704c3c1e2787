"""People at the console: links, accounts, both ways of signing in, and every way that must not work."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from helpers.people_world import PeopleWorld
from leadglass.gate.people import Session
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Principal, PrincipalKind, Role, Strength


@pytest.fixture
async def world() -> AsyncIterator[PeopleWorld]:
    world = PeopleWorld()
    yield world
    await world.close()


async def test_an_account_with_password_and_code(world: PeopleWorld) -> None:
    first, secret = await world.with_code("ann")
    assert first.principal.strength is Strength.STRONG
    assert first.principal.kind is PrincipalKind.PERSON
    assert first.principal.roles == {Role.CLINICIAN}
    world.later(minutes=1)
    session = await world.sign_in("ann", secret)
    assert isinstance(session, Session)
    assert session.token != first.token
    assert await world.at_console(session.token) == session.principal
    assert await world.gate.session(session.token) == session
    assert await world.people.sign_out(session.token) == session.principal
    assert isinstance(await world.at_console(session.token), Refused)
    assert isinstance(await world.at_console(first.token), Principal)


async def test_an_account_with_a_passkey(world: PeopleWorld) -> None:
    first, authenticator = await world.with_passkey("pat")
    world.later(minutes=1)
    session = await world.show(authenticator)
    assert isinstance(session, Session)
    assert session.principal == first.principal
    assert session.principal.strength is Strength.STRONG
