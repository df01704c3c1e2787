"""What a stranger's certificate says. Nothing is verified, and nothing in it may hurt us."""

from __future__ import annotations

import hashlib
import warnings

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from leadglass.net.conversing.facts import Certificate
from leadglass.terms.ceilings import MAX_CERTIFICATE, MAX_CERTIFICATE_NAMES

__all__ = ["certificate_of"]

_TEXT = 500  # characters of a subject or issuer that are kept
_NAME = 253  # of a host name: RFC 1035 §2.3.4


def certificate_of(der: bytes | None) -> Certificate | None:
    """What it says; None without one, or if it cannot be read."""
    if not der or len(der) > MAX_CERTIFICATE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cryptography deplores what strangers' certificates look like
            return _read(der)
    except Exception:  # hostile DER: cryptography raises many kinds of error, and may raise new ones
        return None


def _read(der: bytes) -> Certificate:
    certificate = x509.load_der_x509_certificate(der)
    subject, issuer = certificate.subject, certificate.issuer
    organisations = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Certificate(
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=_printable(subject.rfc4514_string(), _TEXT),
        issuer=_printable(issuer.rfc4514_string(), _TEXT),
        names=_names(certificate),
        organisation=_printable(str(organisations[0].value), _TEXT) if organisations else "",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_self_signed=subject == issuer,
        key=_key(certificate),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    found = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return tuple(_printable(name, _NAME) for name in found[:MAX_CERTIFICATE_NAMES])


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except Exception:  # a key of a kind OpenSSL does not know is no reason to lose the rest
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return "Ed448" if isinstance(key, ed448.Ed448PublicKey) else "other"


def _printable(text: str, most: int) -> str:
    return "".join(c if c.isprintable() else "�" for c in text[:most])
