"""Verdicts as values: a refusal is a value with a reason, never an exception (law 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leadglass.terms.principal import Action, Principal

__all__ = ["Allowed", "Decision", "Identified", "RefusalReason", "Refused"]


class RefusalReason(StrEnum):
    """Why not. The text goes to the ledger and to administrators; a stranger is told only "no"."""

    NO_EVIDENCE = "nobody by that name: the caller showed no identity"
    UNKNOWN_DEVICE = "the device is not enrolled"
    WRONG_NETWORK = "the device called from a network it is not enrolled for"
    WRONG_AE_TITLE = "the AE title is not the one enrolled with this certificate"
    NEEDS_TLS = "this device is enrolled for TLS only"
    UNKNOWN_CERTIFICATE = "the certificate belongs to no enrolled device"
    CERTIFICATE_EXPIRED = "the certificate is outside its validity"
    DEVICE_REVOKED = "the device was revoked"
    UNKNOWN_USER = "no such account, or the wrong secret"
    TOO_MANY_ATTEMPTS = "too many wrong secrets: the account rests for a while"
    TOKEN_UNKNOWN = "no such token"  # noqa: S105 - a reason, not a secret
    TOKEN_EXPIRED = "the token has expired"  # noqa: S105
    TOKEN_REVOKED = "the token was revoked"  # noqa: S105
    TOKEN_INVALID = "the token's signature, issuer, audience or dates do not hold"  # noqa: S105
    IDENTITY_UNSUPPORTED = "this kind of user identity is not accepted here"
    IDENTITY_ON_PLAIN_DOOR = "secrets are not taken on an unencrypted connection"
    WRONG_CALLED_AE_TITLE = "the caller asked for another AE title than ours"
    SESSION_ENDED = "no such session, or it has ended: sign in again"
    LINK_SPENT = "the one-time link was used, has expired or never was"
    ACTION_NOT_ALLOWED = "this way of signing in may not do that at all"
    NO_GRANT = "no grant covers it"
    DENIED = "an explicit denial covers it"
    ROLE_SEES_NO_IMAGES = "administrators and auditors see no images"
    DESTINATION_NOT_ENROLLED = "the destination is not an enrolled device"
    CONFLICTING_INSTANCE = "another instance is stored under this SOP Instance UID, and it was kept"
    LEDGER_UNAVAILABLE = "the ledger cannot be written"
    IDENTITY_UNAVAILABLE = "identity cannot be checked right now"


@dataclass(frozen=True, slots=True)
class Identified:
    """The caller has a name. `server_response` is owed to a caller that asked for one (PS3.7 §D.3.3.7.2)."""

    principal: Principal
    server_response: bytes = b""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes, and because of which grants (their ids)."""

    principal: Principal
    action: Action
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why. `who` is the best name we have for the caller; it is not believed."""

    reason: RefusalReason
    who: str = ""
    action: Action | None = None


Decision = Allowed | Refused
