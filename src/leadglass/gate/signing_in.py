"""Signing in to the console: password with one-time code, or passkey. Which of them was wrong is never told.

Every way takes the same work whoever is named: one password check, one code check, one look into the index.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from leadglass.gate.account import Account
from leadglass.gate.codes import Codes
from leadglass.gate.door import Gate
from leadglass.gate.ledger import Event
from leadglass.gate.lockout import Lockout
from leadglass.gate.passkeys import Passkeys, Shown
from leadglass.gate.passwords import Passwords, Verdict
from leadglass.gate.rows import account_of
from leadglass.gate.sessions import Method, Session, Sessions
from leadglass.store.index.database import Database
from leadglass.store.index.passkeys import passkey_by_credential, use_passkey
from leadglass.store.index.people import SecondFactorRow, person_by_name, use_code_step
from leadglass.terms.errors import StorageFault
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Principal, PrincipalKind, Strength

__all__ = ["SigningIn", "printable"]

_NO_PASSKEY = "\0passkey"
"""Answers without a passkey are counted under this name, and those with one under it and the passkey: no account can
have such a name, and nobody's passkey rests because of somebody else's."""
_NO_SEED = bytes(32)


class SigningIn:
    """Legal error of every method: LedgerFault, and then nobody is signed in."""

    def __init__(
        self,
        database: Database,
        gate: Gate,
        sessions: Sessions,
        passwords: Passwords,
        lockout: Lockout,
        codes: Codes,
        passkeys: Passkeys,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._gate = gate
        self._sessions = sessions
        self._passwords = passwords
        self._lockout = lockout
        self._codes = codes
        self._passkeys = passkeys
        self._clock = clock

    async def by_code(self, username: str, password: str, code: str, address: str) -> Session | Refused:
        """A session, if password and code are both right and the code was never taken before."""
        who, at = printable(username), self._clock().timestamp()
        if not self._lockout.try_once(who, address, at):
            return self._refused(RefusalReason.TOO_MANY_ATTEMPTS, who, address)
        try:
            account = await self._by_code(username if username == who else "", password, code)
        except StorageFault:
            account = RefusalReason.IDENTITY_UNAVAILABLE
        if account is RefusalReason.IDENTITY_UNAVAILABLE:
            self._lockout.take_back(who, address, at)
        if isinstance(account, RefusalReason):
            return self._refused(account, who, address)
        self._lockout.forgive(who, address, at)
        return await self.begin(account, Method.CODE, address)

    async def by_passkey(self, challenge_id: str, response: str, address: str) -> Session | Refused:
        """A session, if the answer holds: our challenge, this site, a passkey we know, a count that went forward."""
        at, shown = self._clock().timestamp(), self._passkeys.shown(challenge_id, response, self._clock())
        key = _NO_PASSKEY if shown is None else f"{_NO_PASSKEY} {shown.credential_id.hex()[:64]}"
        if not self._lockout.try_once(key, address, at):
            return self._refused(RefusalReason.TOO_MANY_ATTEMPTS, "", address)
        try:
            account = await self._by_passkey(shown) if shown is not None else RefusalReason.UNKNOWN_USER
        except StorageFault:
            account = RefusalReason.IDENTITY_UNAVAILABLE
        if account is RefusalReason.IDENTITY_UNAVAILABLE:
            self._lockout.take_back(key, address, at)
        if isinstance(account, RefusalReason):
            return self._refused(account, "", address)
        self._lockout.forgive(key, address, at)
        return await self.begin(account, Method.PASSKEY, address)

    async def begin(self, account: Account, method: Method, address: str) -> Session | Refused:
        """The session of somebody who proved who they are: on record first, then there."""
        principal = account.principal(Strength.STRONG)
        await self._gate.record(Event.SIGNED_IN, principal, Door.CONSOLE, address, detail={"method": method.value})
        try:
            return await self._sessions.begin(account, method, self._clock())
        except StorageFault:
            return self._refused(RefusalReason.IDENTITY_UNAVAILABLE, account.username, address)

    async def sign_out(self, token: str, address: str) -> Principal | None:
        """Who signed out; None if there was no such session. StorageFault: it may still be there."""
        principal = await self._sessions.end(token, self._clock())
        if principal is not None:
            await self._gate.record(Event.SIGNED_OUT, principal, Door.CONSOLE, address)
        return principal

    async def _by_code(self, username: str, password: str, code: str) -> Account | RefusalReason:
        account, factor = await self._person(username)
        usable = account is not None and factor is not None and _may_sign_in(account, self._clock())
        stored = account.password_hash if account is not None and usable else None
        verdict = await self._passwords.check(password.encode("utf-8", "surrogatepass"), stored or None)
        if verdict is Verdict.BUSY:
            return RefusalReason.IDENTITY_UNAVAILABLE
        seed = factor.seed if factor is not None else _NO_SEED
        step = self._codes.step_of(username, seed, code, self._clock())
        if verdict is Verdict.MISMATCH or step is None or account is None:
            return RefusalReason.UNKNOWN_USER
        # Only now: who does not know the password cannot use up the code.
        if not await self._database.write(use_code_step, account.id, step):
            return RefusalReason.UNKNOWN_USER
        return account

    async def _by_passkey(self, shown: Shown) -> Account | RefusalReason:
        found = await self._database.read(passkey_by_credential, shown.credential_id)
        if found is None:
            return RefusalReason.UNKNOWN_USER
        passkey, account = found[0], account_of(found[1])
        count = self._passkeys.sign_count(shown, passkey)
        if count is None or not _may_sign_in(account, self._clock()):
            return RefusalReason.UNKNOWN_USER
        used = await self._database.write(
            use_passkey, passkey.credential_id, passkey.sign_count, count, shown.challenged_at, self._clock()
        )
        return account if used else RefusalReason.UNKNOWN_USER

    async def _person(self, username: str) -> tuple[Account | None, SecondFactorRow | None]:
        found = await self._database.read(person_by_name, username)
        return (None, None) if found is None else (account_of(found[0]), found[1])

    def _refused(self, reason: RefusalReason, who: str, address: str) -> Refused:
        refused = Refused(reason, who)
        self._gate.not_signed_in(refused, address)
        return refused


def printable(username: str) -> str:
    """At most 64 characters of what a stranger says, none of them a control character."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in username[:64])


def _may_sign_in(account: Account, now: datetime) -> bool:
    return account.is_enabled(now) and account.principal().kind is PrincipalKind.PERSON
