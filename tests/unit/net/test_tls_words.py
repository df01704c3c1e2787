"""TLS mistakes in words."""

from __future__ import annotations

import ssl

import pytest

from leadglass.net.tls_words import first_bytes_fault, tls_words


@pytest.mark.parametrize(
    ("first", "on_plain", "on_tls"),
    [
        (b"", "", ""),
        (b"\x01\x00\x00\x00", "", "peer spoke plain DICOM to the TLS port"),
        (b"\x16\x03\x01\x02", "peer spoke TLS to the plain port", ""),
        (b"GET /", "peer spoke HTTP to the DICOM port", "peer spoke HTTP to the TLS port"),
        (b"\x00", "", "peer spoke something that is not TLS to the TLS port"),
    ],
)
def test_first_bytes(first: bytes, on_plain: str, on_tls: str) -> None:
    assert first_bytes_fault(first, expects_tls=False) == on_plain
    assert first_bytes_fault(memoryview(first), expects_tls=True) == on_tls


def _ssl(reason: str) -> ssl.SSLError:
    fault = ssl.SSLError(1, "text with what the peer sent")
    fault.reason = reason
    return fault


def _verification(code: int) -> ssl.SSLError:
    fault = ssl.SSLCertVerificationError(1, "text")
    fault.verify_code = code
    return fault


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (_ssl("NO_SHARED_CIPHER"), "peer offers no cipher suite of our profile"),
        (_ssl("SOME_NEW_REASON"), "TLS handshake failed: some new reason"),
        (_verification(18), "peer's certificate was not issued by this archive's enrolment CA: it is self-signed"),
        (_verification(999), "peer's certificate does not verify (OpenSSL code 999)"),
        (TimeoutError(), "peer did not finish the TLS handshake in time"),
        (ConnectionAbortedError(), "peer did not finish the TLS handshake in time"),
        (ConnectionResetError(), "peer hung up during the TLS handshake"),
        (OSError("what"), "TLS handshake failed: OSError"),
    ],
)
def test_faults(fault: BaseException, words: str) -> None:
    assert tls_words(fault) == words
