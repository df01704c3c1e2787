"""Who may do what, kept in and read from both real databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from argon2 import PasswordHasher

from helpers.callers import CERTIFICATE, DAY, FINGERPRINT, NOW, device, evidence, networks, over_tls, passcode
from leadglass.gate.accounts import Accounts
from leadglass.gate.grants import Effect
from leadglass.gate.identity import Identity
from leadglass.gate.passwords import Passwords
from leadglass.gate.policy import visibility
from leadglass.gate.registry import Registry
from leadglass.gate.revision import Revision
from leadglass.store.index.database import Database
from leadglass.store.index.sqlcipher import SqlcipherDatabase
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import Identified, RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, Role
from leadglass.terms.visibility import NOTHING, Selector, SelectorKind

SECRET = "correct horse battery"
INSTITUTION = Selector(SelectorKind.INSTITUTION, "City CLINIC")


def identity_over(database: Database) -> tuple[Identity, Passwords]:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return Identity(Accounts(database), passwords), passwords


async def test_everything_registered_is_believed_and_revoked_again(database: Database) -> None:
    registry = Registry(database, lambda: NOW)
    identity, passwords = identity_over(database)
    enrolled = device(fingerprint=FINGERPRINT, networks=networks("10.0.0.0/24", "fd00::/64"), address="127.0.0.1:11113")
    await registry.add_device(enrolled)
    ann = await registry.add_user("ann", await passwords.hash(SECRET), frozenset({Role.CLINICIAN}), "Klinik Süd")
    text, token = await registry.create_token("viewer", Role.SERVICE, DAY, selector=INSTITUTION)
    grant = await registry.add_grant(
        "role:clinician", Effect.ALLOW, frozenset({Action.QUERY}), INSTITUTION, by="machine", why="ward"
    )
    assert await registry.devices() == [enrolled]
    assert (await registry.users(), await registry.tokens(), await registry.grants()) == ([ann], [token], [grant])

    callers = {
        "dev-1": evidence(),
        ann.id: over_tls(calling=None, user_identity=passcode("ann", SECRET)),
        token.id: evidence(None, door=Door.HTTPS, bearer_token=text),
    }
    for principal_id, caller in callers.items():
        found = await identity.identify(caller, NOW)
        assert isinstance(found, Identified)
        assert found.principal.id == principal_id
    strong = await identity.identify(over_tls(certificate=CERTIFICATE), NOW)
    assert isinstance(strong, Identified)

    await registry.revoke_device("ct1")
    await registry.disable_user("ann")
    await registry.revoke_token("viewer")
    reasons = [RefusalReason.DEVICE_REVOKED, RefusalReason.UNKNOWN_USER, RefusalReason.TOKEN_REVOKED]
    for caller, reason in zip(callers.values(), reasons, strict=True):
        found = await identity.identify(caller, NOW)
        assert isinstance(found, Refused)
        assert found.reason is reason
    await identity.close()


async def test_names_with_odd_characters_are_strangers_not_faults(database: Database) -> None:
    identity, _ = identity_over(database)
    for username in ("a\0b", "\ud7ff", "'; DROP TABLE users; --", "%", "\U0001f600", "x" * 5000):
        caller = over_tls(address=f"10.0.0.{len(username) % 200}", user_identity=passcode(username, SECRET))
        found = await identity.identify(caller, NOW)
        assert isinstance(found, Refused)
        assert found.reason is RefusalReason.UNKNOWN_USER
    await identity.close()


async def test_standing_follows_the_rows(database: Database) -> None:
    registry, accounts = Registry(database, lambda: NOW), Accounts(database)
    account = await registry.add_user("ann", "hash", frozenset({Role.CLINICIAN}))
    ann = replace(account.principal(), groups=frozenset({"group:radiology"}))
    made = [
        await registry.add_grant(
            holder, Effect.ALLOW, frozenset({Action.QUERY}), Selector(kind, "x"), by="machine", why="ward"
        )
        for holder, kind in (
            (ann.id, SelectorKind.PATIENT),
            ("role:clinician", SelectorKind.COLLECTION),
            ("group:radiology", SelectorKind.STORED_BY),
        )
    ]
    await registry.add_grant(
        "role:service", Effect.ALLOW, frozenset({Action.QUERY}), Selector(SelectorKind.EVERYTHING), by="m", why="no"
    )
    standing = await accounts.standing(ann)
    assert visibility(ann, Action.QUERY, standing.grants, NOW).allow == {grant.selector for grant in made}
    for grant in made:
        await registry.revoke_grant(grant.id)
    assert visibility(ann, Action.QUERY, (await accounts.standing(ann)).grants, NOW) == NOTHING
    await registry.disable_user("ann")
    assert (await accounts.standing(ann)).ended(NOW) is RefusalReason.UNKNOWN_USER


async def test_a_revocation_by_a_second_program_acts_at_the_next_request(tmp_path: Path) -> None:
    """The server keeps standings for a moment; the command line has the same database and the same revision file."""
    server, shell = [await SqlcipherDatabase.open(tmp_path / "index.db", b"K" * 32) for _ in range(2)]
    accounts = Accounts(server, Revision(tmp_path / "revision"), monotonic=lambda: 0.0)
    registry = Registry(shell, lambda: NOW, Revision(tmp_path / "revision"))
    await registry.add_device(device(actions=frozenset({Action.QUERY})))
    found = await identity_over(server)[0].identify(evidence(), NOW)
    assert isinstance(found, Identified)
    ct: Principal = found.principal
    assert (await accounts.standing(ct)).grants == ()
    grant = await registry.add_grant(
        ct.id, Effect.ALLOW, frozenset({Action.QUERY}), INSTITUTION, by="machine", why="reporting"
    )
    assert (await accounts.standing(ct)).grants == (grant,)
    await registry.revoke_grant(grant.id)
    assert (await accounts.standing(ct)).grants == ()
    await registry.revoke_device("ct1")
    assert (await accounts.standing(ct)).ended(NOW) is RefusalReason.DEVICE_REVOKED
    await shell.close()
    await server.close()
