"""TLS mistakes in words a person can act on: whose mistake, and what it was."""

from __future__ import annotations

import ssl
from typing import Final

from leadglass.net.service import FaultKind

__all__ = ["CLIENT_HELLO", "first_bytes_fault", "speaks_http", "tls_fault_kind", "tls_words"]

CLIENT_HELLO: Final = 0x16
"""First byte of a TLS connection: the record type "handshake"."""
_ASSOCIATE_RQ: Final = 0x01
_HTTP: Final = (b"GET ", b"POST", b"PUT ", b"HEAD", b"OPTI", b"DELE", b"CONN", b"PRI ")

_REASONS: Final = {
    "WRONG_VERSION_NUMBER": "peer did not speak TLS",
    "HTTP_REQUEST": "peer spoke HTTP to the TLS port",
    "HTTPS_PROXY_REQUEST": "peer spoke HTTP to the TLS port",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "peer showed no certificate and one is required",
    "NO_SHARED_CIPHER": "peer offers no cipher suite of our profile",
    "UNSUPPORTED_PROTOCOL": "peer's TLS version is older than TLS 1.2",
    "VERSION_TOO_LOW": "peer's TLS version is older than TLS 1.2",
    "TLSV1_ALERT_PROTOCOL_VERSION": "peer refused TLS 1.2 and TLS 1.3",
    "NO_SUITABLE_KEY_SHARE": "peer offers no key agreement of our profile",
    "NO_SHARED_GROUP": "peer offers no key agreement of our profile",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "peer found no common cipher suite, or wanted a certificate it did not get",
    "TLSV1_ALERT_UNKNOWN_CA": "peer does not trust the issuer of our certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "peer refused our certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "peer refused our certificate as unsupported",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "peer refused our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "peer says our certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "peer says our certificate was revoked",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "peer requires a certificate and we showed none",
    "UNEXPECTED_EOF_WHILE_READING": "peer hung up during the TLS handshake",
}
_FOREIGN: Final = "peer's certificate was not issued by this archive's enrolment CA"
_VERIFY: Final = {  # X509_V_ERR_* of OpenSSL
    2: _FOREIGN,
    18: f"{_FOREIGN}: it is self-signed",
    19: f"{_FOREIGN}: its chain ends in an unknown self-signed certificate",
    20: _FOREIGN,
    21: _FOREIGN,
    26: "peer's certificate is not meant for this purpose (extended key usage)",
    62: "peer's certificate is for another host name",
    64: "peer's certificate is for another IP address",
    66: "peer's key is too small",
    67: "peer's issuer has a key that is too small",
    68: "peer's certificate is signed with a hash that is too weak",
}


def tls_words(fault: BaseException) -> str:
    """What went wrong in a TLS handshake, in one line. Never quotes anything the peer sent."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return _VERIFY.get(fault.verify_code, f"peer's certificate does not verify (OpenSSL code {fault.verify_code})")
    if isinstance(fault, ssl.SSLError):
        reason = fault.reason or "unknown"
        return _REASONS.get(reason, f"TLS handshake failed: {reason.replace('_', ' ').lower()}")
    if isinstance(fault, TimeoutError | ConnectionAbortedError):  # the second is the event loop's own time limit
        return "peer did not finish the TLS handshake in time"
    if isinstance(fault, ConnectionError):
        return "peer hung up during the TLS handshake"
    return f"TLS handshake failed: {type(fault).__name__}"


def tls_fault_kind(fault: BaseException) -> FaultKind:
    """Whether a handshake failed for the peer's certificate, for want of one, or for anything else."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return FaultKind.CERTIFICATE
    if isinstance(fault, ssl.SSLError) and fault.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return FaultKind.NO_CERTIFICATE
    return FaultKind.TLS


def first_bytes_fault(data: bytes | memoryview, *, expects_tls: bool) -> str:
    """What language the first bytes of a connection are in, if it is the wrong one for the port; "" if it is right."""
    start = bytes(data[:4])
    if speaks_http(start):
        return "peer spoke HTTP to the TLS port" if expects_tls else "peer spoke HTTP to the DICOM port"
    if not start:
        return ""
    if expects_tls and start[0] != CLIENT_HELLO:
        spoke = "plain DICOM" if start[0] == _ASSOCIATE_RQ else "something that is not TLS"
        return f"peer spoke {spoke} to the TLS port"
    if not expects_tls and start[0] == CLIENT_HELLO:
        return "peer spoke TLS to the plain port"
    return ""


def speaks_http(start: bytes) -> bool:
    """Whether a connection that begins like this speaks HTTP without TLS."""
    return start.startswith(_HTTP)
