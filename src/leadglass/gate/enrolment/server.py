"""The certificate our TLS doors show: made at first start, made anew before it ends or when a name is missing."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from leadglass.gate.enrolment.authority import EnrolmentAuthority, host_name
from leadglass.gate.enrolment.files import private_folder, read_private, write_private

__all__ = ["ServerCertificate", "ensure_server_certificate", "names_of_this_machine"]

RENEW_BEFORE_END: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Where the TLS doors find what they show. Both paths may be the same file."""

    certificate: Path
    key: Path
    not_after: datetime
    is_new: bool  # made just now: doors already open still show the one before


def names_of_this_machine() -> tuple[str, ...]:
    """What clients on this machine and its network may call it."""
    host = platform.node()
    return tuple(dict.fromkeys(("localhost", "127.0.0.1", "::1", *([host] if host else ()))))


def ensure_server_certificate(
    folder: Path, authority: EnrolmentAuthority, now: datetime, names: Sequence[str] = ()
) -> ServerCertificate:
    """A server certificate in `folder` for this machine's names and `names`, by `authority`, with time left.

    UserFault if the file that is there can be read by others. Key and certificate are one file, so that they always
    belong together.
    """
    wanted = tuple(dict.fromkeys((*names, *names_of_this_machine())))
    path = private_folder(folder) / "server.pem"
    end = _end_if_good(path, authority, now, wanted)
    if end is not None:
        return ServerCertificate(path, path, end, is_new=False)
    issued = authority.issue_server(wanted, now)
    write_private(path, issued.key_pem + issued.certificate_pem)
    return ServerCertificate(path, path, issued.not_after, is_new=True)


def _end_if_good(path: Path, authority: EnrolmentAuthority, now: datetime, wanted: Sequence[str]) -> datetime | None:
    """When the certificate at `path` ends, or None if there is none that will do."""
    try:
        pem = read_private(path)
        certificate = x509.load_pem_x509_certificate(pem)
        key = serialization.load_pem_private_key(pem, None)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, TypeError, x509.ExtensionNotFound):
        return None
    end = certificate.not_valid_after_utc
    in_time = certificate.not_valid_before_utc <= now < end - RENEW_BEFORE_END
    named = {host_name(name) for name in wanted} <= set(names)
    ours = key.public_key() == certificate.public_key() and authority.has_signed(certificate)
    return end if in_time and named and ours else None
