"""People at the console: links, accounts, both ways of signing in, and every way that must not work."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from helpers.authenticator import Authenticator
from helpers.callers import over_tls, passcode
from helpers.people_world import ADDRESS, PASSWORD, PeopleWorld
from leadglass.gate.invitations import mint
from leadglass.gate.ledger import Event
from leadglass.gate.lockout import TRIES_PER_ACCOUNT_AND_ADDRESS, TRIES_PER_ADDRESS
from leadglass.gate.machine import MACHINE
from leadglass.gate.people import Purpose, Session
from leadglass.terms.errors import LedgerFault, UserFault
from leadglass.terms.outcome import Identified, RefusalReason, Refused
from leadglass.terms.principal import Principal, PrincipalKind, Role, Strength


@pytest.fixture
async def world() -> AsyncIterator[PeopleWorld]:
    world = PeopleWorld()
    yield world
    await world.close()


def reason(found: Session | Principal | Refused) -> RefusalReason:
    assert isinstance(found, Refused), found
    return found.reason


# --- the two ways -----------------------------------------------------------------------------------------------


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


async def test_a_passkey_that_does_not_count(world: PeopleWorld) -> None:
    """Synced passkeys always say 0 (WebAuthn §6.1.1)."""
    _, authenticator = await world.with_passkey("pat")
    authenticator.counts = False
    for _ in range(2):
        world.later(minutes=1)
        assert isinstance(await world.show(authenticator), Session)


async def test_everything_is_on_record(world: PeopleWorld) -> None:
    session, secret = await world.with_code("ann")
    await world.people.sign_out(session.token, ADDRESS)
    await world.people.sign_in("ann", "wrong", world.code(secret), ADDRESS)
    [invited] = world.ledger.of(Event.INVITED)
    [made] = world.ledger.of(Event.ACCOUNT_MADE)
    [signed_in] = world.ledger.of(Event.SIGNED_IN)
    [signed_out] = world.ledger.of(Event.SIGNED_OUT)
    [refused] = world.ledger.of(Event.REFUSED)
    assert (invited.principal, invited.detail["roles"]) == (MACHINE.id, "clinician")
    assert made.principal == signed_in.principal == signed_out.principal == session.principal.id
    assert signed_in.detail == {"method": "password and code"}
    assert (refused.door, refused.address, refused.reason) == ("console", ADDRESS, RefusalReason.UNKNOWN_USER)
    assert all(entry in world.ledger.durable for entry in (invited, made, signed_in, signed_out))
    said = repr(world.ledger.entries)
    assert secret not in said
    assert session.token not in said
    assert PASSWORD not in said


async def test_without_the_ledger_nobody_signs_in(world: PeopleWorld) -> None:
    _, secret = await world.with_code("ann")
    world.later(minutes=1)
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await world.sign_in("ann", secret)
    assert world.index.read_all("sessions") == 1


# --- what is wrong is never told --------------------------------------------------------------------------------


async def test_whatever_is_wrong_is_answered_alike_for_the_same_work(world: PeopleWorld) -> None:
    _, secret = await world.with_code("ann")
    await world.with_passkey("pat")
    await world.registry.add_user("bob", await world.passwords.hash(PASSWORD), frozenset({Role.CLINICIAN}))
    await world.registry.add_user("gone", await world.passwords.hash(PASSWORD), frozenset({Role.CLINICIAN}))
    await world.registry.disable_user("gone")
    world.later(minutes=1)
    right = world.code(secret)
    tries = [
        ("ann", "wrong password", right),
        ("ann", PASSWORD, "000000" if right != "000000" else "000001"),
        ("ann", PASSWORD, ""),
        ("ann", PASSWORD, "not a code"),
        ("Ann", PASSWORD, right),
        ("nobody", PASSWORD, right),
        ("pat", PASSWORD, right),  # has a passkey and no password
        ("pat", "", right),
        ("bob", PASSWORD, right),  # has a password and no second factor
        ("gone", PASSWORD, right),
        ("", "", ""),
        ("a\0b", "\ud800", "\ud800" * 6),
        ("x" * 5000, "x" * 5000, "٠١٢٣٤٥"),  # digits, but not of ASCII
    ]
    for number, (username, password, code) in enumerate(tries):
        checks, reads = world.passwords.checks, world.index.reads
        found = await world.people.sign_in(username, password, code, f"192.0.2.{number}")
        assert reason(found) is RefusalReason.UNKNOWN_USER, username
        assert world.passwords.checks - checks == 1, username
        assert world.index.reads - reads == 1, username
    assert isinstance(await world.sign_in("ann", secret), Session)  # and nothing of it used up the code


async def test_an_account_with_a_passkey_has_no_password_at_dicom_either(world: PeopleWorld) -> None:
    await world.with_passkey("pat")
    for number, password in enumerate(("", PASSWORD, "\0")):
        caller = over_tls(address=f"192.0.2.{number}", user_identity=passcode("pat", password))
        found = await world.gate.identify(caller)
        assert isinstance(found, Refused)
        assert found.reason is RefusalReason.UNKNOWN_USER


async def test_a_password_alone_is_still_enough_at_dicom(world: PeopleWorld) -> None:
    session, _ = await world.with_code("ann")
    found = await world.gate.identify(over_tls(calling=None, user_identity=passcode("ann", PASSWORD)))
    assert isinstance(found, Identified)
    assert found.principal.id == session.principal.id
    assert found.principal.strength is Strength.MEDIUM


async def test_a_service_account_does_not_sign_in(world: PeopleWorld) -> None:
    await world.registry.add_user("robot", await world.passwords.hash(PASSWORD), frozenset({Role.SERVICE}))
    with pytest.raises(UserFault, match="for a service"):
        await world.people.invite_account("robot", 24, MACHINE)


# --- codes ------------------------------------------------------------------------------------------------------


async def test_a_code_is_taken_once(world: PeopleWorld) -> None:
    _, secret = await world.with_code("ann")
    assert reason(await world.sign_in("ann", secret)) is RefusalReason.UNKNOWN_USER  # it made the account
    world.later(seconds=30)
    assert isinstance(await world.sign_in("ann", secret), Session)
    assert reason(await world.sign_in("ann", secret)) is RefusalReason.UNKNOWN_USER
    earlier = world.code(secret, -30)
    assert reason(await world.people.sign_in("ann", PASSWORD, earlier, ADDRESS)) is RefusalReason.UNKNOWN_USER
    world.later(seconds=30)
    assert isinstance(await world.sign_in("ann", secret), Session)


@pytest.mark.parametrize(("seconds", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
async def test_a_telephone_may_be_a_step_off(world: PeopleWorld, seconds: int, taken: bool) -> None:
    _, secret = await world.with_code("ann")
    world.later(hours=1)
    found = await world.people.sign_in("ann", PASSWORD, world.code(secret, seconds), ADDRESS)
    assert isinstance(found, Session) is taken


async def test_a_code_may_be_typed_with_a_space(world: PeopleWorld) -> None:
    _, secret = await world.with_code("ann")
    world.later(hours=1)
    code = world.code(secret)
    assert isinstance(await world.people.sign_in(" ann ", PASSWORD, f" {code[:3]} {code[3:]}", ADDRESS), Session)


# --- lockout ----------------------------------------------------------------------------------------------------


async def test_guessing_rests_also_for_codes_and_for_names_nobody_has(world: PeopleWorld) -> None:
    _, secret = await world.with_code("ann")
    world.later(hours=1)
    for username in ("ann", "nobody"):
        for _ in range(int(TRIES_PER_ACCOUNT_AND_ADDRESS)):
            found = await world.people.sign_in(username, PASSWORD, "000000", ADDRESS)
            assert reason(found) is RefusalReason.UNKNOWN_USER
        checks = world.passwords.checks
        assert reason(await world.sign_in(username, secret)) is RefusalReason.TOO_MANY_ATTEMPTS
        assert world.passwords.checks == checks
    assert isinstance(await world.people.sign_in("ann", PASSWORD, world.code(secret), "198.51.100.1"), Session)
    world.later(minutes=1, seconds=1)
    assert isinstance(await world.sign_in("ann", secret), Session)


async def test_guessing_at_dicom_counts_at_the_console(world: PeopleWorld) -> None:
    _, secret = await world.with_code("ann")
    world.later(hours=1)
    for _ in range(int(TRIES_PER_ACCOUNT_AND_ADDRESS)):
        assert world.lockout.try_once("ann", ADDRESS, world.now.timestamp())
    assert reason(await world.sign_in("ann", secret)) is RefusalReason.TOO_MANY_ATTEMPTS


async def test_wrong_passkeys_rest_too(world: PeopleWorld) -> None:
    _, authenticator = await world.with_passkey("pat")
    stranger = Authenticator(user_handle=authenticator.user_handle, credential_id=authenticator.credential_id)
    _, other = await world.with_passkey("quinn")
    for _ in range(int(TRIES_PER_ACCOUNT_AND_ADDRESS)):
        challenge_id, options = await world.people.begin_passkey_sign_in()
        found = await world.people.finish_passkey_sign_in(challenge_id, stranger.get(options), ADDRESS)
        assert reason(found) is RefusalReason.UNKNOWN_USER
    assert reason(await world.show(authenticator)) is RefusalReason.TOO_MANY_ATTEMPTS
    assert isinstance(await world.show(other), Session)
    world.later(minutes=5)
    assert isinstance(await world.show(authenticator), Session)


async def test_a_fault_counts_as_no_try(world: PeopleWorld) -> None:
    _, secret = await world.with_code("ann")
    _, authenticator = await world.with_passkey("pat")
    world.later(hours=1)
    challenge_id, options = await world.people.begin_passkey_sign_in()
    world.later(seconds=1)
    answer = authenticator.get(options)
    world.index.broken = True
    for _ in range(10):
        assert reason(await world.sign_in("ann", secret)) is RefusalReason.IDENTITY_UNAVAILABLE
        found = await world.people.finish_passkey_sign_in(challenge_id, answer, ADDRESS)
        assert reason(found) is RefusalReason.IDENTITY_UNAVAILABLE
    world.index.broken = False
    assert isinstance(await world.sign_in("ann", secret), Session)
    assert isinstance(await world.people.finish_passkey_sign_in(challenge_id, answer, ADDRESS), Session)


async def test_a_flood_of_answers_makes_the_address_rest(world: PeopleWorld) -> None:
    _, authenticator = await world.with_passkey("pat")
    for _ in range(int(TRIES_PER_ADDRESS)):
        challenge_id, options = await world.people.begin_passkey_sign_in()
        await world.people.finish_passkey_sign_in(challenge_id, Authenticator().get(options), ADDRESS)
    assert reason(await world.show(authenticator)) is RefusalReason.TOO_MANY_ATTEMPTS


# --- passkeys that must not work --------------------------------------------------------------------------------


async def test_a_challenge_is_answered_once(world: PeopleWorld) -> None:
    _, authenticator = await world.with_passkey("pat")
    world.later(minutes=1)
    challenge_id, options = await world.people.begin_passkey_sign_in()
    world.later(seconds=1)
    for counts in (True, False):
        authenticator.counts = counts
        answer = authenticator.get(options)
        world.later(seconds=1)
        found = await world.people.finish_passkey_sign_in(challenge_id, answer, ADDRESS)
        assert isinstance(found, Session) is counts
        again = await world.people.finish_passkey_sign_in(challenge_id, answer, ADDRESS)
        assert reason(again) is RefusalReason.UNKNOWN_USER


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://localhost:9999"},
        {"origin": "http://localhost:8443"},
        {"rp_id": "evil.example"},
        {"verifies_user": False},
        {"user_handle": b"usr-somebody-else"},
        {"user_handle": b""},
        {"sign_count": -1},
        {"key": Authenticator().key},
        {"credential_id": b"unknown" * 4},
    ],
    ids=lambda change: "-".join(change),
)
async def test_an_answer_that_does_not_hold(world: PeopleWorld, change: dict[str, object]) -> None:
    _, authenticator = await world.with_passkey("pat")
    for _ in range(3):
        world.later(minutes=1)
        assert isinstance(await world.show(authenticator), Session)
    right = {name: getattr(authenticator, name) for name in change}
    for name, value in change.items():
        setattr(authenticator, name, authenticator.sign_count - 1 if value == -1 else value)
    world.later(minutes=1)
    assert reason(await world.show(authenticator)) is RefusalReason.UNKNOWN_USER
    for name, value in right.items():
        setattr(authenticator, name, value)
    authenticator.sign_count = 100
    world.later(minutes=1)
    assert isinstance(await world.show(authenticator), Session)


@pytest.mark.parametrize(
    "response", ["", "null", "[]", "{}", "{", '{"id": 1}', "x" * 70_000, "[" * 5000, "\0", "\ud800"]
)
async def test_nonsense_in_place_of_an_answer(world: PeopleWorld, response: str) -> None:
    challenge_id, _ = await world.people.begin_passkey_sign_in()
    found = await world.people.finish_passkey_sign_in(challenge_id, response, ADDRESS)
    assert reason(found) is RefusalReason.UNKNOWN_USER
    link = await world.invite()
    with pytest.raises(UserFault, match="not made here"):
        await world.people.finish_passkey(link, "pat", response)


async def test_a_challenge_that_is_not_ours_or_too_old(world: PeopleWorld) -> None:
    _, authenticator = await world.with_passkey("pat")
    world.later(minutes=1)
    challenge_id, options = await world.people.begin_passkey_sign_in()
    world.later(minutes=5)
    late = await world.people.finish_passkey_sign_in(challenge_id, authenticator.get(options), ADDRESS)
    assert reason(late) is RefusalReason.UNKNOWN_USER
    for foreign in ("", "AAAA", "A" * 75, "é", "x" * 1000, challenge_id[:-2] + "AA"):
        found = await world.people.finish_passkey_sign_in(foreign, authenticator.get(options), ADDRESS)
        assert isinstance(found, Refused)
        world.later(minutes=1)


async def test_a_challenge_for_enrolling_signs_nobody_in(world: PeopleWorld) -> None:
    import json

    _, authenticator = await world.with_passkey("pat")
    link = await world.invite()
    challenge = json.loads(await world.people.begin_passkey(link, "eve"))["challenge"]
    answer = authenticator.get(json.dumps({"challenge": challenge}))
    assert isinstance(await world.people.finish_passkey_sign_in(challenge, answer, ADDRESS), Refused)


# --- links ------------------------------------------------------------------------------------------------------


async def test_what_a_link_offers(world: PeopleWorld) -> None:
    link = await world.invite(Role.AUDITOR, username="cleo", hours=2)
    offered = await world.people.invitation(link)
    assert offered is not None
    assert (offered.roles, offered.username, offered.purpose) == (frozenset({Role.AUDITOR}), "cleo", Purpose.ACCOUNT)
    for other in ("", "x", mint(), link + "A", link[:-1], "é" * 43):
        assert await world.people.invitation(other) is None
    world.later(hours=2)
    assert await world.people.invitation(link) is None
    with pytest.raises(UserFault, match="used, has expired or never was"):
        await world.people.begin_passkey(link, "cleo")


async def test_a_link_works_once(world: PeopleWorld) -> None:
    link = await world.invite()
    first, second = Authenticator(), Authenticator()
    for_first = first.create(await world.people.begin_passkey(link, "ann"))
    for_second = second.create(await world.people.begin_passkey(link, "bob"))
    setup = await world.people.begin_code(link, "cleo", PASSWORD)
    assert isinstance(await world.people.finish_passkey(link, "ann", for_first), Session)
    assert await world.people.invitation(link) is None
    with pytest.raises(UserFault, match="used, has expired or never was"):
        await world.people.finish_passkey(link, "bob", for_second)
    with pytest.raises(UserFault, match="used, has expired or never was"):
        await world.people.finish_code(link, "cleo", PASSWORD, world.code(setup.secret))
    assert [account.username for account in await world.registry.users()] == ["ann"]


async def test_a_link_is_bound_to_its_name_and_its_passkey(world: PeopleWorld) -> None:
    link = await world.invite(username="cleo")
    with pytest.raises(UserFault, match="another name"):
        await world.people.begin_code(link, "eve", PASSWORD)
    open_link, other_link = await world.invite(), await world.invite()
    answer = Authenticator().create(await world.people.begin_passkey(open_link, "ann"))
    with pytest.raises(UserFault, match="not made here"):  # made for another name, or for another link
        await world.people.finish_passkey(open_link, "eve", answer)
    with pytest.raises(UserFault, match="not made here"):
        await world.people.finish_passkey(other_link, "ann", answer)


async def test_names_and_passwords_that_cannot_be_taken(world: PeopleWorld) -> None:
    await world.with_code("ann")
    link = await world.invite()
    for name in ("ann", "", " ", "a\0b", "x" * 65):
        with pytest.raises(UserFault):
            await world.people.begin_passkey(link, name)
    with pytest.raises(UserFault, match="cannot be taken"):
        await world.people.begin_code(link, "bob", "short")
    with pytest.raises(UserFault, match="not the code"):
        await world.people.finish_code(link, "bob", PASSWORD, "12345")
    assert await world.people.invitation(link) is not None  # a mistake costs nothing


async def test_a_passkey_belongs_to_one_account(world: PeopleWorld) -> None:
    _, authenticator = await world.with_passkey("pat")
    link = await world.invite()
    answer = authenticator.create(await world.people.begin_passkey(link, "eve"))
    with pytest.raises(UserFault, match="belongs to an account"):
        await world.people.finish_passkey(link, "eve", answer)
    assert await world.people.invitation(link) is not None


async def test_who_invites_and_for_what(world: PeopleWorld) -> None:
    clinician, _ = await world.with_code("ann")
    administrator, _ = await world.with_code("boss", Role.ADMINISTRATOR)
    assert await world.people.invite({Role.CLINICIAN}, 1, administrator.principal)
    with pytest.raises(UserFault, match="only administrators"):
        await world.people.invite({Role.CLINICIAN}, 1, clinician.principal)
    with pytest.raises(UserFault, match="only administrators"):
        await world.people.invite_account("boss", 1, clinician.principal)
    with pytest.raises(UserFault, match="only administrators"):
        await world.people.reset_factors("boss", 1, clinician.principal)
    for roles in (set[Role](), {Role.SERVICE}, {Role.CLINICIAN, Role.DEVICE}):
        with pytest.raises(UserFault, match="no use for the console"):
            await world.people.invite(roles, 1, MACHINE)
    for hours in (0, -1, 337):
        with pytest.raises(UserFault, match="cannot live so long"):
            await world.people.invite({Role.CLINICIAN}, hours, MACHINE)
    with pytest.raises(UserFault, match="there is, or was"):
        await world.people.invite({Role.CLINICIAN}, 1, MACHINE, username="ann")


async def test_an_account_of_dicom_gets_a_second_factor(world: PeopleWorld) -> None:
    account = await world.registry.add_user("bob", await world.passwords.hash(PASSWORD), frozenset({Role.CLINICIAN}))
    link = await world.people.invite_account("bob", 24, MACHINE)
    with pytest.raises(UserFault, match="not the account's password"):
        await world.people.begin_code(link, "bob", "some other password")
    setup = await world.people.begin_code(link, "bob", PASSWORD)
    session = await world.people.finish_code(link, "bob", PASSWORD, world.code(setup.secret))
    assert isinstance(session, Session)
    assert session.principal.id == account.id
    [kept] = await world.registry.users()
    assert kept == account  # DICOM's password is the same as before


async def test_a_link_does_not_help_to_guess_a_password(world: PeopleWorld) -> None:
    await world.registry.add_user("bob", await world.passwords.hash(PASSWORD), frozenset({Role.CLINICIAN}))
    link = await world.people.invite_account("bob", 24, MACHINE)
    for _ in range(int(TRIES_PER_ACCOUNT_AND_ADDRESS)):
        with pytest.raises(UserFault, match="not the account's password"):
            await world.people.begin_code(link, "bob", "some other password")
    with pytest.raises(UserFault, match="too many"):
        await world.people.begin_code(link, "bob", PASSWORD)


async def test_a_lost_telephone(world: PeopleWorld) -> None:
    session, secret = await world.with_code("ann")
    open_link = await world.people.invite_account("ann", 24, MACHINE)
    world.later(minutes=1)
    link = await world.people.reset_factors("ann", 24, MACHINE)
    assert reason(await world.at_console(session.token)) is RefusalReason.SESSION_ENDED
    assert reason(await world.sign_in("ann", secret)) is RefusalReason.UNKNOWN_USER
    assert await world.people.invitation(open_link) is None
    setup = await world.people.begin_code(link, "ann", PASSWORD)
    assert setup.secret != secret
    assert isinstance(await world.people.finish_code(link, "ann", PASSWORD, world.code(setup.secret)), Session)


async def test_a_disabled_account_keeps_nothing(world: PeopleWorld) -> None:
    session, authenticator = await world.with_passkey("pat")
    link = await world.people.invite_account("pat", 24, MACHINE)
    world.later(minutes=1)
    await world.registry.disable_user("pat")
    assert reason(await world.at_console(session.token)) is RefusalReason.SESSION_ENDED
    assert reason(await world.show(authenticator)) is RefusalReason.UNKNOWN_USER
    assert await world.people.invitation(link) is None
    with pytest.raises(UserFault, match="disabled"):
        await world.people.invite_account("pat", 24, MACHINE)


async def test_passkeys_need_a_name_in_the_address_bar(world: PeopleWorld) -> None:
    world.people.serve_at("https://127.0.0.1:8443")
    with pytest.raises(UserFault, match="name in the address bar"):
        await world.people.begin_passkey(await world.invite(), "ann")
    for url in ("http://pacs.example", "https://", "pacs.example", "https://pacs.example/x", "https://a?b"):
        with pytest.raises(UserFault, match="public URL"):
            world.people.serve_at(url)
    world.people.serve_at("https://PACS.example:443/")
    assert world.people.url_of("L") == "https://pacs.example/welcome/L"
