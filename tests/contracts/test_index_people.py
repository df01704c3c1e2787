"""Second factors, passkeys, invitations and sessions, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from helpers.authenticator import Authenticator
from helpers.callers import NOW
from helpers.people_world import PASSWORD, PeopleWorld
from leadglass.gate.machine import MACHINE
from leadglass.gate.people import Session
from leadglass.gate.revision import Revision
from leadglass.store.index.database import Database
from leadglass.store.index.invitations import (
    InvitationRow,
    add_invitation,
    end_invitations_by,
    end_invitations_for,
    invitation_by_hash,
    list_invitations,
    use_invitation,
)
from leadglass.store.index.passkeys import PasskeyRow, passkey_by_credential, passkeys_of, use_passkey
from leadglass.store.index.people import (
    Enrolled,
    Enrolment,
    SecondFactorRow,
    change_password,
    clear_factors,
    disable_person,
    enrol,
    people_who_can_sign_in,
    person_by_name,
    use_code_step,
)
from leadglass.store.index.sessions import (
    SessionRow,
    add_session,
    end_session,
    session_by_hash,
    touch_session,
)
from leadglass.store.index.sqlcipher import SqlcipherDatabase
from leadglass.store.index.users import UserRow, add_user
from leadglass.terms.outcome import Refused

MINUTE = timedelta(minutes=1)
ANN = UserRow("usr-1", "ann", "hash", ("clinician",), "", NOW)
FACTOR = SecondFactorRow("usr-1", b"s" * 32, 7, NOW)
PASSKEY = PasskeyRow(b"\0credential\xff", "usr-1", b"cose", 3, ("hybrid", "internal"), "passkey", NOW, NOW)


def invitation(number: int = 1, **changes: Any) -> InvitationRow:
    row = InvitationRow(
        bytes([number]) * 32, f"inv-{number}", "account", ("clinician",), "", "machine", NOW, NOW + MINUTE
    )
    return replace(row, **changes)


def session(number: int = 1, **changes: Any) -> SessionRow:
    row = SessionRow(bytes([number]) * 32, "usr-1", "passkey", NOW, NOW, NOW + 60 * MINUTE)
    return replace(row, **changes)


async def test_an_invitation_is_used_once(database: Database) -> None:
    await database.write(add_invitation, invitation())
    assert await database.read(invitation_by_hash, b"\1" * 32) == invitation()
    assert await database.read(invitation_by_hash, b"\2" * 32) is None
    used = await asyncio.gather(*(database.write(use_invitation, b"\1" * 32, NOW) for _ in range(5)))
    assert sorted(used) == [False] * 4 + [True]
    assert await database.read(list_invitations) == [invitation(used_at=NOW)]


async def test_an_invitation_ends(database: Database) -> None:
    changes: list[dict[str, Any]] = [{}, {"invited_by": "first-start"}, {"username": "ann"}, {"used_at": NOW}]
    for number, one in enumerate(changes, 1):
        await database.write(add_invitation, invitation(number, **one))
    assert await database.write(use_invitation, b"\1" * 32, NOW + MINUTE) is False  # too late
    assert await database.write(end_invitations_by, "first-start", NOW) == 1
    assert await database.write(end_invitations_for, "ann", NOW) == 1
    for number, good in ((1, True), (2, False), (3, False), (4, False)):
        assert await database.write(use_invitation, bytes([number]) * 32, NOW) is good


async def test_enrolling_is_all_or_nothing(database: Database) -> None:
    for number in (1, 2, 3):
        await database.write(add_invitation, invitation(number))
    first = Enrolment(b"\1" * 32, ANN, True, NOW, second_factor=FACTOR, passkey=PASSKEY)
    assert await database.read(people_who_can_sign_in) == []
    assert await database.write(enrol, replace(first, link_hash=b"\7" * 32)) is Enrolled.LINK_SPENT
    assert await database.read(person_by_name, "ann") is None
    assert await database.write(enrol, first) is Enrolled.DONE
    assert await database.read(person_by_name, "ann") == (ANN, FACTOR)
    assert await database.read(passkey_by_credential, PASSKEY.credential_id) == (PASSKEY, ANN)
    assert await database.read(people_who_can_sign_in) == [ANN]
    assert await database.write(enrol, replace(first, link_hash=b"\2" * 32)) is Enrolled.NAME_TAKEN
    bob = replace(ANN, id="usr-2", username="bob")
    again = Enrolment(b"\2" * 32, bob, True, NOW, passkey=replace(PASSKEY, user_id="usr-2"))
    assert await database.write(enrol, again) is Enrolled.PASSKEY_KNOWN
    assert await database.write(use_invitation, b"\2" * 32, NOW)  # neither had used it up
    changed = replace(first, link_hash=b"\3" * 32, is_new=False, passkey=None, user=replace(ANN, password_hash="new"))
    newer = replace(changed, second_factor=replace(FACTOR, seed=b"t" * 32))
    assert await database.write(enrol, newer) is Enrolled.DONE
    assert await database.read(person_by_name, "ann") == (changed.user, newer.second_factor)


async def test_a_code_step_is_taken_once(database: Database) -> None:
    await database.write(add_invitation, invitation())
    await database.write(enrol, Enrolment(b"\1" * 32, ANN, True, NOW, second_factor=FACTOR))
    taken = await asyncio.gather(*(database.write(use_code_step, "usr-1", 8) for _ in range(5)))
    assert sorted(taken) == [False] * 4 + [True]
    for step, good in ((7, False), (8, False), (9, True), (10**10, True)):
        assert await database.write(use_code_step, "usr-1", step) is good
    assert await database.write(use_code_step, "usr-2", 8) is False


async def test_a_passkey_is_used_once_a_challenge(database: Database) -> None:
    await database.write(add_invitation, invitation())
    await database.write(enrol, Enrolment(b"\1" * 32, ANN, True, NOW, passkey=PASSKEY))
    key = PASSKEY.credential_id
    assert await database.write(use_passkey, key, 3, 4, NOW, NOW + MINUTE) is False  # not younger than the last use
    assert await database.write(use_passkey, key, 2, 4, NOW + MINUTE, NOW + MINUTE) is False  # somebody was faster
    used = [database.write(use_passkey, key, 3, 3, NOW + MINUTE, NOW + 2 * MINUTE) for _ in range(5)]
    assert sorted(await asyncio.gather(*used)) == [False] * 4 + [True]
    [kept] = await database.read(passkeys_of, "usr-1")
    assert kept == replace(PASSKEY, last_used_at=NOW + 2 * MINUTE)


async def test_sessions(database: Database) -> None:
    await database.write(add_user, ANN)
    await database.write(add_session, session(9, expires_at=NOW), 3)  # expired by the time the next begins
    for number in (1, 2, 3, 4):
        later = NOW + number * MINUTE
        await database.write(add_session, session(number, created_at=later, last_seen_at=later), 3)
    assert await database.read(session_by_hash, b"\x09" * 32) is None
    oldest = await database.read(session_by_hash, b"\1" * 32)
    assert oldest is not None
    assert oldest[0].ended_at == NOW + 4 * MINUTE
    assert oldest[1] == ANN
    await database.write(touch_session, b"\2" * 32, NOW + 9 * MINUTE)
    await database.write(touch_session, b"\2" * 32, NOW + 8 * MINUTE)
    second = await database.read(session_by_hash, b"\2" * 32)
    assert second is not None
    assert (second[0].last_seen_at, second[0].ended_at) == (NOW + 9 * MINUTE, None)
    assert await database.write(end_session, b"\2" * 32, NOW) is True
    assert await database.write(end_session, b"\2" * 32, NOW) is False
    assert await database.read(session_by_hash, b"\7" * 32) is None


async def test_what_ends_with_an_account(database: Database) -> None:
    ends: dict[str, tuple[Any, ...]] = {
        "disabled": (disable_person,),
        "password": (change_password, "other"),
        "reset": (clear_factors,),
    }
    for name, (end, *arguments) in ends.items():
        user = replace(ANN, id=f"usr-{name}", username=name)
        at = ord(name[0])
        await database.write(add_invitation, invitation(at))
        await database.write(add_invitation, invitation(at + 100, username=name))
        factor, passkey = replace(FACTOR, user_id=user.id), replace(PASSKEY, user_id=user.id, credential_id=bytes([at]))
        await database.write(enrol, Enrolment(bytes([at]) * 32, user, True, NOW, factor, passkey))
        await database.write(add_session, session(at, user_id=user.id), 3)
        assert await database.write(end, name, *arguments, NOW) is True
        assert await database.write(end, "nobody", *arguments, NOW) is False
        found = await database.read(session_by_hash, bytes([at]) * 32)
        assert found is not None
        assert found[0].ended_at == NOW
        assert await database.write(use_invitation, bytes([at + 100]) * 32, NOW) is False
        assert bool(await database.read(passkeys_of, user.id)) is (name != "reset")


async def test_people_from_link_to_sign_out(database: Database) -> None:
    world = PeopleWorld(database)
    first, secret = await world.with_code("ann")
    _, authenticator = await world.with_passkey("Zoë Œuvre")
    world.later(minutes=1)
    for signed_in in (await world.sign_in("ann", secret), await world.show(authenticator)):
        assert isinstance(signed_in, Session)
        assert await world.people.sign_out(signed_in.token) == signed_in.principal
    assert isinstance(await world.sign_in("ann", secret), Refused)
    await world.people.reset_factors("ann", 24, MACHINE)
    assert isinstance(await world.at_console(first.token), Refused)
    for username in ("a\0b", "'; DROP TABLE users; --", "%", "x" * 5000):
        assert isinstance(await world.people.sign_in(username, PASSWORD, "000000", "192.0.2.9"), Refused)
    link = await world.invite()
    both = [Authenticator(), Authenticator()]
    answers = [one.create(await world.people.begin_passkey(link, f"p{number}")) for number, one in enumerate(both)]
    results = await asyncio.gather(
        *(world.people.finish_passkey(link, f"p{number}", answer) for number, answer in enumerate(answers)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Session", "UserFault"]
    await world.close()


async def test_a_session_ended_by_a_second_program_ends_at_the_next_request(tmp_path: Path) -> None:
    """The server keeps sessions for a moment; the command line has the same database and the same revision file."""
    databases = [await SqlcipherDatabase.open(tmp_path / "index.db", b"K" * 32) for _ in range(2)]
    server, shell = [PeopleWorld(one, Revision(tmp_path / "revision")) for one in databases]
    session, _ = await server.with_code("ann")
    assert not isinstance(await server.at_console(session.token), Refused)
    await shell.registry.disable_user("ann")
    assert isinstance(await server.at_console(session.token), Refused)
    for world, one in zip((server, shell), databases, strict=True):
        await world.close()
        await one.close()
