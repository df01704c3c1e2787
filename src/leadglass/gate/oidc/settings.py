"""Which provider is believed, and how its claims read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from leadglass.terms.errors import UserFault
from leadglass.terms.principal import Role

__all__ = ["OidcSettings", "is_fit_to_fetch", "is_loopback"]


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """`issuer` and `audience` must equal the token's claims to the letter. UserFault for a provider over plain HTTP
    (unless on loopback), or for no audience: a token meant for another service must not open this one."""

    issuer: str
    audience: str
    role_claim: str = "roles"  # a path with dots reaches into objects: "realm_access.roles"
    role_map: Mapping[str, Role] = field(default_factory=lambda: {role.value: role for role in Role})
    group_claim: str = "groups"
    name_claim: str = "preferred_username"
    organisation: str = ""
    leeway_seconds: float = 30.0  # how far the provider's clock and ours may differ
    keys_fresh_seconds: float = 900.0  # how long keys are used without asking again
    keys_usable_seconds: float = 14_400.0  # ... and for how long in all, if the provider does not answer
    refetch_seconds: float = 30.0  # the least time between two requests to the provider, whatever callers send
    timeout_seconds: float = 5.0

    def __post_init__(self) -> None:
        if not is_fit_to_fetch(self.issuer):
            raise UserFault(
                "the OpenID issuer is not an https address",
                "write it as https://…; plain http is taken only for a provider on this machine",
            )
        if not self.audience:
            raise UserFault("the OpenID audience is missing", "set the audience the provider writes into our tokens")


def is_loopback(url: str) -> bool:
    """True if `url` names this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_fit_to_fetch(url: str) -> bool:
    """True for https, and for http that stays on this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))
