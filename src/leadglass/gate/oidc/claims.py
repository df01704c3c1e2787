"""What a token whose signature holds says: is it for us, is it its time, who is it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadglass.gate.capabilities import actions_of_roles
from leadglass.gate.grants import group_holder
from leadglass.gate.oidc.settings import OidcSettings
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Principal, PrincipalKind, Role, Strength

__all__ = ["principal_of_claims"]

Claims = Mapping[str, object]

_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
MAX_GROUPS: Final = 500
"""Groups of one person that are looked at; directories with more need a narrower claim."""
MAX_NAME: Final = 200


def principal_of_claims(header: Claims, claims: Claims, settings: OidcSettings, now: float) -> Principal | Refused:
    """The person or service the token names, TOKEN_EXPIRED, or TOKEN_INVALID for everything else that is off."""
    subject = claims.get("sub")
    if claims.get("iss") != settings.issuer or not isinstance(subject, str) or not subject:
        return Refused(RefusalReason.TOKEN_INVALID)
    who = f"oidc:{settings.issuer}#{subject[:255]}"
    if len(subject) > 255 or not _is_for_us(header, claims, settings):
        return Refused(RefusalReason.TOKEN_INVALID, who)
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    starts = _time(claims, "nbf") if "nbf" in claims else issued
    latest_start = now + settings.leeway_seconds
    if expires is None or issued is None or starts is None or issued > latest_start or starts > latest_start:
        return Refused(RefusalReason.TOKEN_INVALID, who)
    if expires + settings.leeway_seconds <= now:
        return Refused(RefusalReason.TOKEN_EXPIRED, who)
    return _principal(who, subject, claims, settings)


def _is_for_us(header: Claims, claims: Claims, settings: OidcSettings) -> bool:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    kind = header.get("typ", "")
    return settings.audience in audiences and isinstance(kind, str) and kind.lower() in _TYPES


def _time(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        return None
    return float(value)


def _principal(who: str, subject: str, claims: Claims, settings: OidcSettings) -> Principal:
    roles = frozenset(
        settings.role_map[word] for word in _words(claims, settings.role_claim) if word in settings.role_map
    )
    # A client that signed in for itself (RFC 9068 §2.2: its subject is its client id) is a service, not a person.
    is_client = claims.get("client_id") == subject or Role.SERVICE in roles
    name = claims.get(settings.name_claim)
    return Principal(
        id=who,
        name=name[:MAX_NAME] if isinstance(name, str) and name else subject,
        kind=PrincipalKind.SERVICE if is_client else PrincipalKind.PERSON,
        roles=roles,
        strength=Strength.MEDIUM,
        actions=actions_of_roles(roles),
        organisation=settings.organisation,
        groups=frozenset(map(group_holder, _words(claims, settings.group_claim)[:MAX_GROUPS])),
    )


def _words(claims: Claims, path: str) -> list[str]:
    """The strings at `path`: a list of them, or one string with spaces between (as scopes are written)."""
    value: object = claims
    for step in path.split("."):
        if path in claims:  # a claim name may itself have dots: "https://example.org/roles"
            value = claims[path]
            break
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return value.split()
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
