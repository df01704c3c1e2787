from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from leadglass.gate.account import Account
from leadglass.gate.devices import Device
from leadglass.gate.overseeing import Overseeing
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Principal, PrincipalKind, Role, Strength

DEVICE = Device("dev-1", "scanner", revoked_at=datetime(2026, 1, 1, tzinfo=UTC))


class _Registry:
    async def devices(self) -> list[Device]:
        return [DEVICE]

    async def users(self) -> list[Account]:
        return []

    async def tokens(self) -> list[Any]:
        return []


class _Gate:
    def __init__(self) -> None:
        self.written: list[tuple[Refused, Door, str]] = []

    async def refused(self, refusal: Refused, door: Door, address: str) -> None:
        self.written.append((refusal, door, address))


def _person(*roles: Role) -> Principal:
    return Principal("usr-1", "somebody", PrincipalKind.PERSON, frozenset(roles), Strength.STRONG, frozenset())


@pytest.mark.parametrize("role", list(Role))
async def test_devices_are_for_administrators(role: Role) -> None:
    gate = _Gate()
    answer = await Overseeing(gate, _Registry()).devices(_person(role), Door.CONSOLE, "192.0.2.1")  # type: ignore[arg-type]
    if role is Role.ADMINISTRATOR:
        assert (answer, gate.written) == ([DEVICE], [])
    else:
        refusal = Refused(RefusalReason.ACTION_NOT_ALLOWED, "usr-1")
        assert (answer, gate.written) == (refusal, [(refusal, Door.CONSOLE, "192.0.2.1")])


@pytest.mark.parametrize("role", list(Role))
async def test_names_are_for_readers_of_the_ledger(role: Role) -> None:
    names = await Overseeing(_Gate(), _Registry()).names(_person(role))  # type: ignore[arg-type]
    assert names == ({"dev-1": "scanner"} if role in (Role.ADMINISTRATOR, Role.AUDITOR) else {})
