"""Enrolling devices."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from leadglass.app.addresses import host_and_port
from leadglass.app.control import Progress
from leadglass.app.house import House, utc_now
from leadglass.app.verbs.recording import record
from leadglass.gate.capabilities import actions_of_device
from leadglass.gate.devices import Device, Network
from leadglass.gate.enrolment.enrol import enrol_with_certificate
from leadglass.gate.ledger import Event
from leadglass.gate.registry import new_device_id
from leadglass.terms.errors import UserFault
from leadglass.terms.principal import Action

__all__ = ["add", "list_all", "revoke"]

_WORDS = {
    "echo": {Action.VERIFY},
    "store": {Action.STORE},
    "query": {Action.QUERY},
    "retrieve": {Action.VIEW, Action.DOWNLOAD},
}


async def add(
    house: House,
    progress: Progress,
    *,
    name: str,
    ae_title: str,
    networks: Sequence[str] = (),
    tls: bool = False,
    allow: Sequence[str] = (),
    listens_at: str = "",
    folder: str = "",
) -> dict[str, Any]:
    """Enrols a device; with `tls` its key and certificate are in the folder that the answer names."""
    del progress
    if listens_at:
        host_and_port(listens_at)
    device = Device(
        id=new_device_id(),
        name=name,
        ae_title=ae_title,
        networks=tuple(map(_network, networks)),
        tls_only=tls,
        actions=_actions(allow),
        address=listens_at,
    )
    answer: dict[str, Any] = {"id": device.id, "name": name, "ae_title": ae_title, "tls": tls}
    if tls:
        where = Path(folder) if folder else house.home.devices / device.id
        address = "{} {}".format(*host_and_port(house.configuration.doors.dicom_tls))
        enrolled = await enrol_with_certificate(house.registry, house.authority, device, where, address, utc_now())
        answer |= {"folder": str(where), "command": enrolled.handover.command}
    else:
        await house.registry.add_device(device)
    await record(
        house, Event.DEVICE_ADDED, device=device.id, name=name, tls=tls, actions=" ".join(sorted(device.actions))
    )
    return answer


async def list_all(house: House, progress: Progress) -> list[dict[str, Any]]:
    """All devices, revoked ones too."""
    del progress
    return [
        {
            "name": device.name,
            "ae_title": device.ae_title,
            "from": [str(network) for network in device.networks],
            "tls": device.tls_only,
            "allow": _said(actions_of_device(device.actions)),
            "listens_at": device.address,
            "revoked_at": device.revoked_at.isoformat() if device.revoked_at else "",
            "id": device.id,
        }
        for device in await house.registry.devices()
    ]


async def revoke(house: House, progress: Progress, *, name: str) -> dict[str, Any]:
    """Lets the device in no more, from its next request on."""
    del progress
    await house.registry.revoke_device(name)
    await record(house, Event.DEVICE_REVOKED, name=name)
    return {"name": name}


def _said(actions: frozenset[Action]) -> list[str]:
    """The words of --allow that these actions are."""
    return [word for word, meant in _WORDS.items() if meant <= actions]


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise UserFault(f"{text!r} is not a network", "Write it like 192.0.2.0/24 or 192.0.2.7.") from None


def _actions(words: Sequence[str]) -> frozenset[Action]:
    unknown = [word for word in words if word not in _WORDS]
    if unknown:
        raise UserFault(f"a device cannot be allowed to {unknown[0]!r}", f"choose of: {', '.join(_WORDS)}")
    return frozenset[Action]().union(*(_WORDS[word] for word in words))
