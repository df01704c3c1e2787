"""Opaque API tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpers.callers import DAY, NOW
from leadglass.gate.tokens import ApiToken, Presented, hash_secret, mint, parse, principal_of
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength
from leadglass.terms.visibility import Selector, SelectorKind


def minted(**changes: Any) -> tuple[Presented, ApiToken]:
    _, presented = mint()
    token = ApiToken(
        id=presented.id,
        name="viewer",
        role=Role.CLINICIAN,
        actions=frozenset({Action.VERIFY, Action.QUERY}),
        selector=None,
        secret_hash=hash_secret(presented),
        created_at=NOW,
        expires_at=NOW + DAY,
    )
    return presented, replace(token, **changes)


def test_a_minted_token_reads_back() -> None:
    text, presented = mint()
    assert text.startswith("lgt_")
    assert parse(text) == presented
    assert presented.secret not in repr(presented)
    assert mint()[0] != text


@pytest.mark.parametrize(
    "mangle", [str.upper, lambda t: t[:-1], lambda t: t + "A", lambda t: t[4:], lambda t: t + "\n"]
)
def test_what_has_not_the_shape_is_no_token(mangle: Any) -> None:
    assert parse(mangle(mint()[0])) is None


def test_a_good_token_is_a_service_capped_by_row_and_role() -> None:
    presented, token = minted(role=Role.AUDITOR, actions=frozenset(Action))
    found = principal_of(presented, token, NOW)
    assert isinstance(found, Principal)
    assert (found.id, found.kind, found.strength) == (presented.id, PrincipalKind.SERVICE, Strength.MEDIUM)
    assert found.actions == {Action.VERIFY}


def test_expiry_and_revocation() -> None:
    presented, token = minted()
    assert isinstance(principal_of(presented, token, NOW + DAY * 0.999), Principal)
    assert principal_of(presented, token, NOW + DAY) == Refused(RefusalReason.TOKEN_EXPIRED, token.id)
    revoked = replace(token, revoked_at=NOW)
    assert principal_of(presented, revoked, NOW) == Refused(RefusalReason.TOKEN_REVOKED, token.id)


def test_without_the_secret_nothing_is_told_of_the_token() -> None:
    presented, token = minted(revoked_at=NOW)
    wrong = replace(presented, secret="A" * 43)
    assert principal_of(wrong, token, NOW) == Refused(RefusalReason.TOKEN_UNKNOWN, presented.id)
    assert principal_of(presented, None, NOW) == Refused(RefusalReason.TOKEN_UNKNOWN, presented.id)


def test_a_hash_moved_to_another_token_does_not_open_it() -> None:
    presented, token = minted()
    other, _ = minted()
    stolen = Presented(other.id, presented.secret)
    assert principal_of(stolen, replace(token, id=other.id), NOW) == Refused(RefusalReason.TOKEN_UNKNOWN, other.id)


def test_the_own_grant_of_a_token_ends_with_it() -> None:
    _, token = minted(selector=Selector(SelectorKind.PATIENT, "P1"))
    grant = token.own_grant
    assert grant is not None
    assert (grant.holder, grant.actions, grant.valid_until) == (token.id, token.actions, token.expires_at)
    assert minted()[1].own_grant is None
