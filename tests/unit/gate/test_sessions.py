"""Sessions: three ends, hashes only, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from helpers.callers import CERTIFICATE, NOW
from helpers.people_world import ADDRESS, PASSWORD, PeopleWorld
from leadglass.gate.account import Account
from leadglass.gate.people import Session
from leadglass.gate.revision import Revision
from leadglass.gate.sessions import MAX_SESSIONS_OF_ONE_PERSON, SessionSettings
from leadglass.store.index.tables import invitations, sessions
from leadglass.terms.evidence import Door, Evidence
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Principal, Role, Strength


@pytest.fixture(params=["kept", "not kept"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PeopleWorld]:
    world = PeopleWorld(revision=Revision(tmp_path / "revision") if request.param == "kept" else None)
    yield world
    await world.close()


async def counts(world: PeopleWorld, session: Session) -> bool:
    found = await world.at_console(session.token)
    assert isinstance(found, Principal) or found.reason is RefusalReason.SESSION_ENDED
    return isinstance(found, Principal)


async def test_it_ends_when_nobody_uses_it(world: PeopleWorld) -> None:
    session, _ = await world.with_code()
    for _ in range(10):
        world.later(minutes=29)
        assert await counts(world, session)
    world.later(minutes=30)
    assert not await counts(world, session)


async def test_it_ends_after_half_a_day_however_busy(world: PeopleWorld) -> None:
    session, _ = await world.with_code()
    assert session.expires_at == NOW + timedelta(hours=12)
    for _ in range(47):
        world.later(minutes=15)
        assert await counts(world, session)
    world.later(minutes=15)
    assert not await counts(world, session)


async def test_a_server_that_starts_again_remembers_the_last_use(world: PeopleWorld) -> None:
    session, _ = await world.with_code()
    world.later(minutes=20)
    assert await counts(world, session)
    again = PeopleWorld(world.index)
    again.now = world.now
    again.later(minutes=29)
    assert await counts(again, session)
    again.later(minutes=30)
    assert not await counts(again, session)
    await again.close()


@pytest.mark.parametrize("end", ["disabled", "password", "sign out"])
async def test_it_ends_at_the_next_request(world: PeopleWorld, end: str) -> None:
    session, secret = await world.with_code()
    other, _ = await world.with_code("bob")
    world.later(minutes=1)
    second = await world.sign_in("ann", secret)
    assert isinstance(second, Session)
    assert await counts(world, session)
    if end == "disabled":
        await world.registry.disable_user("ann")
    elif end == "password":
        await world.registry.set_password("ann", await world.passwords.hash("another good password"))
    else:
        await world.people.sign_out(session.token)
    assert not await counts(world, session)
    assert await counts(world, second) is (end == "sign out")
    assert await counts(world, other)
    assert await world.people.sign_out(session.token) is None
    assert await world.gate.session(session.token) is None


async def test_signing_in_never_takes_up_an_old_session(world: PeopleWorld) -> None:
    """Session fixation: whatever cookie was there, the new one is another."""
    first, secret = await world.with_code()
    seen = {first.token}
    for _ in range(3):
        world.later(minutes=1)
        session = await world.sign_in("ann", secret)
        assert isinstance(session, Session)
        assert session.token not in seen
        assert session.csrf_token not in seen
        seen |= {session.token, session.csrf_token}


async def test_a_person_has_only_so_many(world: PeopleWorld) -> None:
    first, secret = await world.with_code()
    latest = []
    for _ in range(MAX_SESSIONS_OF_ONE_PERSON):
        world.later(seconds=30)
        session = await world.sign_in("ann", secret)
        assert isinstance(session, Session)
        latest.append(session)
    assert not await counts(world, first)
    assert all([await counts(world, session) for session in latest])


async def test_only_hashes_are_kept(world: PeopleWorld) -> None:
    link = await world.invite()
    session, _ = await world.with_code()
    with world.index.engine.begin() as conn:
        rows = repr([conn.execute(select(table)).all() for table in (sessions, invitations)])
    for secret in (session.token, session.csrf_token, link):
        assert secret not in rows
        assert secret not in repr((session, world.ledger.entries, Evidence(Door.CONSOLE, ADDRESS, session=secret)))
    assert len(session.token) == len(session.csrf_token) == 43


async def test_expired_rows_go(world: PeopleWorld) -> None:
    _, secret = await world.with_code()
    world.later(hours=13)
    await world.sign_in("ann", secret)
    assert world.index.read_all("sessions") == 1


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 43, "A" * 44, "é" * 43, "A" * 42 + "\n", "\ud800" * 43, "x" * 100_000]
)
async def test_texts_that_are_no_session(world: PeopleWorld, token: str) -> None:
    await world.with_code()
    found = await world.at_console(token)
    assert isinstance(found, Refused)
    assert found.reason is RefusalReason.SESSION_ENDED


async def test_a_session_counts_at_the_console_and_nothing_else_does_there(world: PeopleWorld) -> None:
    session, _ = await world.with_code()
    text, _ = await world.registry.create_token("robot", Role.SERVICE, timedelta(days=1))
    for door in (Door.HTTPS, Door.DICOM_TLS, Door.DICOM):
        found = await world.gate.identify(Evidence(door, ADDRESS, session=session.token))
        assert isinstance(found, Refused)
        assert found.reason is RefusalReason.IDENTITY_UNSUPPORTED
    for shown in (Evidence(Door.CONSOLE, ADDRESS, bearer_token=text), Evidence(Door.CONSOLE, ADDRESS, CERTIFICATE)):
        found = await world.gate.identify(shown)
        assert isinstance(found, Refused)
        assert found.reason is RefusalReason.NO_EVIDENCE


async def test_without_the_index_nobody_is_believed(world: PeopleWorld) -> None:
    session, _ = await world.with_code()
    world.later(minutes=2)
    world.index.broken = True
    found = await world.at_console(session.token)
    assert isinstance(found, Refused)
    assert found.reason is RefusalReason.IDENTITY_UNAVAILABLE
    assert await world.gate.session(session.token) is None
    assert await world.people.sign_in("ann", PASSWORD, "000000", ADDRESS) == Refused(
        RefusalReason.IDENTITY_UNAVAILABLE, "ann"
    )


@given(st.sets(st.sampled_from(list(Role)), min_size=1), st.sampled_from(list(Strength)))
def test_no_way_of_signing_in_yields_more_than_the_account_has(roles: set[Role], strength: Strength) -> None:
    account = Account("usr-1", "ann", "hash", frozenset(roles), "Ward 3")
    plain, signed_in = account.principal(), account.principal(strength)
    assert signed_in.actions == plain.actions
    assert (signed_in.roles, signed_in.kind, signed_in.groups) == (plain.roles, plain.kind, plain.groups)


async def test_how_long_is_configured() -> None:
    world = PeopleWorld(sessions=SessionSettings(idle=timedelta(minutes=1), absolute=timedelta(minutes=2)))
    session, _ = await world.with_code()
    for _ in range(2):
        world.later(seconds=59)
        assert await counts(world, session)
    world.later(seconds=2)
    assert not await counts(world, session)
    await world.close()
