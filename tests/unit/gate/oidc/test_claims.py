"""What a verified token says."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.issuer import AUDIENCE, ISSUER, claims, settings
from leadglass.gate.oidc.claims import principal_of_claims
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength

AT = 1_800_000_000.0
LEEWAY = settings().leeway_seconds


def read(header: dict[str, Any] | None = None, changed: dict[str, Any] | None = None, **changes: Any) -> Any:
    return principal_of_claims(header or {}, claims(AT, **(changed or {})), settings(**changes), AT)


def test_a_person_with_a_role() -> None:
    found = read()
    assert isinstance(found, Principal)
    assert (found.id, found.name, found.kind) == (f"oidc:{ISSUER}#42", "cleo", PrincipalKind.PERSON)
    assert (found.roles, found.strength) == ({Role.CLINICIAN}, Strength.MEDIUM)
    assert Action.VIEW in found.actions


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://evil.example"}, RefusalReason.TOKEN_INVALID),
        ({"iss": ISSUER + "/"}, RefusalReason.TOKEN_INVALID),
        ({"iss": None}, RefusalReason.TOKEN_INVALID),
        ({"sub": None}, RefusalReason.TOKEN_INVALID),
        ({"sub": ""}, RefusalReason.TOKEN_INVALID),
        ({"sub": 42}, RefusalReason.TOKEN_INVALID),
        ({"sub": "x" * 256}, RefusalReason.TOKEN_INVALID),
        ({"aud": "another"}, RefusalReason.TOKEN_INVALID),
        ({"aud": None}, RefusalReason.TOKEN_INVALID),
        ({"aud": ["another"]}, RefusalReason.TOKEN_INVALID),
        ({"aud": {AUDIENCE: 1}}, RefusalReason.TOKEN_INVALID),
        ({"exp": None}, RefusalReason.TOKEN_INVALID),
        ({"exp": "soon"}, RefusalReason.TOKEN_INVALID),
        ({"exp": True}, RefusalReason.TOKEN_INVALID),
        ({"exp": float("inf")}, RefusalReason.TOKEN_INVALID),
        ({"exp": float("nan")}, RefusalReason.TOKEN_INVALID),
        ({"exp": AT - LEEWAY}, RefusalReason.TOKEN_EXPIRED),
        ({"nbf": AT + LEEWAY + 1}, RefusalReason.TOKEN_INVALID),
        ({"nbf": "now"}, RefusalReason.TOKEN_INVALID),
        ({"iat": AT + LEEWAY + 1}, RefusalReason.TOKEN_INVALID),
        ({"iat": None}, RefusalReason.TOKEN_INVALID),
    ],
)
def test_what_is_not_for_us_or_not_now(changed: dict[str, Any], reason: RefusalReason) -> None:
    found = read(changed=changed)
    assert isinstance(found, Refused)
    assert found.reason is reason


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": [AUDIENCE, "another"]},
        {"exp": AT - LEEWAY + 1},
        {"nbf": AT + LEEWAY},
        {"iat": AT + LEEWAY},
        {"exp": AT + 0.5},
    ],
)
def test_clocks_may_differ_a_little(changed: dict[str, Any]) -> None:
    assert isinstance(read(changed=changed), Principal)


@pytest.mark.parametrize(("typ", "good"), [("JWT", True), ("at+jwt", True), ("logout+jwt", False), (7, False)])
def test_only_access_and_identity_tokens(typ: Any, good: bool) -> None:
    assert isinstance(read({"typ": typ}), Principal) == good


def test_roles_by_a_configured_claim_and_map() -> None:
    nested = {"realm_access": {"roles": ["radiologist", "gardener"]}, "roles": ["administrator"]}
    found = read(changed=nested, role_claim="realm_access.roles", role_map={"radiologist": Role.CLINICIAN})
    assert found.roles == {Role.CLINICIAN}
    dotted = read(changed={"https://id.example/roles": "auditor other"}, role_claim="https://id.example/roles")
    assert dotted.roles == {Role.AUDITOR}


@pytest.mark.parametrize("said", [None, [], "", 7, {"clinician": True}, [["clinician"]], ["king"]])
def test_without_a_known_role_nothing_may_be_done(said: Any) -> None:
    found = read(changed={"roles": said})
    assert isinstance(found, Principal)
    assert (found.roles, found.actions) == (frozenset(), frozenset())


def test_groups_become_holders_that_no_role_or_person_can_be_mistaken_for() -> None:
    found = read(changed={"groups": ["radiology", "role:administrator", "usr-1", 7]})
    assert found.groups == {"group:radiology", "group:role:administrator", "group:usr-1"}


def test_a_client_that_signed_in_for_itself_is_a_service() -> None:
    assert read(changed={"client_id": "42"}).kind is PrincipalKind.SERVICE
    assert read(changed={"client_id": "viewer"}).kind is PrincipalKind.PERSON
    assert read(changed={"roles": ["service"]}).kind is PrincipalKind.SERVICE


def test_a_name_is_shown_if_there_is_one() -> None:
    assert read(changed={"preferred_username": None}).name == "42"
    assert len(read(changed={"preferred_username": "x" * 1000}).name) == 200
