"""Callers that only time, another authority or the registry itself can make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from helpers.archive_server import DeviceFiles
from helpers.certificates import Authority, issue_ended
from leadglass.app.configuration import Configuration
from leadglass.app.home import Home
from leadglass.app.house import House
from leadglass.gate.devices import Device
from leadglass.terms.principal import Action, Role

__all__ = ["Past", "prepared"]


@dataclass(frozen=True, slots=True)
class Past:
    """Certificates and tokens that no command can make: they have ended, come from elsewhere, or are for people."""

    expired: DeviceFiles
    foreign: DeviceFiles
    unenrolled: DeviceFiles
    expired_token: str
    administrator: str
    auditor: str


async def prepared(home: Path, folder: Path) -> Past:
    """Prepared in a house that is not open to anybody yet."""
    house = await House.open(Home(home), Configuration())
    try:
        now, hour = datetime.now(UTC), timedelta(hours=1)
        _, fingerprint = issue_ended((house.home.ca / "ca.key").read_bytes(), folder / "ended")
        await house.registry.add_device(
            Device(id="dev-ended", name="ended", ae_title="ENDED", fingerprint=fingerprint, tls_only=True)
        )
        nobody = house.authority.issue_device("dev-nobody", "nobody", now)
        expired, _ = await house.registry.create_token("expired", Role.SERVICE, timedelta(microseconds=1))
        administrator, _ = await house.registry.create_token(
            "administrator", Role.ADMINISTRATOR, hour, actions=frozenset({Action.DELETE})
        )
        auditor, _ = await house.registry.create_token("auditor", Role.AUDITOR, hour)
    finally:
        await house.close()
    leaf = Authority(folder / "foreign").issue("foreign")
    return Past(
        expired=DeviceFiles(folder / "ended"),
        foreign=_files(folder / "leaf", leaf.certificate.read_bytes(), leaf.key.read_bytes()),
        unenrolled=_files(folder / "nobody", nobody.certificate_pem, nobody.key_pem),
        expired_token=expired,
        administrator=administrator,
        auditor=auditor,
    )


def _files(folder: Path, certificate: bytes, key: bytes) -> DeviceFiles:
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    return DeviceFiles(folder)
