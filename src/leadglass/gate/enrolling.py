"""What a one-time link is good for: a new account, or a way of signing in to one that is there.

Nothing is kept between the steps: everything a step needs follows from the link, and the last one spends it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from leadglass.gate.account import Account
from leadglass.gate.codes import Codes, CodeSetup
from leadglass.gate.door import Gate
from leadglass.gate.invitations import Invitation, Purpose, account_id_of, hash_of, invitation_of, seed_of
from leadglass.gate.ledger import Event
from leadglass.gate.lockout import Lockout
from leadglass.gate.passkeys import Passkeys
from leadglass.gate.passwords import Passwords, Verdict
from leadglass.gate.registry import check_name
from leadglass.gate.rows import account_of
from leadglass.gate.sessions import Method
from leadglass.store.index.database import Database
from leadglass.store.index.invitations import invitation_by_hash
from leadglass.store.index.passkeys import PasskeyRow, passkeys_of
from leadglass.store.index.people import Enrolled, Enrolment, SecondFactorRow, enrol
from leadglass.store.index.users import UserRow, user_by_name
from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import Door
from leadglass.terms.principal import Strength

__all__ = ["Enrolling"]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Whom a link makes, or gives a factor to. `has_password` if the account there is has one already."""

    user: UserRow
    is_new: bool

    @property
    def has_password(self) -> bool:
        return bool(self.user.password_hash)


class Enrolling:
    """Legal errors of every method: UserFault for what the person can mend, StorageFault, LedgerFault."""

    def __init__(
        self,
        database: Database,
        gate: Gate,
        passwords: Passwords,
        lockout: Lockout,
        codes: Codes,
        passkeys: Passkeys,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._gate = gate
        self._passwords = passwords
        self._lockout = lockout
        self._codes = codes
        self._passkeys = passkeys
        self._clock = clock

    async def invitation(self, link: str) -> Invitation | None:
        """What the link offers; None if it was used, has expired or never was."""
        row = await self._database.read(invitation_by_hash, hash_of(link))
        return invitation_of(row, self._clock())

    async def begin_code(self, link: str, username: str, password: str) -> CodeSetup:
        """What to put into the telephone. The password has been looked at: it can be taken, or is the account's own."""
        candidate = await self._candidate(link, username)
        await self._password_hash(candidate, link, password)
        return self._codes.setup(candidate.user.username, seed_of(link))

    async def finish_code(
        self, link: str, username: str, password: str, code: str, address: str
    ) -> tuple[Account, Method]:
        """The account, which can sign in with password and code now. The link is spent, and so is the code."""
        candidate = await self._candidate(link, username)
        user = replace(candidate.user, password_hash=await self._password_hash(candidate, link, password))
        step = self._codes.step_of(user.username, seed_of(link), code, self._clock())
        if step is None:
            raise UserFault(
                "this is not the code of this moment", "wait for the next one, and check the telephone's clock"
            )
        factor = SecondFactorRow(user.id, seed_of(link), step, self._clock())
        await self._enrol(
            Enrolment(hash_of(link), user, candidate.is_new, self._clock(), second_factor=factor), Method.CODE, address
        )
        return account_of(user), Method.CODE

    async def begin_passkey(self, link: str, username: str) -> str:
        """JSON for navigator.credentials.create."""
        user = (await self._candidate(link, username)).user
        known = await self._database.read(passkeys_of, user.id)
        ids = tuple(passkey.credential_id for passkey in known)
        return self._passkeys.creation_options(user.id, user.username, link, ids, self._clock())

    async def finish_passkey(self, link: str, username: str, response: str, address: str) -> tuple[Account, Method]:
        """The account, which can sign in with this passkey now. The link is spent."""
        candidate = await self._candidate(link, username)
        user, now = candidate.user, self._clock()
        created = self._passkeys.created(response, user.username, link, now)
        if created is None:
            raise UserFault("the passkey was not made here, or took too long", "try once more")
        passkey = PasskeyRow(
            credential_id=created.credential_id,
            user_id=user.id,
            public_key=created.public_key,
            sign_count=created.sign_count,
            transports=created.transports,
            name="passkey",
            created_at=now,
            last_used_at=now,
        )
        await self._enrol(
            Enrolment(hash_of(link), user, candidate.is_new, now, passkey=passkey), Method.PASSKEY, address
        )
        return account_of(user), Method.PASSKEY

    async def _candidate(self, link: str, username: str) -> _Candidate:
        row = await self._database.read(invitation_by_hash, hash_of(link))
        invitation = invitation_of(row, self._clock())
        if invitation is None:
            raise _spent()
        name = username.strip()
        check_name("user", name)
        if invitation.username and name != invitation.username:
            raise UserFault("this link is for another name", "keep the name that it came with")
        known = await self._database.read(user_by_name, name)
        if invitation.purpose is Purpose.FACTOR:
            if known is None or known.disabled_at is not None:
                raise _spent()
            return _Candidate(known, is_new=False)
        if known is not None:
            raise _taken()
        roles = tuple(sorted(role.value for role in invitation.roles))
        return _Candidate(UserRow(account_id_of(link), name, "", roles, "", self._clock()), is_new=True)

    async def _password_hash(self, candidate: _Candidate, link: str, password: str) -> str:
        """The hash to keep. An account that has a password keeps it, and whoever holds the link must know it."""
        if not candidate.has_password:
            return await self._passwords.hash(password)
        user, at = candidate.user, self._clock().timestamp()
        place = f"link {hash_of(link).hex()}"
        if not self._lockout.try_once(user.username, place, at):
            raise UserFault("too many wrong passwords", "wait a minute and try again")
        verdict = await self._passwords.check(password.encode("utf-8", "surrogatepass"), user.password_hash)
        if verdict is Verdict.BUSY:
            self._lockout.take_back(user.username, place, at)
            raise UserFault("too many people are signing in just now", "try again in a moment")
        if verdict is Verdict.MISMATCH:
            raise UserFault("this is not the account's password", "ask your administrator for a new passcode")
        self._lockout.forgive(user.username, place, at)
        return user.password_hash

    async def _enrol(self, enrolment: Enrolment, method: Method, address: str) -> None:
        match await self._database.write(enrol, enrolment):
            case Enrolled.LINK_SPENT:
                raise _spent()
            case Enrolled.NAME_TAKEN:
                raise _taken()
            case Enrolled.PASSKEY_KNOWN:
                raise UserFault("this passkey belongs to an account already", "sign in with it, or use another one")
        account = account_of(enrolment.user)
        await self._gate.record(
            Event.ACCOUNT_MADE,
            account.principal(Strength.STRONG),
            Door.CONSOLE,
            address,
            detail={"user": account.id, "new": enrolment.is_new, "method": method.value},
        )


def _spent() -> UserFault:
    return UserFault("this link was used, has expired or never was", "ask an administrator for a new one")


def _taken() -> UserFault:
    return UserFault("there is, or was, a user by that name", "choose another name: names are never used twice")
