"""Devices, accounts, tokens and grants as they stand in the index: what identity and policy ask.

Reading only; `registry` changes them. Every answer is as of now: a revocation, also one made by another process, acts
at the next request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from leadglass.gate.account import Account
from leadglass.gate.devices import Device
from leadglass.gate.grants import holders_of
from leadglass.gate.kept import Kept
from leadglass.gate.revision import Revision
from leadglass.gate.rows import account_of, device_of, standing_of, token_of
from leadglass.gate.standing import Standing
from leadglass.gate.tokens import ApiToken, Presented, hash_secret
from leadglass.store.index.database import Database
from leadglass.store.index.devices import device_by_certificate, devices_by_ae_title
from leadglass.store.index.principals import standing_rows
from leadglass.store.index.tokens import token_by_hash
from leadglass.store.index.users import user_by_name
from leadglass.terms.errors import StorageFault
from leadglass.terms.principal import Principal

__all__ = ["Accounts"]


class Accounts:
    """Legal error of every method: StorageFault, when the index cannot be asked or holds what cannot be read.

    Without a `revision` nothing is kept in memory: right for several machines over one database.
    """

    def __init__(
        self, database: Database, revision: Revision | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._standings: Kept[Principal, Standing] = Kept(revision, monotonic)
        self._tokens: Kept[bytes, ApiToken] = Kept(revision, monotonic)
        self._devices: Kept[str, Device] = Kept(revision, monotonic)

    async def device_with_certificate(self, fingerprint: str) -> Device | None:
        """The device enrolled with this certificate, revoked or not."""
        return await self._devices.get(fingerprint, lambda: self._device_with_certificate(fingerprint))

    async def devices_called(self, ae_title: str) -> Sequence[Device]:
        """All devices with this AE title, revoked ones too."""
        rows = await self._database.read(devices_by_ae_title, ae_title)
        with _readable():
            return [device_of(row) for row in rows]

    async def account(self, username: str) -> Account | None:
        """The local account with this name, disabled or not."""
        row = await self._database.read(user_by_name, username)
        return None if row is None else account_of(row)

    async def token(self, presented: Presented) -> ApiToken | None:
        """The token that was shown, revoked and expired ones too; None if its secret is not right."""
        secret_hash = hash_secret(presented)
        return await self._tokens.get(secret_hash, lambda: self._token(secret_hash))

    async def standing(self, principal: Principal) -> Standing:
        """Whether the principal (and whoever acts with it) is still one of ours, and all grants it holds."""
        found = await self._standings.get(principal, lambda: self._standing(principal))
        if found is None:
            raise AssertionError("everybody has a standing")
        return found

    async def _device_with_certificate(self, fingerprint: str) -> Device | None:
        row = await self._database.read(device_by_certificate, fingerprint)
        with _readable():
            return None if row is None else device_of(row)

    async def _token(self, secret_hash: bytes) -> ApiToken | None:
        row = await self._database.read(token_by_hash, secret_hash)
        with _readable():
            return None if row is None else token_of(row)

    async def _standing(self, principal: Principal) -> Standing:
        ids = {principal.id} | principal.groups
        holders = {holder for holder in holders_of(principal) if not holder.startswith("role:")}
        rows, grants = await self._database.read(standing_rows, ids, holders, [role.value for role in principal.roles])
        with _readable():
            return standing_of(ids, rows, grants)


@contextmanager
def _readable() -> Iterator[None]:
    """Rows that say what this program does not know are a fault, never a guess."""
    try:
        yield
    except ValueError as fault:
        raise StorageFault("the index holds a device, token or grant that cannot be read") from fault
