"""The certificate of the TLS doors."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from helpers.callers import NOW
from leadglass.gate.enrolment.authority import SERVER_LIFETIME, EnrolmentAuthority
from leadglass.gate.enrolment.server import RENEW_BEFORE_END, ensure_server_certificate, names_of_this_machine
from leadglass.terms.errors import UserFault


@pytest.fixture
def authority(tmp_path: Path) -> EnrolmentAuthority:
    return EnrolmentAuthority.open(tmp_path / "ca", NOW)


def test_made_once_with_all_names(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    first = ensure_server_certificate(tmp_path / "tls", authority, NOW, ["pacs.example", "192.0.2.1"])
    assert first.is_new
    assert first.not_after == NOW + SERVER_LIFETIME
    assert first.key.stat().st_mode & 0o777 == 0o600
    certificate = x509.load_pem_x509_certificate(first.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "pacs.example" in names.get_values_for_type(x509.DNSName)
    assert {"127.0.0.1", "::1", "192.0.2.1"} <= {str(ip) for ip in names.get_values_for_type(x509.IPAddress)}
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    again = ensure_server_certificate(tmp_path / "tls", authority, NOW, ["pacs.example"])
    assert not again.is_new
    assert again.certificate.read_bytes() == first.certificate.read_bytes()


def test_renewed_in_time_for_a_new_name_or_another_ca(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    folder = tmp_path / "tls"
    ensure_server_certificate(folder, authority, NOW)
    edge = NOW + SERVER_LIFETIME - RENEW_BEFORE_END
    assert not ensure_server_certificate(folder, authority, edge - timedelta(seconds=1)).is_new
    assert ensure_server_certificate(folder, authority, edge).is_new
    assert ensure_server_certificate(folder, authority, edge, ["new.example"]).is_new
    other = EnrolmentAuthority.open(tmp_path / "other", NOW)
    assert ensure_server_certificate(folder, other, edge, ["new.example"]).is_new


def test_a_damaged_file_is_made_anew_but_one_that_others_read_is_not_used(
    tmp_path: Path, authority: EnrolmentAuthority
) -> None:
    folder = tmp_path / "tls"
    path = ensure_server_certificate(folder, authority, NOW).certificate
    good = path.read_bytes()
    for bad in (b"", good[:200], good[good.index(b"-----BEGIN CERT") :]):
        path.write_bytes(bad)
        assert ensure_server_certificate(folder, authority, NOW).is_new
    path.chmod(0o644)
    with pytest.raises(UserFault):
        ensure_server_certificate(folder, authority, NOW)


def test_this_machine_has_names() -> None:
    assert {"localhost", "127.0.0.1", "::1"} <= set(names_of_this_machine())
