"""A grant: who may do what with which studies, in which form, from when until when, by whom and why (a row)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from leadglass.terms.principal import Action, Principal, Role
from leadglass.terms.visibility import Selector

__all__ = ["Effect", "Form", "Grant", "group_holder", "holders_of", "role_holder"]


class Effect(StrEnum):
    ALLOW = "allow"
    DENY = "deny"


class Form(StrEnum):
    """In which form a study may leave."""

    IDENTIFIED = "identified"
    DE_IDENTIFIED = "de-identified"
    VIEW_ONLY = "view-only"


# What an allow of each form opens. No door de-identifies yet, so a de-identified grant opens nothing: handing out
# the identified study instead would be more than was granted.
_OPENED_BY_FORM = {
    Form.IDENTIFIED: frozenset(Action),
    Form.DE_IDENTIFIED: frozenset[Action](),
    Form.VIEW_ONLY: frozenset({Action.VERIFY, Action.QUERY, Action.VIEW}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One row. `holder` is a principal id, or a role or group in the spelling of `role_holder`, `group_holder`."""

    id: str
    holder: str
    effect: Effect
    actions: frozenset[Action]
    selector: Selector
    form: Form = Form.IDENTIFIED
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked_at: datetime | None = None
    by: str = ""
    why: str = field(default="", repr=False)

    def is_live(self, now: datetime) -> bool:
        """True if the grant counts at `now`: not revoked by then, and within its dates (the end is exclusive)."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return False
        if self.valid_from is not None and now < self.valid_from:
            return False
        return self.valid_until is None or now < self.valid_until

    def speaks_of(self, action: Action) -> bool:
        """True if the grant has a say about `action`. A deny binds whatever its form is."""
        if action not in self.actions:
            return False
        return self.effect is Effect.DENY or action in _OPENED_BY_FORM[self.form]


def role_holder(role: Role) -> str:
    """The holder that stands for everybody with `role`."""
    return f"role:{role.value}"


def group_holder(name: str) -> str:
    """The holder that stands for everybody in the group `name`."""
    return f"group:{name}"


def holders_of(principal: Principal) -> frozenset[str]:
    """All holders whose grants count for `principal`: itself, its roles and its groups."""
    return frozenset({principal.id, *map(role_holder, principal.roles)}) | principal.groups
