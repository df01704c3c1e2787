"""The deed of enrolling a device: certificate, folder, row."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from leadglass.gate.devices import Device
from leadglass.gate.enrolment.authority import EnrolmentAuthority
from leadglass.gate.enrolment.folder import Handover, write_handover
from leadglass.gate.registry import Registry

__all__ = ["Enrolled", "enrol_with_certificate"]


@dataclass(frozen=True, slots=True)
class Enrolled:
    device: Device
    handover: Handover


async def enrol_with_certificate(
    registry: Registry, authority: EnrolmentAuthority, device: Device, folder: Path, tls_address: str, now: datetime
) -> Enrolled:
    """Enrols `device` with a fresh key and certificate, written to `folder`. UserFault as `write_handover` and
    `Registry.add_device` say.

    The folder is complete before the row exists: a crash in between leaves a certificate nobody knows, which opens
    nothing. If the row cannot be added, the folder is taken away again.
    """
    issued = authority.issue_device(device.id, device.name, now, ae_title=device.ae_title, listens=bool(device.address))
    known = replace(device, fingerprint=issued.fingerprint)
    handover = write_handover(
        folder,
        issued,
        authority.certificate_pem,
        name=device.name,
        ae_title=device.ae_title,
        address=tls_address,
    )
    try:
        await registry.add_device(known)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Enrolled(known, handover)
