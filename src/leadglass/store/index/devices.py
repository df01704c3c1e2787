"""Enrolled devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from leadglass.store.index.tables import devices

__all__ = [
    "DeviceRow",
    "add_device",
    "device_by_certificate",
    "device_by_name",
    "devices_by_ae_title",
    "list_devices",
    "revoke_device",
]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that may call, or be called as a C-MOVE destination. Revoked devices stay, for the ledger's sake."""

    id: str  # "dev-…"
    name: str  # unique for ever
    ae_title: str
    networks: tuple[str, ...]  # CIDR
    certificate_fingerprint: str  # SHA-256 of the DER form, lower-case hex; empty if enrolled without one
    tls_only: bool
    actions: tuple[str, ...]  # cap on what it may do, whatever grants say
    address: str  # "host:port" where it listens as a C-MOVE destination; empty if it is none
    created_at: datetime
    revoked_at: datetime | None = None


def add_device(conn: Connection, device: DeviceRow) -> bool:
    """True if the device is now enrolled; False if the name (or id) is taken, by a revoked device too."""
    if conn.execute(select(devices.c.id).where((devices.c.name == device.name) | (devices.c.id == device.id))).first():
        return False
    conn.execute(insert(devices), asdict(device))
    return True


def revoke_device(conn: Connection, name: str, at: datetime) -> bool:
    """True if there was such a device and it is revoked from now on."""
    query = update(devices).where(devices.c.name == name, devices.c.revoked_at.is_(None)).values(revoked_at=at)
    return conn.execute(query).rowcount == 1


def device_by_name(conn: Connection, name: str) -> DeviceRow | None:
    """The device called `name`, revoked or not."""
    row = conn.execute(select(devices).where(devices.c.name == name)).first()
    return None if row is None else DeviceRow(*row)


def device_by_certificate(conn: Connection, fingerprint: str) -> DeviceRow | None:
    """The device enrolled with this certificate, revoked or not; the one that is not revoked goes before."""
    query = select(devices).where(
        devices.c.certificate_fingerprint == fingerprint, devices.c.certificate_fingerprint != ""
    )
    row = conn.execute(query.order_by(devices.c.revoked_at.is_not(None), devices.c.id)).first()
    return None if row is None else DeviceRow(*row)


def devices_by_ae_title(conn: Connection, ae_title: str) -> Sequence[DeviceRow]:
    """All devices enrolled with this AE title, revoked ones too."""
    return [
        DeviceRow(*row) for row in conn.execute(select(devices).where(devices.c.ae_title == ae_title).order_by("id"))
    ]


def list_devices(conn: Connection) -> Sequence[DeviceRow]:
    """All devices by name, revoked ones too."""
    return [DeviceRow(*row) for row in conn.execute(select(devices).order_by(devices.c.name))]
