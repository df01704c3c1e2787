"""What each way of signing in may do at all: the cap that no grant lifts. Pure, a table.

Roles open nothing by themselves; they say what grants can be of use for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leadglass.terms.principal import Action, Role

__all__ = ["WEAK_DEVICE_ACTIONS", "actions_of_device", "actions_of_roles", "actions_of_token"]

WEAK_DEVICE_ACTIONS: Final = frozenset({Action.VERIFY, Action.STORE})
"""What a device may do unless its enrolment says otherwise: anybody on its network can borrow its AE title."""

_ACTIONS_OF_ROLE: Final = {
    Role.ADMINISTRATOR: frozenset({Action.VERIFY, Action.DELETE}),
    Role.AUDITOR: frozenset({Action.VERIFY}),
    Role.CLINICIAN: frozenset(Action),
    Role.SERVICE: frozenset(Action),
    Role.DEVICE: WEAK_DEVICE_ACTIONS,
}

_TOKEN_ACTIONS: Final = frozenset({Action.VERIFY, Action.STORE, Action.QUERY, Action.VIEW, Action.DOWNLOAD})


def actions_of_token(role: Role, chosen: frozenset[Action]) -> frozenset[Action]:
    """What a new token of `role` may do: what was chosen, or all but sharing and deleting, within the role."""
    return ((chosen or _TOKEN_ACTIONS) | {Action.VERIFY}) & _ACTIONS_OF_ROLE[role]


def actions_of_roles(roles: Iterable[Role]) -> frozenset[Action]:
    """What somebody with `roles` may do at all; nothing without a role."""
    return frozenset[Action]().union(*(_ACTIONS_OF_ROLE[role] for role in roles))


def actions_of_device(enrolled: frozenset[Action]) -> frozenset[Action]:
    """What a device enrolled for `enrolled` may do: that, or verify and store if nothing was said; always verify."""
    return (enrolled or WEAK_DEVICE_ACTIONS) | {Action.VERIFY}
