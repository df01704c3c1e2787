"""Certificates of simulated systems, made anew at each start, so that none of their keys is ever a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from leadglass.range.world import TlsManner

__all__ = ["Identity", "identity_of"]

_DAYS: Final = timedelta(days=397)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


@cache
def identity_of(manner: TlsManner) -> Identity:
    """The certificate that all systems with this way of TLS show; the same one as long as the process lives."""
    now = datetime.now(UTC)
    begins = now - 2 * _DAYS if manner is TlsManner.EXPIRED else now - timedelta(days=1)
    name = "other.example.org" if manner is TlsManner.OTHER_NAME else "pacs.example.org"
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if manner is TlsManner.RETIRED:
        key = rsa.generate_private_key(65537, 2048)  # retired suites know nothing else
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Leadglass practice range"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + _DAYS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
