"""The enrolment CA: ECDSA P-256, ten years, signs end entities only (RFC 5280; PS3.15 §B.12 profiles)."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from leadglass.gate.enrolment.files import private_folder, read_private, write_new
from leadglass.terms.errors import UserFault

__all__ = ["CA_LIFETIME", "DEVICE_LIFETIME", "SERVER_LIFETIME", "EnrolmentAuthority", "Issued", "host_name"]

CA_LIFETIME: Final = timedelta(days=3652)
DEVICE_LIFETIME: Final = timedelta(days=730)
SERVER_LIFETIME: Final = timedelta(days=730)
_BACKDATED: Final = timedelta(minutes=5)  # a device's clock may be a little behind ours
_BOTH: Final = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh key and its certificate. The key exists nowhere else."""

    key_pem: bytes = field(repr=False)
    certificate_pem: bytes
    fingerprint: str  # SHA-256 of the DER form, lower-case hex
    not_after: datetime


class EnrolmentAuthority:
    """The CA of one installation, kept in a folder of its own: `ca.key` and `ca.pem`."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @classmethod
    def open(cls, folder: Path, now: datetime) -> EnrolmentAuthority:
        """The CA in `folder`, made if the folder holds none. UserFault if its files cannot be used.

        The key and the certificate are one file's content, linked into place whole: two processes that start at
        once end with the same CA, and a crash leaves none or all of it.
        """
        path = private_folder(folder) / "ca.key"
        if not path.exists():
            write_new(path, _new_ca(now))
        pem = read_private(path)
        try:
            key = serialization.load_pem_private_key(pem, None)
            certificate = x509.load_pem_x509_certificate(pem)
        except (ValueError, TypeError) as fault:
            raise UserFault(f"{path} is not the key of a CA", "put back the file from your backup") from fault
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise UserFault(f"{path} holds a key and a certificate of two CAs", "put back the file from your backup")
        authority = cls(key, certificate)
        write_new(folder / "ca.pem", authority.certificate_pem)
        return authority

    @property
    def certificate_pem(self) -> bytes:
        """What devices are given so that they know our doors."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue_device(
        self, device_id: str, name: str, now: datetime, *, ae_title: str = "", listens: bool = False
    ) -> Issued:
        """A client certificate for a device; the id in its subject alternative name is the device's row id.

        Only one that `listens` may also be a TLS server with it: others could pose as the archive before devices.
        """
        subject = [_attribute(NameOID.COMMON_NAME, name)]
        if ae_title:
            subject.append(_attribute(NameOID.ORGANIZATIONAL_UNIT_NAME, ae_title))
        names = [x509.UniformResourceIdentifier(f"urn:leadglass:device:{device_id}")]
        usages = _BOTH if listens else (ExtendedKeyUsageOID.CLIENT_AUTH,)
        return self._issue(x509.Name(subject), names, usages, now, DEVICE_LIFETIME)

    def issue_server(self, names: Sequence[str], now: datetime) -> Issued:
        """A server certificate for `names`: host names and IP addresses, the first one also as common name.

        Good for a client too: the archive shows it to the destinations it calls.
        """
        subject = x509.Name([_attribute(NameOID.COMMON_NAME, names[0])])
        return self._issue(subject, [host_name(name) for name in names], _BOTH, now, SERVER_LIFETIME)

    def has_signed(self, certificate: x509.Certificate) -> bool:
        """True if this CA issued `certificate`."""
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _issue(
        self,
        subject: x509.Name,
        names: Sequence[x509.GeneralName],
        usages: Sequence[x509.ObjectIdentifier],
        now: datetime,
        lifetime: timedelta,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        begin = max(now - _BACKDATED, self._certificate.not_valid_before_utc)
        end = min(now + lifetime, self._certificate.not_valid_after_utc)
        if end <= begin:
            raise UserFault(
                "the enrolment CA has expired", "move HOME/ca aside, start again and enrol the devices anew"
            )
        issuer_key = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        certificate = (
            _builder(subject, self._certificate.subject, key, begin, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Issued(
            _key_pem(key),
            certificate.public_bytes(serialization.Encoding.PEM),
            certificate.fingerprint(hashes.SHA256()).hex(),
            certificate.not_valid_after_utc,
        )


def _new_ca(now: datetime) -> bytes:
    """The key of a new CA and its certificate, both PEM, one after the other."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            _attribute(NameOID.ORGANIZATION_NAME, "Leadglass"),
            # The number tells two installations' authorities apart when somebody trusts both.
            _attribute(NameOID.COMMON_NAME, f"Leadglass enrolment CA {secrets.token_hex(4)}"),
        ]
    )
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _builder(name, name, key, now - _BACKDATED, now + CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(subject_key, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _attribute(oid: x509.ObjectIdentifier, text: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(oid, text[:64] or "-")  # RFC 5280 A.1: these names end at 64 characters


def host_name(name: str) -> x509.GeneralName:
    """How `name`, a host name or an IP address, is written in a certificate."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name.encode("idna").decode("ascii"))
    except UnicodeError as fault:
        raise UserFault(f"{name!r} is neither a host name nor an IP address", "correct the server's names") from fault


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
