"""A gate for people over an index in memory, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pyotp
from argon2 import PasswordHasher

from helpers.authenticator import Authenticator
from helpers.callers import NOW
from helpers.memory_index import MemoryIndex
from helpers.memory_ledger import MemoryLedger
from leadglass.gate.accounts import Accounts
from leadglass.gate.door import Gate
from leadglass.gate.identity import Identity
from leadglass.gate.lockout import Lockout
from leadglass.gate.machine import MACHINE
from leadglass.gate.passwords import Passwords, Verdict
from leadglass.gate.people import People, Session
from leadglass.gate.registry import Registry
from leadglass.gate.revision import Revision
from leadglass.gate.sessions import Sessions, SessionSettings
from leadglass.terms.evidence import Door, Evidence
from leadglass.terms.outcome import Identified, Refused
from leadglass.terms.principal import Principal, Role

PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.7"


class CountedPasswords(Passwords):
    """Counts how often argon2 was at work."""

    def __init__(self) -> None:
        super().__init__(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.checks = 0

    async def check(self, secret: bytes, stored: str | None) -> Verdict:
        self.checks += 1
        return await super().check(secret, stored)


class PeopleWorld:
    """`now` is the time of day. `revision` as the server has it on one machine; None as over a shared database."""

    def __init__(
        self, index: object = None, revision: Revision | None = None, sessions: SessionSettings | None = None
    ) -> None:
        self.now = NOW
        self.index = cast(Any, index or MemoryIndex())
        self.ledger = MemoryLedger()
        self.passwords = CountedPasswords()
        self.lockout = Lockout()
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731 - reads best here
        self.sessions = Sessions(self.index, revision, settings=sessions)
        self.accounts = Accounts(self.index, revision)
        self.identity = Identity(self.accounts, self.passwords, lockout=self.lockout, sessions=self.sessions)
        self.gate = Gate(self.identity, self.accounts, self.ledger, pseudonym_key=bytes(32), clock=clock)
        self.registry = Registry(self.index, clock, revision)
        self.people = People(
            self.index,
            self.gate,
            self.sessions,
            self.passwords,
            self.lockout,
            key=b"k" * 32,
            clock=clock,
            revision=revision,
        )

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    async def invite(self, *roles: Role, **options: Any) -> str:
        return await self.people.invite(roles or (Role.CLINICIAN,), options.pop("hours", 24), MACHINE, **options)

    async def with_code(self, username: str = "ann", *roles: Role) -> tuple[Session, str]:
        """A person who made an account with password and codes: the first session, and the codes' secret."""
        link = await self.invite(*roles)
        setup = await self.people.begin_code(link, username, PASSWORD)
        session = await self.people.finish_code(link, username, PASSWORD, self.code(setup.secret), ADDRESS)
        assert isinstance(session, Session)
        return session, setup.secret

    async def with_passkey(self, username: str = "pat", *roles: Role) -> tuple[Session, Authenticator]:
        """A person who made an account with a passkey."""
        link, authenticator = await self.invite(*roles), Authenticator()
        options = await self.people.begin_passkey(link, username)
        session = await self.people.finish_passkey(link, username, authenticator.create(options), ADDRESS)
        assert isinstance(session, Session)
        return session, authenticator

    def code(self, secret: str, seconds: float = 0) -> str:
        """The code the telephone shows, `seconds` from now."""
        return pyotp.TOTP(secret).at(self.now + timedelta(seconds=seconds))

    async def sign_in(self, username: str, secret: str, password: str = PASSWORD) -> Session | Refused:
        return await self.people.sign_in(username, password, self.code(secret), ADDRESS)

    async def show(self, authenticator: Authenticator) -> Session | Refused:
        challenge_id, options = await self.people.begin_passkey_sign_in()
        self.later(seconds=1)
        return await self.people.finish_passkey_sign_in(challenge_id, authenticator.get(options), ADDRESS)

    async def at_console(self, token: str) -> Principal | Refused:
        found = await self.gate.identify(Evidence(Door.CONSOLE, ADDRESS, session=token))
        return found.principal if isinstance(found, Identified) else found

    async def close(self) -> None:
        await self.gate.close()
