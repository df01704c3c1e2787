"""The devices page: what may call the archive by itself, and how hard it would be to imitate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from leadglass.gate.devices import Device
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.console import errors
from leadglass.web.console.visit import Visit
from leadglass.web.console.wording import counted

__all__ = ["devices"]

_MAY: Final = (
    (Action.STORE, "store"),
    (Action.QUERY, "query"),
    (Action.VIEW, "retrieve"),
    (Action.DOWNLOAD, "send on"),
    (Action.DELETE, "delete"),
    (Action.VERIFY, "echo"),
)


@dataclass(frozen=True, slots=True)
class _State:
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    ae_title: str
    known_by: str
    networks: str
    may: str
    address: str
    state: _State
    revoked: bool


async def devices(visit: Visit) -> Response:
    """Every device, those in use first."""
    caller = visit.visitor.caller
    found = await visit.parts.overseeing.devices(caller.principal, caller.door, caller.address)
    if isinstance(found, Refused):
        return errors.refused(visit, found)
    rows = [_row(device) for device in sorted(found, key=lambda one: (one.revoked_at is not None, one.name))]
    weak = sum(row.state.kind == "warn" for row in rows)
    words = f"{counted(weak, 'device is', 'devices are')} weak" if weak else ""
    return visit.page("devices.html", here="/devices", devices=rows, weak=words)


def _row(device: Device) -> _Row:
    known_by = "Certificate" if device.fingerprint else "AE title and network"
    if device.fingerprint and device.networks and not device.tls_only:
        known_by = "Certificate, or AE title and network"
    if device.revoked_at is not None:
        state = _State("bad", f"revoked {device.revoked_at:%-d %b %Y}")
    elif device.fingerprint and (device.tls_only or not device.networks):
        state = _State("good", "strong")
    else:
        state = _State("warn", "weak")
    return _Row(
        name=device.name,
        ae_title=device.ae_title,
        known_by=known_by,
        networks=", ".join(map(str, device.networks)),
        may=", ".join(words for action, words in _MAY if action in device.actions) or "nothing",
        address=device.address or "–",
        state=state,
        revoked=device.revoked_at is not None,
    )
