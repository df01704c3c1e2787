"""TLS contexts as PS3.15 wants them, and who the peer is by its certificate.

Profile B.12 (BCP 195: RFC 8996, RFC 9325): TLS 1.3 preferred, TLS 1.2 the oldest, forward secrecy and authenticated
encryption only; there is nothing to downgrade to. Profile B.13 restricts that further: of the suites it lists those
below, key agreement on a curve of at least 256 bits, RSA keys of at least 2048 bits (OpenSSL's security level 2).
It also names CAMELLIA and CCM_8 suites; the first are rare, the second too weak for OpenSSL's default level.

Dates are checked here and not by OpenSSL, for two reasons: OpenSSL would only say "expired", not who and when; and a
device whose certificate has run out is to be refused by the gate, by name and in the ledger. `certificate_fault` is
what the doors ask before they let anybody in.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import CertificateFacts

__all__ = [
    "TlsContext",
    "TlsProfile",
    "certificate_fault",
    "certificate_names",
    "client_context",
    "peer_certificate",
    "server_context",
]

TlsContext = ssl.SSLContext
"""For rooms that pass one on and never look inside."""


class TlsProfile(StrEnum):
    """Secure transport connection profiles of PS3.15."""

    BCP195 = "B.12"
    BCP195_MODIFIED = "B.13"


_SUITES: Final = {  # TLS 1.2; the suites of TLS 1.3 (AES-GCM, ChaCha20) are all within both profiles
    TlsProfile.BCP195: "ECDHE+AESGCM",
    TlsProfile.BCP195_MODIFIED: "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE-ECDSA-AES256-CCM:ECDHE-ECDSA-AES128-CCM",
}
_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which the ssl module does not name."""


def server_context(
    certificate: Path,
    key: Path,
    client_ca: Path | None = None,
    profile: TlsProfile | str = TlsProfile.BCP195,
    *,
    require_client_certificate: bool = False,
) -> ssl.SSLContext:
    """For a door. With `client_ca`, a client certificate is asked for and, if shown, must be issued by it.

    UserFault if the files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, certificate, key, client_ca)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED if require_client_certificate else ssl.CERT_OPTIONAL
    elif require_client_certificate:
        raise UserFault("client certificates are required but there is no CA to check them", "name the client CA file")
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return _restricted(context, TlsProfile(profile))


def client_context(
    ca: Path,
    certificate: Path | None = None,
    key: Path | None = None,
    profile: TlsProfile | str = TlsProfile.BCP195,
    *,
    check_hostname: bool = False,
) -> ssl.SSLContext:
    """For calling a peer whose certificate must be issued by `ca`. Our own certificate is shown if asked for.

    DICOM peers are known by their issuer; their certificates rarely carry the name they are called by. UserFault if the
    files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = check_hostname
    context.verify_mode = ssl.CERT_REQUIRED
    _load(context, certificate, key, ca)
    return _restricted(context, TlsProfile(profile))


def _load(context: ssl.SSLContext, certificate: Path | None, key: Path | None, ca: Path | None) -> None:
    try:
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        if ca is not None:
            context.load_verify_locations(cafile=ca)
    except (OSError, ssl.SSLError) as fault:
        reason = getattr(fault, "reason", None) or fault.strerror or "unreadable"
        names = ", ".join(str(path) for path in (certificate, key, ca) if path is not None)
        raise UserFault(f"TLS files cannot be used ({reason}): {names}", "check paths, PEM form and the key") from fault


def _restricted(context: ssl.SSLContext, profile: TlsProfile) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES[profile])
    if profile is TlsProfile.BCP195_MODIFIED:
        context.set_ecdh_curve("prime256v1")
    # strict X.509 rules, on by default from Python 3.13, turn away certificates that devices in the field have
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    return context


def peer_certificate(tls: ssl.SSLObject | ssl.SSLSocket | None) -> CertificateFacts | None:
    """What the peer's certificate says; None without TLS or without one. Its chain has been verified, its dates not."""
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    if not der:
        return None
    certificate = x509.load_der_x509_certificate(der)
    return CertificateFacts(
        fingerprint=certificate.fingerprint(SHA256()).hex(),
        subject=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def certificate_names(path: Path) -> tuple[str, ...]:
    """The host names and addresses the first certificate in a PEM file was issued for. UserFault if it is none."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    except (OSError, ValueError) as fault:
        raise UserFault(f"{path} holds no certificate that can be read", "check path and PEM form") from fault
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def certificate_fault(facts: CertificateFacts | None, now: datetime | None = None) -> str:
    """What is wrong with the dates of a certificate, in words; "" if nothing, or if there is none."""
    now = now or datetime.now(UTC)
    if facts is None:
        return ""
    if now > facts.not_after:
        return f"certificate expired on {facts.not_after:%Y-%m-%d}: {facts.subject}"
    if now < facts.not_before:
        return f"certificate not valid before {facts.not_before:%Y-%m-%d}: {facts.subject}"
    return ""
