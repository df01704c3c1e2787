"""Asking around who is responsible for a system. What was asked in vain is written down as well."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import httpx2
import msgspec

from leadglass import __version__
from leadglass.net.names import reverse_name
from leadglass.survey.cases.owners import Owner, owner_in_reverse_dns, owners_in_rdap, owners_in_security_txt
from leadglass.terms.ceilings import MAX_OWNER_ANSWER

__all__ = ["RDAP", "look_up_owners"]

RDAP: Final = "https://rdap.org"
"""Sends a question on to the registry that has the answer (RFC 9224)."""
_SECONDS: Final = 10.0


async def look_up_owners(
    address: str, *, security_txt: Callable[[], Awaitable[str | None]], rdap: str | None, within: float = _SECONDS
) -> list[Owner]:
    """What security.txt, reverse DNS and RDAP say, best source first.

    `security_txt` asks the system itself, so it is the courier's business (None: it may not be asked). `rdap` is the
    server to ask, None not to: it learns which address we are interested in.
    """
    contacts = await security_txt()
    if contacts is None:
        found = [Owner(source="security.txt", note="not asked: the scope allows no web port there")]
    else:
        found = _or_vain("security.txt", owners_in_security_txt(contacts))
    found += _or_vain("reverse DNS", owner_in_reverse_dns(await reverse_name(address)))
    if rdap is None:
        found.append(Owner(source="RDAP", note="not asked; --rdap asks the registries"))
    elif not ipaddress.ip_address(address).is_global:
        found.append(Owner(source="RDAP", note="not asked: the address is not a public one"))
    else:
        found += _or_vain("RDAP", owners_in_rdap(await _ask(f"{rdap}/ip/{address}", within)))
    return found


def _or_vain(source: str, owners: Iterable[Owner]) -> list[Owner]:
    return list(owners) or [Owner(source=source, note="says nothing")]


async def _ask(url: str, within: float) -> Any:
    """The decoded answer; None if there is none that can be read."""
    body = bytearray()
    try:
        async with (
            httpx2.AsyncClient(follow_redirects=True, timeout=within) as client,
            client.stream(
                "GET", url, headers={"Accept": "application/rdap+json", "User-Agent": f"Leadglass/{__version__}"}
            ) as answer,
        ):
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_OWNER_ANSWER:
                    return None
        return msgspec.json.decode(bytes(body)) if answer.is_success else None
    except (httpx2.HTTPError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
