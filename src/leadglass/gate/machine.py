"""The administrator at the machine itself: whoever may open the control socket in HOME is already trusted with HOME."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from leadglass.gate.capabilities import actions_of_roles
from leadglass.gate.policy import MACHINE_ID
from leadglass.terms.principal import Principal, PrincipalKind, Role, Strength

__all__ = ["FIRST_START", "MACHINE"]

MACHINE: Final = Principal(
    id=MACHINE_ID,
    name="administrator at the machine",
    kind=PrincipalKind.PERSON,
    roles=frozenset({Role.ADMINISTRATOR}),
    strength=Strength.STRONG,
    actions=actions_of_roles({Role.ADMINISTRATOR}),
)

FIRST_START: Final = replace(MACHINE, id="first-start", name="first start")
"""Who invites the first administrator: the archive itself, on the screen of whoever starts it."""
