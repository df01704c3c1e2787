"""How probes say who asks: an AE title and a User-Agent made from the contact in the scope."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from leadglass import __version__
from leadglass.survey.probe import Caller
from leadglass.survey.scope.document import Authority

__all__ = ["caller_for"]

_PREFIX: Final = "LG "
_ROOM: Final = 16 - len(_PREFIX)  # an AE title has at most 16 characters (PS3.5 §6.2)
_NOT_IN_A_TITLE: Final = re.compile(r"[^A-Z0-9.\-]")


def caller_for(authority: Authority) -> Caller:
    """`LG EXAMPLE.ORG` and `Leadglass/1.0 (survey; +mailto:security@example.org)`."""
    contact = authority.contact.removeprefix("mailto:")
    if not contact:
        return Caller(calling_ae_title="LEADGLASS-SELF", user_agent=f"Leadglass/{__version__} (self check)", contact="")
    url = contact if contact.startswith("https://") else f"mailto:{contact}"
    return Caller(
        calling_ae_title=_PREFIX + _short(_domain(contact)),
        user_agent=f"Leadglass/{__version__} (survey; +{url})",
        contact=contact,
    )


def _domain(contact: str) -> str:
    try:
        host = urlsplit(contact).hostname if contact.startswith("https://") else contact.rpartition("@")[2]
    except ValueError:
        host = ""
    return _NOT_IN_A_TITLE.sub("", (host or "").upper())


def _short(domain: str) -> str:
    """As much of the end of the domain as there is room for: its owner is named there."""
    while len(domain) > _ROOM and domain.count(".") > 1:
        domain = domain.partition(".")[2]
    return domain[:_ROOM]
