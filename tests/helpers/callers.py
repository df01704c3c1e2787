"""Callers for tests of the gate: evidence, devices and principals with one line each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from leadglass.gate.capabilities import actions_of_roles
from leadglass.gate.devices import Device
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import CertificateFacts, Door, Evidence, UserIdentity
from leadglass.terms.principal import Principal, PrincipalKind, Role, Strength

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FINGERPRINT = "ab" * 32
CERTIFICATE = CertificateFacts(FINGERPRINT, "CN=CT1", NOW - DAY, NOW + DAY)


def device(**changes: Any) -> Device:
    """An enrolled CT that calls from 10.0.0.0/24."""
    facts: dict[str, Any] = {"id": "dev-1", "name": "ct1", "ae_title": "CT1", "networks": networks("10.0.0.0/24")}
    return Device(**(facts | changes))


def networks(*texts: str) -> tuple[Any, ...]:
    return tuple(ip_network(text) for text in texts)


def person(role: Role = Role.CLINICIAN, **changes: Any) -> Principal:
    facts: dict[str, Any] = {
        "id": "usr-1",
        "name": "ann",
        "kind": PrincipalKind.PERSON,
        "roles": frozenset({role}),
        "strength": Strength.MEDIUM,
        "actions": actions_of_roles({role}),
    }
    return Principal(**(facts | changes))


def evidence(calling: str | None = "CT1", address: str = "10.0.0.7", **changes: Any) -> Evidence:
    """Somebody on the plain door who calls itself `calling`."""
    facts: dict[str, Any] = {
        "door": Door.DICOM,
        "address": address,
        "calling_ae_title": AETitle.of(calling) if calling else None,
        "called_ae_title": AETitle.of("LEADGLASS"),
    }
    return Evidence(**(facts | changes))


def over_tls(**changes: Any) -> Evidence:
    return evidence(**({"door": Door.DICOM_TLS} | changes))


def passcode(username: str, secret: str, kind: int = 2) -> UserIdentity:
    return UserIdentity(kind, username.encode(), secret.encode())
