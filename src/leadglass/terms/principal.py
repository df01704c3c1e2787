"""Who a caller turned out to be, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

__all__ = ["Action", "Principal", "PrincipalKind", "Role", "Strength"]


class PrincipalKind(StrEnum):
    PERSON = "person"
    DEVICE = "device"
    SERVICE = "service"
    LINK = "link"


class Role(StrEnum):
    """What a principal is for. A role alone opens no study; grants do."""

    ADMINISTRATOR = "administrator"  # administers; sees no images
    CLINICIAN = "clinician"
    DEVICE = "device"
    SERVICE = "service"
    AUDITOR = "auditor"  # reads the ledger; sees no images


class Strength(IntEnum):
    """How hard the evidence is to forge. An AE title with a source network is WEAK; a certificate is STRONG."""

    WEAK = 1
    MEDIUM = 2
    STRONG = 3


class Action(StrEnum):
    """What may be granted."""

    VERIFY = "verify"  # C-ECHO
    STORE = "store"
    QUERY = "query"
    VIEW = "view"  # retrieve for display: C-GET, WADO
    DOWNLOAD = "download"  # send elsewhere: C-MOVE, export
    SHARE = "share"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller with a name. `actions` caps what this way of signing in may do at all, whatever grants say."""

    id: str  # stable row id, e.g. "dev-…", "usr-…", "tok-…", "oidc:<issuer>#<subject>"
    name: str  # for people and the ledger
    kind: PrincipalKind
    roles: frozenset[Role]
    strength: Strength
    actions: frozenset[Action]
    organisation: str = ""
    groups: frozenset[str] = frozenset()  # principal ids of groups and roles whose grants also apply

    @property
    def is_weak(self) -> bool:
        return self.strength is Strength.WEAK
