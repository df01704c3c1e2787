"""Index rows read as the gate's own values. Pure.

A row this program cannot read (a newer one wrote it, or somebody edited the table) is never guessed at: an unknown
action or role is left out, anything else unknown is a ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import ip_network

from leadglass.gate.account import Account
from leadglass.gate.devices import Device
from leadglass.gate.grants import Effect, Form, Grant, role_holder
from leadglass.gate.standing import End, Standing
from leadglass.gate.tokens import ApiToken
from leadglass.store.index.devices import DeviceRow
from leadglass.store.index.grants import GrantRow
from leadglass.store.index.principals import PrincipalRows
from leadglass.store.index.tokens import TokenRow
from leadglass.store.index.users import UserRow
from leadglass.terms.outcome import RefusalReason
from leadglass.terms.principal import Action, Role
from leadglass.terms.visibility import Selector, SelectorKind

__all__ = [
    "account_of",
    "device_of",
    "grant_of",
    "row_of_device",
    "row_of_grant",
    "row_of_token",
    "standing_of",
    "token_of",
]


def device_of(row: DeviceRow) -> Device:
    return Device(
        id=row.id,
        name=row.name,
        ae_title=row.ae_title,
        networks=tuple(ip_network(network) for network in row.networks),
        fingerprint=row.certificate_fingerprint,
        tls_only=row.tls_only,
        actions=_actions(row.actions),
        address=row.address,
        revoked_at=row.revoked_at,
    )


def account_of(row: UserRow) -> Account:
    return Account(
        id=row.id,
        username=row.username,
        password_hash=row.password_hash,
        roles=frozenset(Role(role) for role in row.roles if role in set(Role)),
        organisation=row.organisation,
        disabled_at=row.disabled_at,
    )


def token_of(row: TokenRow) -> ApiToken:
    return ApiToken(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        actions=_actions(row.actions),
        selector=_selector(row.selector_kind, row.selector_value) if row.selector_kind else None,
        secret_hash=row.hash,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def grant_of(row: GrantRow) -> Grant:
    return Grant(
        id=row.id,
        holder=role_holder(Role(row.role)) if row.role else row.principal_id,
        effect=Effect(row.effect),
        actions=_actions(row.actions),
        selector=_selector(row.selector_kind, row.selector_value),
        form=Form(row.form),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        revoked_at=row.revoked_at,
        by=row.granted_by,
        why=row.why,
    )


def row_of_device(device: Device, created_at: datetime) -> DeviceRow:
    return DeviceRow(
        id=device.id,
        name=device.name,
        ae_title=device.ae_title,
        networks=tuple(str(network) for network in device.networks),
        certificate_fingerprint=device.fingerprint,
        tls_only=device.tls_only,
        actions=tuple(sorted(action.value for action in device.actions)),
        address=device.address,
        created_at=created_at,
        revoked_at=device.revoked_at,
    )


def row_of_token(token: ApiToken) -> TokenRow:
    return TokenRow(
        id=token.id,
        name=token.name,
        hash=token.secret_hash,
        role=token.role.value,
        actions=tuple(sorted(action.value for action in token.actions)),
        selector_kind=token.selector.kind.value if token.selector is not None else "",
        selector_value=token.selector.value if token.selector is not None else "",
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
    )


def row_of_grant(grant: Grant, created_at: datetime) -> GrantRow:
    role = grant.holder.removeprefix("role:") if grant.holder.startswith("role:") else ""
    return GrantRow(
        id=grant.id,
        principal_id="" if role else grant.holder,
        role=role,
        effect=grant.effect.value,
        actions=tuple(sorted(action.value for action in grant.actions)),
        selector_kind=grant.selector.kind.value,
        selector_value=grant.selector.value,
        form=grant.form.value,
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        granted_by=grant.by,
        why=grant.why,
        created_at=created_at,
        revoked_at=grant.revoked_at,
    )


def standing_of(ids: Iterable[str], rows: PrincipalRows, grants: Sequence[GrantRow]) -> Standing:
    """What stands about the principal (and whoever acts with it) with these ids.

    A token with a selector is its own grant: of the others only denials count.
    """
    held = [grant_of(row) for row in grants]
    tokens = [token_of(row) for row in rows.tokens]
    own = [token.own_grant for token in tokens if token.own_grant is not None]
    if own:
        held = [grant for grant in held if grant.effect is Effect.DENY] + own
    ends = [End(row.revoked_at, RefusalReason.DEVICE_REVOKED) for row in rows.devices if row.revoked_at is not None]
    ends += [End(row.disabled_at, RefusalReason.UNKNOWN_USER) for row in rows.users if row.disabled_at is not None]
    ends += [End(token.revoked_at, RefusalReason.TOKEN_REVOKED) for token in tokens if token.revoked_at is not None]
    ends += [End(token.expires_at, RefusalReason.TOKEN_EXPIRED) for token in tokens]
    found = {row.id for listed in (rows.devices, rows.users, rows.tokens) for row in listed}
    return Standing(tuple(held), tuple(ends), _gone(set(ids) - found))


def _gone(missing: set[str]) -> RefusalReason | None:
    reasons = {
        "dev-": RefusalReason.UNKNOWN_DEVICE,
        "usr-": RefusalReason.UNKNOWN_USER,
        "tok-": RefusalReason.TOKEN_UNKNOWN,
    }
    return next((reasons[one[:4]] for one in sorted(missing) if one[:4] in reasons), None)


def _actions(words: Iterable[str]) -> frozenset[Action]:
    return frozenset(Action(word) for word in words if word in set(Action))


def _selector(kind: str, value: str) -> Selector:
    return Selector(SelectorKind(kind), value)
