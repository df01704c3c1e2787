"""Enrolling a device: certificate, folder and row belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.callers import NOW, device, over_tls
from helpers.memory_index import MemoryIndex
from leadglass.gate.devices import by_certificate
from leadglass.gate.enrolment.authority import EnrolmentAuthority
from leadglass.gate.enrolment.enrol import enrol_with_certificate
from leadglass.gate.registry import Registry
from leadglass.terms.errors import StorageFault, UserFault
from leadglass.terms.evidence import CertificateFacts
from leadglass.terms.principal import Principal

TLS_ONLY = device(networks=(), tls_only=True)
DOOR = "127.0.0.1 2762"


@pytest.fixture
def authority(tmp_path: Path) -> EnrolmentAuthority:
    return EnrolmentAuthority.open(tmp_path / "ca", NOW)


async def test_the_folder_has_all_a_device_needs_and_only_its_owner_reads_it(
    tmp_path: Path, authority: EnrolmentAuthority
) -> None:
    registry = Registry(MemoryIndex(), lambda: NOW)
    enrolled = await enrol_with_certificate(registry, authority, TLS_ONLY, tmp_path / "ct1", DOOR, NOW)
    assert await registry.devices() == [enrolled.device]
    folder = enrolled.handover.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "key.pem": 0o600,
        "cert.pem": 0o600,
        "ca.pem": 0o600,
        "README.txt": 0o600,
    }
    command = "echoscu -v +tls key.pem cert.pem +cf ca.pem -aet CT1 -aec LEADGLASS 127.0.0.1 2762"
    assert enrolled.handover.command == command
    readme = (folder / "README.txt").read_text()
    assert command in readme
    assert enrolled.device.fingerprint in readme
    shown = CertificateFacts(enrolled.device.fingerprint, "CN=ct1", NOW, NOW)
    assert isinstance(by_certificate(over_tls(certificate=shown), enrolled.device, NOW), Principal)


async def test_no_other_devices_key_is_overwritten(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    registry = Registry(MemoryIndex(), lambda: NOW)
    (tmp_path / "ct1").mkdir()
    (tmp_path / "ct1" / "key.pem").write_bytes(b"another")
    with pytest.raises(UserFault, match="not empty"):
        await enrol_with_certificate(registry, authority, TLS_ONLY, tmp_path / "ct1", DOOR, NOW)
    assert (tmp_path / "ct1" / "key.pem").read_bytes() == b"another"
    assert await registry.devices() == []


async def test_without_a_row_no_folder_stays(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    index = MemoryIndex()
    registry = Registry(index, lambda: NOW)
    await registry.add_device(device(id="dev-0"))
    with pytest.raises(UserFault):
        await enrol_with_certificate(registry, authority, TLS_ONLY, tmp_path / "ct1", DOOR, NOW)
    assert not (tmp_path / "ct1").exists()
    index.broken = True
    with pytest.raises(StorageFault):
        await enrol_with_certificate(registry, authority, TLS_ONLY, tmp_path / "ct1", DOOR, NOW)
    assert not (tmp_path / "ct1").exists()
