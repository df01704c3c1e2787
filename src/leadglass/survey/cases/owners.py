"""Who may be responsible for a system: what each source says, and which were asked in vain. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from leadglass.survey.system import System

__all__ = [
    "Owner",
    "declared_owner",
    "owner_in_reverse_dns",
    "owners_in_certificates",
    "owners_in_rdap",
    "owners_in_security_txt",
]

_MAX_CONTACTS: Final = 10
_CONTACT: Final = re.compile(r"^contact:\s*(\S.{0,500})$", re.IGNORECASE | re.MULTILINE)
_ROLES: Final = ("abuse", "security", "registrant", "administrative", "technical")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Somebody a source names."""

    source: str  # "scope", "certificate", "reverse DNS", "security.txt", "RDAP"
    name: str = ""
    contact: str = ""  # mail, telephone or web address
    note: str = ""


def declared_owner(system: System) -> list[Owner]:
    """Whom the scope says it belongs to: the best source, as somebody signed it."""
    return [Owner(source="scope", name=system.place.organisation)] if system.place.organisation else []


def owners_in_certificates(system: System) -> list[Owner]:
    """What certificates say, which anybody may have made."""
    found: dict[Owner, None] = {}
    for observation in system.observations:
        for handshake in observation.sighting.handshakes:
            certificate = handshake.certificate
            if certificate is None:
                continue
            name = certificate.organisation or (certificate.names[0] if certificate.names else certificate.subject)
            note = "self-signed" if certificate.is_self_signed else f"issued by {_clean(certificate.issuer)}"
            found[Owner(source="certificate", name=_clean(name), note=note)] = None
    return list(found)


def owner_in_reverse_dns(name: str) -> list[Owner]:
    """The domain of the address's name; providers give their own names to what their customers rent."""
    return [Owner(source="reverse DNS", name=_clean(name))] if name else []


def owners_in_security_txt(text: str) -> list[Owner]:
    """The contacts of a security.txt (RFC 9116 §2.5.3), in the order its owner prefers."""
    contacts = _CONTACT.findall(text)[:_MAX_CONTACTS]
    return [Owner(source="security.txt", contact=_clean(contact).removeprefix("mailto:")) for contact in contacts]


def owners_in_rdap(document: Any) -> list[Owner]:
    """The entities of an RDAP answer for an address (RFC 9083 §5.1), most useful roles first.

    `document` is decoded JSON, of any shape.
    """
    network = _clean(str(document.get("name", ""))) if isinstance(document, Mapping) else ""
    found = [
        (
            _ROLES.index(role),
            Owner(source="RDAP", name=name, contact=contact, note=f"{role} of network {network}".strip()),
        )
        for role, name, contact in _entities(document, depth=3)
    ]
    return [owner for _, owner in sorted(found, key=lambda item: item[0])][:_MAX_CONTACTS]


def _entities(document: Any, depth: int) -> Iterator[tuple[str, str, str]]:
    if not isinstance(document, Mapping) or depth == 0:
        return
    entities = document.get("entities")
    for entity in entities if isinstance(entities, list) else ():
        if not isinstance(entity, Mapping):
            continue
        roles = entity.get("roles")
        name, contact = _card(entity.get("vcardArray"))
        role = next((r for r in _ROLES if isinstance(roles, list) and r in roles), "")
        if role and (name or contact):
            yield role, name, contact
        yield from _entities(entity, depth - 1)


def _card(card: Any) -> tuple[str, str]:
    """Name and mail of a jCard (RFC 7095): ["vcard", [[property, parameters, type, value], …]]."""
    said: dict[str, str] = {}
    properties = card[1] if isinstance(card, list) and len(card) > 1 and isinstance(card[1], list) else ()
    for line in properties:
        if isinstance(line, list) and len(line) > 3 and isinstance(line[0], str) and isinstance(line[3], str):
            said.setdefault(line[0], _clean(line[3]))
    return said.get("fn", ""), said.get("email", said.get("tel", ""))


def _clean(text: str) -> str:
    """On one line, without characters that reorder or hide others."""
    return _CONTROL.sub("", text).strip()[:_MAX_TEXT]
