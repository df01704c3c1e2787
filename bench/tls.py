"""Keys and certificates for the peers: a small CA and one certificate that sender and receiver share."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TlsFiles:
    ca: Path
    certificate: Path
    key: Path

    @property
    def sender_options(self) -> tuple[str, ...]:
        """What makes DCMTK's storescu use them."""
        return ("+tls", str(self.key), str(self.certificate), "+cf", str(self.ca))


def make_tls_files(directory: Path) -> TlsFiles:
    """ECDSA P-256, as our own enrolment CA issues, for ten days."""
    directory.mkdir(parents=True, exist_ok=True)
    files = TlsFiles(directory / "ca.pem", directory / "certificate.pem", directory / "key.pem")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    ca_key, request = directory / "ca-key.pem", directory / "request.pem"
    _openssl("req", "-x509", *new_key, "-subj", "/CN=bench CA", "-days", "10", "-keyout", ca_key, "-out", files.ca)
    _openssl("req", *new_key, "-subj", "/CN=localhost", "-keyout", files.key, "-out", request)
    _openssl(
        *("x509", "-req", "-in", request, "-CA", files.ca, "-CAkey", ca_key, "-CAcreateserial"),
        *("-days", "10", "-out", files.certificate),
    )
    return files


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
