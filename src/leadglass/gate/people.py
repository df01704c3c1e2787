"""People at the console: links, accounts, signing in and out. The one facade the web room uses.

A person gets in by a one-time link, chooses a password with one-time codes or a passkey, and signs in with that from
then on. No password alone opens the console; the accounts of DICOM user identity (`leadglass user add`) get a link
first (`leadglass user invite NAME`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from leadglass.gate.account import Account
from leadglass.gate.challenges import Challenges
from leadglass.gate.codes import Codes, CodeSetup
from leadglass.gate.door import Gate
from leadglass.gate.enrolling import Enrolling
from leadglass.gate.invitations import INVITED_ROLES, MAX_HOURS, Invitation, Purpose, hash_of, mint
from leadglass.gate.ledger import Event
from leadglass.gate.lockout import Lockout
from leadglass.gate.machine import FIRST_START, MACHINE
from leadglass.gate.passkeys import Passkeys, site_at
from leadglass.gate.passwords import Passwords
from leadglass.gate.registry import check_name
from leadglass.gate.revision import Revision, revised
from leadglass.gate.rows import account_of
from leadglass.gate.sessions import Session, Sessions
from leadglass.gate.signing_in import SigningIn
from leadglass.store.index.database import Database
from leadglass.store.index.invitations import InvitationRow, add_invitation, end_invitations_by
from leadglass.store.index.people import clear_factors, people_who_can_sign_in
from leadglass.store.index.users import user_by_name
from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Principal, PrincipalKind, Role

__all__ = ["CodeSetup", "Invitation", "People", "Purpose", "Session"]

DEFAULT_HOURS = 24


class People:
    """Legal errors of every method: UserFault for what the person can mend, StorageFault, LedgerFault.

    `key` is the ring's `SubKey.SIGN_IN`; `public_url` is where browsers find the console (see `serve_at`).
    """

    def __init__(
        self,
        database: Database,
        gate: Gate,
        sessions: Sessions,
        passwords: Passwords,
        lockout: Lockout,
        *,
        key: bytes,
        clock: Callable[[], datetime],
        revision: Revision | None = None,
        public_url: str = "https://localhost:8443",
    ) -> None:
        self._database = database
        self._gate = gate
        self._clock = clock
        self._revision = revision
        self._passkeys = Passkeys(Challenges(key), site_at(public_url))
        codes = Codes(key)
        self._enrolling = Enrolling(database, gate, passwords, lockout, codes, self._passkeys, clock)
        self._signing_in = SigningIn(database, gate, sessions, passwords, lockout, codes, self._passkeys, clock)

    def serve_at(self, public_url: str) -> None:
        """Where browsers find the console from now on: passkeys are bound to its host name, answers to its origin."""
        self._passkeys.site = site_at(public_url)

    def url_of(self, link: str) -> str:
        """The link as it is handed over. Whoever has it can use it, so it belongs in no log."""
        return f"{self._passkeys.site.origin}/welcome/{link}"

    # --- a link -------------------------------------------------------------------------------------------------

    async def invitation(self, link: str) -> Invitation | None:
        """What the link offers; None if it was used, has expired or never was."""
        return await self._enrolling.invitation(link)

    async def begin_code(self, link: str, username: str, password: str) -> CodeSetup:
        """What to put into the telephone; nothing is kept yet, and asking again gives the same."""
        return await self._enrolling.begin_code(link, username, password)

    async def finish_code(
        self, link: str, username: str, password: str, code: str, address: str = ""
    ) -> Session | Refused:
        """The first session of the account, which is made; the link is spent. Refused: made, but sign in later."""
        account, method = await self._enrolling.finish_code(link, username, password, code, address)
        return await self._signing_in.begin(account, method, address)

    async def begin_passkey(self, link: str, username: str) -> str:
        """JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`, good for five minutes."""
        return await self._enrolling.begin_passkey(link, username)

    async def finish_passkey(
        self, link: str, username: str, response_json: str, address: str = ""
    ) -> Session | Refused:
        """As `finish_code`, with what the browser answered (`credential.toJSON()`)."""
        account, method = await self._enrolling.finish_passkey(link, username, response_json, address)
        return await self._signing_in.begin(account, method, address)

    # --- signing in and out -------------------------------------------------------------------------------------

    async def sign_in(self, username: str, password: str, code: str, address: str) -> Session | Refused:
        """A session, if all three are right; which one was not is never told."""
        return await self._signing_in.by_code(username.strip(), password, code, address)

    async def begin_passkey_sign_in(self) -> tuple[str, str]:
        """A challenge's id, and JSON for `PublicKeyCredential.parseRequestOptionsFromJSON`, good for five minutes."""
        return self._passkeys.request_options(self._clock())

    async def finish_passkey_sign_in(self, challenge_id: str, response_json: str, address: str) -> Session | Refused:
        """A session, if the answer holds. Each challenge is answered once."""
        return await self._signing_in.by_passkey(challenge_id, response_json, address)

    async def sign_out(self, session_token: str, address: str = "") -> Principal | None:
        """Who signed out; None if the session had ended before."""
        return await self._signing_in.sign_out(session_token, address)

    # --- what administrators do ---------------------------------------------------------------------------------

    async def invite(
        self, roles: Collection[Role], hours: float, by: Principal, *, username: str = "", address: str = ""
    ) -> str:
        """A new link, told this once: for a new account with these roles (and this name, if one is given)."""
        _check_inviter(by)
        if not roles or not set(roles) <= INVITED_ROLES:
            raise UserFault("these roles have no use for the console", f"choose of: {_words(INVITED_ROLES)}")
        if username:
            check_name("user", username)
            if await self._account(username) is not None:
                raise UserFault("there is, or was, a user by that name", "choose another name")
        return await self._invite(Purpose.ACCOUNT, roles, hours, by, username, address)

    async def invite_account(self, username: str, hours: float, by: Principal, *, address: str = "") -> str:
        """A new link, told this once: a way of signing in to the console for an account there is."""
        _check_inviter(by)
        account = await self._enabled(username)
        return await self._invite(Purpose.FACTOR, account.roles & INVITED_ROLES, hours, by, username, address)

    async def reset_factors(self, username: str, hours: float, by: Principal, *, address: str = "") -> str:
        """All codes, passkeys, sessions and open links of the account end; a new link, told this once."""
        _check_inviter(by)
        account = await self._enabled(username)
        async with revised(self._revision):
            await self._database.write(clear_factors, username, self._clock())
        await self._gate.record(
            Event.USER_CHANGED, by, _door(by), address, detail={"user": account.id, "changed": "factors reset"}
        )
        return await self._invite(Purpose.FACTOR, account.roles & INVITED_ROLES, hours, by, username, address)

    async def end_invitations_by(self, by: Principal) -> int:
        """How many links that `by` made were still open: they are good no more."""
        return await self._database.write(end_invitations_by, by.id, self._clock())

    async def who_can_sign_in(self) -> Sequence[Account]:
        """All accounts that are not disabled and have codes or a passkey."""
        return [account_of(row) for row in await self._database.read(people_who_can_sign_in)]

    async def _enabled(self, username: str) -> Account:
        account = await self._account(username)
        if account is None or not account.is_enabled(self._clock()):
            raise UserFault("there is no such user, or it was disabled", "look at the list of users")
        if account.principal().kind is not PrincipalKind.PERSON or not account.roles & INVITED_ROLES:
            raise UserFault("this account is for a service: the console is for people", "give it a token instead")
        return account

    async def _account(self, username: str) -> Account | None:
        row = await self._database.read(user_by_name, username)
        return None if row is None else account_of(row)

    async def _invite(
        self, purpose: Purpose, roles: Collection[Role], hours: float, by: Principal, username: str, address: str
    ) -> str:
        if not 0 < hours <= MAX_HOURS:
            raise UserFault("a link cannot live so long", f"choose up to {MAX_HOURS} hours")
        link, now = mint(), self._clock()
        row = InvitationRow(
            hash=hash_of(link),
            id=f"inv-{secrets.token_hex(8)}",
            purpose=purpose.value,
            roles=tuple(sorted(role.value for role in roles)),
            username=username,
            invited_by=by.id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
        detail = {"invitation": row.id, "purpose": row.purpose, "roles": " ".join(row.roles), "name": username}
        await self._gate.record(Event.INVITED, by, _door(by), address, detail=detail)
        await self._database.write(add_invitation, row)
        return link


def _check_inviter(by: Principal) -> None:
    if Role.ADMINISTRATOR not in by.roles:
        raise UserFault("only administrators invite people", "ask one of them")


def _door(by: Principal) -> Door:
    return Door.MACHINE if by in (MACHINE, FIRST_START) else Door.CONSOLE


def _words(roles: Collection[Role]) -> str:
    return ", ".join(sorted(role.value for role in roles))
