"""May they? Two questions, one answer: `judge` for one study, `visibility` for a list of studies. Pure.

The order, for both:

1. Administrators and auditors never see images, whatever grants say.
2. The way the caller signed in must allow the action at all (`Principal.actions`).
3. A live grant that denies the study wins over everything that allows it.
4. A live grant that allows it, or a standing permission, opens it. Standing permissions are few: anybody with a name
   may verify the connection, an enrolled device may store (its enrolment is the permission), and the administrator
   at the machine itself may delete.
5. No grant, no access.

A property test holds the two together: judge(study) is Allowed exactly when visibility admits the study.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from leadglass.gate.grants import Effect, Grant, holders_of
from leadglass.terms.outcome import Allowed, Decision, RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role
from leadglass.terms.visibility import NOTHING, Selector, SelectorKind, StudyFacts, Visibility

__all__ = ["MACHINE_ID", "judge", "may", "visibility"]

MACHINE_ID = "machine"
"""Principal id of the administrator at the machine itself (`Door.MACHINE`)."""

_EVERYTHING = Selector(SelectorKind.EVERYTHING)
_ROLES_WITHOUT_IMAGES = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
_SHOWS_IMAGES = frozenset({Action.QUERY, Action.VIEW, Action.DOWNLOAD, Action.SHARE})


def may(principal: Principal, action: Action) -> Decision:
    """Whether this caller may do `action` at all, before any study is named. Allowed here opens no study yet."""
    if action in _SHOWS_IMAGES and principal.roles & _ROLES_WITHOUT_IMAGES:
        return Refused(RefusalReason.ROLE_SEES_NO_IMAGES, principal.id, action)
    if action not in principal.actions:
        return Refused(RefusalReason.ACTION_NOT_ALLOWED, principal.id, action)
    return Allowed(principal, action)


def judge(principal: Principal, action: Action, study: StudyFacts, grants: Iterable[Grant], now: datetime) -> Decision:
    """Allowed with the ids of the grants that opened it, or Refused with the first reason in the order above."""
    decision = may(principal, action)
    if isinstance(decision, Refused):
        return decision
    matching = [grant for grant in _that_count(principal, action, grants, now) if grant.selector.matches(study)]
    if any(grant.effect is Effect.DENY for grant in matching):
        return Refused(RefusalReason.DENIED, principal.id, action)
    if not matching and not _has_standing_permission(principal, action):
        return Refused(RefusalReason.NO_GRANT, principal.id, action)
    return Allowed(principal, action, tuple(grant.id for grant in matching))


def visibility(principal: Principal, action: Action, grants: Iterable[Grant], now: datetime) -> Visibility:
    """The studies on which `judge` would allow `action`; NOTHING if there can be none."""
    if isinstance(may(principal, action), Refused):
        return NOTHING
    allow = {_EVERYTHING} if _has_standing_permission(principal, action) else set[Selector]()
    deny = set[Selector]()
    for grant in _that_count(principal, action, grants, now):
        (deny if grant.effect is Effect.DENY else allow).add(grant.selector)
    if not allow or _EVERYTHING in deny:
        return NOTHING
    return Visibility(frozenset({_EVERYTHING}) if _EVERYTHING in allow else frozenset(allow), frozenset(deny))


def _that_count(principal: Principal, action: Action, grants: Iterable[Grant], now: datetime) -> Iterator[Grant]:
    holders = holders_of(principal)
    return (grant for grant in grants if grant.holder in holders and grant.speaks_of(action) and grant.is_live(now))


def _has_standing_permission(principal: Principal, action: Action) -> bool:
    match action:
        case Action.VERIFY:
            return True
        case Action.STORE:
            return principal.kind is PrincipalKind.DEVICE
        case Action.DELETE:
            return principal.id == MACHINE_ID
        case _:
            return False
