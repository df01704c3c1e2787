"""Changes to who may do what: devices, accounts, tokens and grants are added and revoked here, never deleted.

Whoever calls this writes the ledger entry of the change too (`Gate.record`). Legal errors of every method: UserFault
for what a person can mend, StorageFault when it could not be kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from leadglass.gate import tokens
from leadglass.gate.account import Account
from leadglass.gate.capabilities import actions_of_token
from leadglass.gate.devices import Device
from leadglass.gate.grants import Effect, Form, Grant
from leadglass.gate.revision import Revision, revised
from leadglass.gate.rows import account_of, device_of, grant_of, row_of_device, row_of_grant, row_of_token, token_of
from leadglass.gate.selectors import normalised
from leadglass.gate.tokens import ApiToken
from leadglass.store.index import devices as device_rows
from leadglass.store.index import grants as grant_rows
from leadglass.store.index import people as person_rows
from leadglass.store.index import tokens as token_rows
from leadglass.store.index import users as user_rows
from leadglass.store.index.database import Database
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import UserFault
from leadglass.terms.principal import Action, Role
from leadglass.terms.visibility import Selector

__all__ = ["Registry", "check_name", "new_device_id"]


def new_device_id() -> str:
    """An id no device has: needed before the device is added, because its certificate names it."""
    return f"dev-{secrets.token_hex(8)}"


class Registry:
    """`revision` is the one the server's `Accounts` watches, so that a change acts at its next request."""

    def __init__(self, database: Database, clock: Callable[[], datetime], revision: Revision | None = None) -> None:
        self._database = database
        self._clock = clock
        self._revision = revision

    async def add_device(self, device: Device) -> None:
        """Enrols the device from now on."""
        check_name("device", device.name)
        if device.ae_title:
            _check_ae_title(device.ae_title)
            await self._refuse_namesake(device)
        if not device.fingerprint and not (device.ae_title and device.networks):
            raise UserFault(
                "an AE title alone is never enough to know a device by",
                "say from which network it calls (--from CIDR), or enrol it with a certificate (--tls)",
            )
        async with revised(self._revision):
            added = await self._database.write(device_rows.add_device, row_of_device(device, self._clock()))
        if not added:
            raise _taken("device")

    async def revoke_device(self, name: str) -> None:
        """The device is let in no more; its name stays taken, for the ledger's sake."""
        async with revised(self._revision):
            done = await self._database.write(device_rows.revoke_device, name, self._clock())
        if not done:
            raise _missing("device")

    async def devices(self) -> Sequence[Device]:
        return [device_of(row) for row in await self._database.read(device_rows.list_devices)]

    async def add_user(
        self, username: str, password_hash: str, roles: frozenset[Role], organisation: str = ""
    ) -> Account:
        """A local account; `password_hash` comes from `Passwords.hash`."""
        check_name("user", username)
        if not roles or Role.DEVICE in roles:
            raise UserFault(
                "an account needs a role of people or services", "choose clinician, auditor, administrator…"
            )
        row = user_rows.UserRow(
            id=f"usr-{secrets.token_hex(8)}",
            username=username,
            password_hash=password_hash,
            roles=tuple(sorted(role.value for role in roles)),
            organisation=organisation,
            created_at=self._clock(),
        )
        async with revised(self._revision):
            added = await self._database.write(user_rows.add_user, row)
        if not added:
            raise _taken("user")
        return account_of(row)

    async def set_password(self, username: str, password_hash: str) -> None:
        """Another password from now on; sessions that began with the old one end."""
        async with revised(self._revision):
            done = await self._database.write(person_rows.change_password, username, password_hash, self._clock())
        if not done:
            raise _missing("user")

    async def disable_user(self, username: str) -> None:
        """The account is let in no more, and its sessions and links end."""
        async with revised(self._revision):
            done = await self._database.write(person_rows.disable_person, username, self._clock())
        if not done:
            raise _missing("user")

    async def users(self) -> Sequence[Account]:
        return [account_of(row) for row in await self._database.read(user_rows.list_users)]

    async def create_token(
        self,
        name: str,
        role: Role,
        lifetime: timedelta,
        *,
        actions: frozenset[Action] = frozenset(),
        selector: Selector | None = None,
    ) -> tuple[str, ApiToken]:
        """The token's text, which is shown this once and kept nowhere, and the token.

        With a `selector` the token speaks of these studies and no others; without one, grants decide.
        """
        check_name("token", name)
        if lifetime <= timedelta(0):
            raise UserFault("a token must have a time to live", "say for how long, for example --expires 30d")
        text, presented = tokens.mint()
        now = self._clock()
        token = ApiToken(
            id=presented.id,
            name=name,
            role=role,
            actions=actions_of_token(role, actions),
            selector=normalised(selector) if selector is not None else None,
            secret_hash=tokens.hash_secret(presented),
            created_at=now,
            expires_at=now + lifetime,
        )
        async with revised(self._revision):
            added = await self._database.write(token_rows.add_token, row_of_token(token))
        if not added:
            raise _taken("token")
        return text, token

    async def revoke_token(self, name: str) -> None:
        async with revised(self._revision):
            done = await self._database.write(token_rows.revoke_token, name, self._clock())
        if not done:
            raise _missing("token")

    async def tokens(self) -> Sequence[ApiToken]:
        return [token_of(row) for row in await self._database.read(token_rows.list_tokens)]

    async def add_grant(
        self,
        holder: str,
        effect: Effect,
        actions: frozenset[Action],
        selector: Selector,
        *,
        form: Form = Form.IDENTIFIED,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        by: str,
        why: str,
    ) -> Grant:
        """A grant to `holder` (see `holder_named`), given `by` somebody and for a reason."""
        if not actions:
            raise UserFault("a grant must say what is granted", f"choose of: {', '.join(Action)}")
        if not by or not why.strip():
            raise UserFault("a grant says who gave it and why", "add a reason, for example --why 'treating physician'")
        if valid_from is not None and valid_until is not None and valid_until <= valid_from:
            raise UserFault("the grant would end before it begins", "check its dates")
        grant = Grant(
            id=f"grt-{secrets.token_hex(8)}",
            holder=holder,
            effect=effect,
            actions=actions,
            selector=normalised(selector),
            form=form,
            valid_from=valid_from,
            valid_until=valid_until,
            by=by,
            why=why,
        )
        async with revised(self._revision):
            await self._database.write(grant_rows.add_grant, row_of_grant(grant, self._clock()))
        return grant

    async def revoke_grant(self, grant_id: str) -> None:
        async with revised(self._revision):
            done = await self._database.write(grant_rows.revoke_grant, grant_id, self._clock())
        if not done:
            raise _missing("grant")

    async def grants(self) -> Sequence[Grant]:
        return [grant_of(row) for row in await self._database.read(grant_rows.list_grants)]

    async def holder_named(self, text: str) -> str:
        """The holder written `role:clinician`, `group:NAME`, `user:NAME`, `device:NAME`, `token:NAME`, or as an id."""
        word, _, name = text.partition(":")
        match word:
            case "role" if name in set(Role):
                return text
            case "group" | "oidc" if name:
                return text
            case "user":
                found = {account.username: account.id for account in await self.users()}
            case "device":
                found = {device.name: device.id for device in await self.devices()}
            case "token":
                found = {token.name: token.id for token in await self.tokens()}
            case _ if text[:4] in ("usr-", "dev-", "tok-"):
                ids = [one.id for one in await self.users()] + [one.id for one in await self.devices()]
                ids += [one.id for one in await self.tokens()]
                found, name = dict(zip(ids, ids, strict=True)), text
            case _:
                found = {}
        if name not in found:
            raise UserFault(
                "nobody by that name",
                "write role:ROLE, group:NAME, user:NAME, device:NAME, token:NAME, or oidc:ISSUER#SUBJECT",
            )
        return found[name]

    async def _refuse_namesake(self, device: Device) -> None:
        """Two devices of one AE title must differ in their networks, or nobody could tell which one called."""
        for other in await self.devices():
            shared = set(other.networks) & set(device.networks)
            if other.revoked_at is None and other.ae_title == device.ae_title and shared:
                raise UserFault(
                    f"the device {other.name} already calls by this AE title from the same network",
                    "give each its own AE title or its own network",
                )


def check_name(what: str, name: str) -> None:
    """UserFault unless `name` can be the name of a device, an account or a token."""
    if not name.isprintable() or not 0 < len(name) <= 64 or name != name.strip():
        raise UserFault(f"this cannot be the name of a {what}", "choose 1 to 64 printable characters")


def _check_ae_title(text: str) -> None:
    try:
        AETitle.of(text)
    except ValueError as fault:
        raise UserFault("this cannot be an AE title", str(fault)) from None


def _taken(what: str) -> UserFault:
    return UserFault(f"there is, or was, a {what} by that name", "choose another name: names are never used twice")


def _missing(what: str) -> UserFault:
    return UserFault(f"there is no such {what}, or it was revoked already", f"look at the list of {what}s")
