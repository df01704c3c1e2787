"""An HTTP client of the running archive's web door, which trusts its CA and nobody else."""

from __future__ import annotations

import ssl
from typing import Any

import httpx2

from helpers.archive_server import ArchiveServer, DeviceFiles

__all__ = ["trusting", "web"]


def trusting(server: ArchiveServer, certificate: DeviceFiles | None = None) -> ssl.SSLContext:
    """A TLS context that trusts the archive's CA and shows `certificate`, if any."""
    context = ssl.create_default_context(cafile=server.ca)
    if certificate is not None:
        context.load_cert_chain(certificate.folder / "cert.pem", certificate.folder / "key.pem")
    return context


def web(
    server: ArchiveServer,
    *,
    token: str = "",
    certificate: DeviceFiles | None = None,
    address: str = "",
    **options: Any,
) -> httpx2.Client:
    """A client whose addresses begin at the archive's root: `web(server, token=...).get("/dicom-web/studies")`. It
    calls from the loopback `address`, if one is given."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.Client(
        base_url=f"https://localhost:{server.https}",
        transport=httpx2.HTTPTransport(verify=trusting(server, certificate), local_address=address or None),
        headers=headers | dict(options.pop("headers", {})),
        timeout=options.pop("timeout", 60),
        trust_env=False,
        **options,
    )
