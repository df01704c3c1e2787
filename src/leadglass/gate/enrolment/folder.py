"""What is handed to whoever sets up a device: key, certificate, our CA, and the words to use them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from leadglass.gate.enrolment.authority import Issued
from leadglass.gate.enrolment.files import private_folder, write_private
from leadglass.terms.errors import UserFault

__all__ = ["Handover", "write_handover"]

_README = """\
{name}: files for DICOM over TLS

    key.pem   the device's private key. Whoever has it is the device: keep it on the device and nowhere else.
    cert.pem  its certificate, valid until {until}
    ca.pem    the authority that signed it, and that signs the archive's own certificate

With DCMTK, from this folder:

    {command}

The certificate's fingerprint is what the archive knows the device by (SHA-256):

    {fingerprint}
"""


@dataclass(frozen=True, slots=True)
class Handover:
    """The folder as written, and the DCMTK command line that proves it works."""

    folder: Path
    command: str


def write_handover(folder: Path, issued: Issued, ca_pem: bytes, *, name: str, ae_title: str, address: str) -> Handover:
    """Fills `folder` (mode 0700, files 0600). `address` is the archive's TLS door as "host port" for the command.

    UserFault if the folder holds anything already, or cannot be made.
    """
    if any(private_folder(folder).iterdir()):
        raise UserFault(f"{folder} is not empty", "choose another folder, so that no other device's key is lost")
    calling = f"-aet {shlex.quote(ae_title)} " if ae_title else ""
    command = f"echoscu -v +tls key.pem cert.pem +cf ca.pem {calling}-aec LEADGLASS {address}"
    readme = _README.format(
        name=name, until=f"{issued.not_after:%Y-%m-%d}", command=command, fingerprint=issued.fingerprint
    )
    write_private(folder / "key.pem", issued.key_pem)
    write_private(folder / "cert.pem", issued.certificate_pem)
    write_private(folder / "ca.pem", ca_pem)
    write_private(folder / "README.txt", readme.encode())
    return Handover(folder, command)
