"""The enrolment CA: what it signs, and that TLS believes it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from leadglass.gate.enrolment.authority import CA_LIFETIME, DEVICE_LIFETIME, EnrolmentAuthority, Issued
from leadglass.terms.errors import UserFault

T = TypeVar("T", bound=x509.ExtensionType)

NOW = datetime.now(UTC).replace(microsecond=0)  # TLS checks dates against the machine's own clock


@pytest.fixture
def authority(tmp_path: Path) -> EnrolmentAuthority:
    return EnrolmentAuthority.open(tmp_path / "ca", NOW)


def parsed(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def extension(certificate: x509.Certificate, kind: type[T]) -> T:
    return certificate.extensions.get_extension_for_class(kind).value


def test_the_ca_signs_end_entities_only_for_ten_years(authority: EnrolmentAuthority) -> None:
    ca = parsed(authority.certificate_pem)
    assert isinstance(ca.public_key(), ec.EllipticCurvePublicKey)
    assert ca.public_key().curve.name == "secp256r1"
    assert extension(ca, x509.BasicConstraints) == x509.BasicConstraints(ca=True, path_length=0)
    usage = extension(ca, x509.KeyUsage)
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    assert ca.not_valid_after_utc == NOW + CA_LIFETIME
    assert authority.has_signed(ca)


def test_the_same_folder_is_the_same_ca(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    again = EnrolmentAuthority.open(tmp_path / "ca", NOW + timedelta(days=400))
    assert again.certificate_pem == authority.certificate_pem == (tmp_path / "ca" / "ca.pem").read_bytes()
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "ca").iterdir()} == {
        "ca.key": 0o600,
        "ca.pem": 0o600,
    }
    other = EnrolmentAuthority.open(tmp_path / "other", NOW)
    assert other.certificate_pem != authority.certificate_pem


def test_a_ca_that_cannot_be_used_is_said_so_and_not_replaced(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    path = tmp_path / "ca" / "ca.key"
    good = path.read_bytes()
    other = EnrolmentAuthority.open(tmp_path / "other", NOW)
    key = good[: good.index(b"-----BEGIN CERT")]
    for bad in (b"", b"garbage", good[:-40], key, key + other.certificate_pem):
        path.write_bytes(bad)
        with pytest.raises(UserFault):
            EnrolmentAuthority.open(tmp_path / "ca", NOW)
        assert path.read_bytes() == bad
    path.write_bytes(good)
    path.chmod(0o644)
    with pytest.raises(UserFault, match="can be read by others"):
        EnrolmentAuthority.open(tmp_path / "ca", NOW)


def test_a_device_certificate_names_the_device_and_is_for_clients(authority: EnrolmentAuthority) -> None:
    issued = authority.issue_device("dev-1", "ct1", NOW, ae_title="CT1")
    certificate = parsed(issued.certificate_pem)
    names = extension(certificate, x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:leadglass:device:dev-1"]
    assert list(extension(certificate, x509.ExtendedKeyUsage)) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert extension(certificate, x509.BasicConstraints) == x509.BasicConstraints(ca=False, path_length=None)
    assert certificate.not_valid_after_utc == issued.not_after == NOW + DEVICE_LIFETIME
    assert certificate.subject.rfc4514_string() == "OU=CT1,CN=ct1"
    assert issued.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()
    assert authority.has_signed(certificate)
    assert b"PRIVATE" not in repr(issued).encode()


def test_a_device_that_listens_may_be_a_tls_server_with_its_certificate(authority: EnrolmentAuthority) -> None:
    issued = authority.issue_device("dev-1", "ct1", NOW, listens=True)
    usage = extension(parsed(issued.certificate_pem), x509.ExtendedKeyUsage)
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]


def test_every_certificate_has_its_own_key_and_serial(authority: EnrolmentAuthority) -> None:
    one, two = (authority.issue_device("dev-1", "ct1", NOW) for _ in range(2))
    assert one.key_pem != two.key_pem
    assert parsed(one.certificate_pem).serial_number != parsed(two.certificate_pem).serial_number


def test_nothing_outlives_the_ca(authority: EnrolmentAuthority) -> None:
    late = NOW + CA_LIFETIME - timedelta(days=10)
    assert authority.issue_device("dev-1", "ct1", late).not_after == NOW + CA_LIFETIME
    with pytest.raises(UserFault, match="expired"):
        authority.issue_device("dev-1", "ct1", NOW + CA_LIFETIME + timedelta(days=1))


def test_another_ca_did_not_sign_it(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    other = EnrolmentAuthority.open(tmp_path / "other", NOW)
    assert not authority.has_signed(parsed(other.issue_device("dev-1", "ct1", NOW).certificate_pem))


def test_names_that_are_none(authority: EnrolmentAuthority) -> None:
    with pytest.raises(UserFault):
        authority.issue_server(["pacs..example"], NOW)


# --- as TLS sees it ------------------------------------------------------------------------------------------


def context(folder: Path, side: ssl._SSLMethod, issued: Issued, ca_pem: bytes) -> ssl.SSLContext:
    """A TLS context that shows `issued` and believes only the CA."""
    path = folder / f"{issued.fingerprint}.pem"
    path.write_bytes(issued.key_pem + issued.certificate_pem)
    made = ssl.SSLContext(side)
    made.load_cert_chain(path)
    made.load_verify_locations(cadata=ca_pem.decode())
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    return made


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """Both sides of a handshake over memory; what the server knows of its client afterwards."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(up, down, server_side=True)
    theirs = client.wrap_bio(down, up, server_hostname=name)
    for _ in range(10):
        for side in (theirs, ours):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    ours.do_handshake()
    return ours


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "pacs.example"])
def test_tls_believes_both_sides_in_strict_mode(tmp_path: Path, authority: EnrolmentAuthority, name: str) -> None:
    names = ["localhost", "127.0.0.1", "::1", "pacs.example"]
    ca = authority.certificate_pem
    server = context(tmp_path, ssl.PROTOCOL_TLS_SERVER, authority.issue_server(names, NOW), ca)
    device = authority.issue_device("dev-1", "ct1", NOW)
    client = context(tmp_path, ssl.PROTOCOL_TLS_CLIENT, device, ca)
    shown = shake_hands(server, client, name).getpeercert(binary_form=True)
    assert shown is not None
    assert x509.load_der_x509_certificate(shown).fingerprint(hashes.SHA256()).hex() == device.fingerprint


def test_a_device_cannot_pose_as_the_archive(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    ca = authority.certificate_pem
    device = authority.issue_device("dev-1", "localhost", NOW)
    posing = context(tmp_path, ssl.PROTOCOL_TLS_SERVER, device, ca)
    with pytest.raises(ssl.SSLError):
        shake_hands(posing, context(tmp_path, ssl.PROTOCOL_TLS_CLIENT, device, ca), "localhost")


def test_the_archive_calls_a_device_that_listens(tmp_path: Path, authority: EnrolmentAuthority) -> None:
    ca = authority.certificate_pem
    device = authority.issue_device("dev-1", "ct1", NOW, listens=True)
    listening = context(tmp_path, ssl.PROTOCOL_TLS_SERVER, device, ca)
    archive = context(tmp_path, ssl.PROTOCOL_TLS_CLIENT, authority.issue_server(["localhost"], NOW), ca)
    archive.check_hostname = False
    assert shake_hands(listening, archive, "localhost").getpeercert(binary_form=True) is not None
