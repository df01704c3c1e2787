"""TLS doors on loopback: who gets in, who does not, and in which words."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.certificates import Authority, Leaf
from helpers.counting_service import VERIFICATION, Counted
from helpers.net_doors import open_door
from helpers.raw_peer import ASSOCIATE_AC, raw_peer
from helpers.requests import association_request
from leadglass.dicom.dimse.messages import CEchoRq
from leadglass.dicom.upperlayer import encode_pdu
from leadglass.net.connector import open_association
from leadglass.net.errors import NetFault, PeerRejected, TlsFault
from leadglass.net.limits import Limits
from leadglass.net.service import Closing, FaultKind
from leadglass.net.tls import TlsProfile, certificate_fault, client_context, server_context
from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import CertificateFacts, Door

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
LONG_AGO = datetime.now(UTC) - timedelta(days=900)


@dataclass
class World:
    """An enrolment CA with a server and a device, and another CA nobody trusts."""

    ca: Authority
    foreign: Authority
    server: Leaf
    device: Leaf

    def door_context(self, profile: str = "B.12", *, required: bool = True) -> ssl.SSLContext:
        return server_context(
            self.server.certificate, self.server.key, self.ca.certificate, profile, require_client_certificate=required
        )

    def calling(self, leaf: Leaf | None, profile: str = "B.12") -> ssl.SSLContext:
        if leaf is None:
            return client_context(self.ca.certificate, profile=profile)
        return client_context(self.ca.certificate, leaf.certificate, leaf.key, profile)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("tls")
    ca = Authority(folder / "ours", "Enrolment CA")
    return World(ca, Authority(folder / "foreign", "Somebody"), ca.issue("server"), ca.issue("ct-1"))


async def echo(port: int, context: ssl.SSLContext | None) -> int:
    async with await open_association("127.0.0.1", port, association_request(VERIFICATION), tls=context) as ours:
        return (await ours.request(ours.contexts[1], CEchoRq(message_id=1))).status


def told(counted: Counted, expected: FaultKind = FaultKind.TLS) -> str:
    """The one TLS fault that was reported."""
    ((kind, address, text),) = counted.faults
    assert kind is expected
    assert address == "127.0.0.1"
    return text


@pytest.mark.parametrize("profile", ["B.12", "B.13"])
async def test_a_device_is_known_by_its_certificate(world: World, profile: str) -> None:
    counted = Counted()
    async with open_door(counted, tls=world.door_context(profile)) as door:
        assert await echo(door.port, world.calling(world.device, profile)) == 0
    (evidence,) = counted.evidence
    der = ssl.PEM_cert_to_DER_cert(world.device.certificate.read_text())
    assert evidence.certificate is not None
    assert evidence.certificate.fingerprint == hashlib.sha256(der).hexdigest()
    assert evidence.certificate.subject == "CN=ct-1"
    assert evidence.certificate.not_after == world.device.not_after.replace(microsecond=0)
    assert evidence.door is Door.DICOM_TLS
    assert counted.faults == []


async def test_an_optional_certificate_may_be_missing(world: World) -> None:
    counted = Counted()
    async with open_door(counted, tls=world.door_context(required=False)) as door:
        assert await echo(door.port, world.calling(None)) == 0
    assert counted.evidence[0].certificate is None


async def test_a_required_one_may_not(world: World) -> None:
    counted = Counted()
    async with open_door(counted, tls=world.door_context()) as door:
        with pytest.raises(NetFault, match="may not accept our certificate"):  # asyncio drops the alert
            await echo(door.port, world.calling(None))
    assert told(counted, FaultKind.NO_CERTIFICATE) == "peer showed no certificate and one is required"
    assert counted.evidence == []


async def test_a_foreign_certificate_even_where_none_is_required(world: World) -> None:
    stranger = world.foreign.issue("stranger")
    for required in (True, False):
        counted = Counted()
        async with open_door(counted, tls=world.door_context(required=required)) as door:
            with pytest.raises(NetFault, match="may not accept our certificate"):
                await echo(door.port, world.calling(stranger))
        words = told(counted, FaultKind.CERTIFICATE)
        assert words.startswith("peer's certificate was not issued by this archive's enrolment CA")


@pytest.mark.parametrize(
    ("not_before", "not_after", "words"),
    [
        (LONG_AGO, YESTERDAY, f"certificate expired on {YESTERDAY:%Y-%m-%d}: CN=old"),
        (
            datetime(2190, 1, 2, tzinfo=UTC),
            datetime(2191, 1, 2, tzinfo=UTC),
            "certificate not valid before 2190-01-02: CN=old",
        ),
    ],
)
async def test_dates_that_do_not_hold_never_get_in(
    world: World, not_before: datetime, not_after: datetime, words: str
) -> None:
    """Even though the counting service admits everybody."""
    counted = Counted()
    old = world.ca.issue("old", not_before=not_before, not_after=not_after)
    async with open_door(counted, tls=world.door_context()) as door:
        with pytest.raises(PeerRejected):
            await echo(door.port, world.calling(old))
    assert told(counted) == words
    assert counted.evidence[0].certificate is not None  # the gate was asked, with all the facts
    assert counted.commands == []
    assert counted.closings == [Closing.REJECTED]


async def test_plain_dicom_on_the_tls_port(world: World) -> None:
    counted = Counted()
    async with open_door(counted, tls=world.door_context()) as door:
        with pytest.raises(NetFault):
            await echo(door.port, None)
    assert told(counted) == "peer spoke plain DICOM to the TLS port"


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "peer spoke HTTP to the TLS port"),
        (b"\x99\x99\x99\x99\x99", "peer spoke something that is not TLS to the TLS port"),
    ],
)
async def test_other_languages_on_the_tls_port(world: World, first: bytes, words: str) -> None:
    counted = Counted()
    async with open_door(counted, tls=world.door_context()) as door, raw_peer(door.port) as peer:
        await peer.send(first)
        await peer.wait_closed()
    assert told(counted) == words


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01\x01\x00\x01"])
async def test_who_does_not_finish_the_handshake_in_time(world: World, sent: bytes) -> None:
    counted = Counted()
    limits = Limits(artim_seconds=0.05)
    async with open_door(counted, tls=world.door_context(), limits=limits) as door, raw_peer(door.port) as peer:
        await peer.send(sent)
        await peer.wait_closed()
    assert told(counted) == "peer did not finish the TLS handshake in time"


async def test_tls_on_the_plain_port(world: World) -> None:
    counted = Counted()
    async with open_door(counted) as door:
        with pytest.raises(TlsFault):
            await echo(door.port, world.calling(world.device))
    assert (FaultKind.TLS, "127.0.0.1", "peer spoke TLS to the plain port") in counted.faults


async def test_http_on_the_plain_port() -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await peer.send(b"GET / HTTP/1.1\r\nHost: archive\r\n\r\n")
        await peer.read_pdu()
    assert (FaultKind.TLS, "127.0.0.1", "peer spoke HTTP to the DICOM port") in counted.faults


async def test_a_server_we_do_not_trust(world: World) -> None:
    counted = Counted()
    ours = client_context(world.foreign.certificate)
    async with open_door(counted, tls=world.door_context(required=False)) as door:
        with pytest.raises(TlsFault, match="not issued by"):
            await echo(door.port, ours)
    assert told(counted) == "peer hung up during the TLS handshake"


async def test_a_server_whose_certificate_has_expired_hears_nothing_from_us(world: World) -> None:
    old = world.ca.issue("old-server", not_before=LONG_AGO, not_after=YESTERDAY)
    counted = Counted()
    async with open_door(counted, tls=server_context(old.certificate, old.key)) as door:
        with pytest.raises(TlsFault, match=r"certificate expired on .*CN=old-server"):
            await echo(door.port, world.calling(None))
    assert counted.evidence == []


async def test_host_names_are_checked_only_if_asked_for(world: World) -> None:
    request = association_request(VERIFICATION)
    checking = client_context(world.ca.certificate, check_hostname=True)
    async with open_door(Counted(), tls=world.door_context(required=False)) as door:
        async with await open_association("127.0.0.1", door.port, request, tls=checking):
            pass
        with pytest.raises(TlsFault, match="another host name"):
            await open_association("127.0.0.1", door.port, request, tls=checking, server_hostname="elsewhere")


def _client(world: World, **settings: object) -> ssl.SSLContext:
    context = world.calling(world.device)
    for name, value in settings.items():
        setattr(context, name, value)
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("profile", list(TlsProfile))
async def test_both_versions_and_only_strong_suites(world: World, profile: str, version: ssl.TLSVersion) -> None:
    context = _client(world, minimum_version=version, maximum_version=version)
    context.set_ciphers("ALL:@SECLEVEL=0")  # offers everything: the door chooses
    async with open_door(Counted(), tls=world.door_context(profile)) as door, raw_peer(door.port, context) as peer:
        chosen = peer.writer.get_extra_info("cipher")
        assert await peer.associate(VERIFICATION) == ASSOCIATE_AC
    assert any(name in chosen[0] for name in ("GCM", "CHACHA20", "CCM"))
    assert chosen[0].startswith(("TLS_", "ECDHE-"))


@pytest.mark.parametrize("suites", ["AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256"])
async def test_weaker_suites_are_refused(world: World, suites: str) -> None:
    context = _client(world, maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(suites)
    counted = Counted()
    async with open_door(counted, tls=world.door_context()) as door:
        with pytest.raises(TlsFault):
            await echo(door.port, context)
    assert told(counted) == "peer offers no cipher suite of our profile"


async def test_the_restricted_profile_agrees_on_a_named_curve_of_256_bits(world: World) -> None:
    context = _client(world)
    context.set_ecdh_curve("secp384r1")
    counted = Counted()
    async with open_door(counted, tls=world.door_context("B.13")) as door:
        with pytest.raises(TlsFault):
            await echo(door.port, context)
        assert await echo(door.port, world.calling(world.device)) == 0
    assert told(counted) == "peer offers no key agreement of our profile"


async def test_old_versions_are_refused(world: World) -> None:
    """A ClientHello of TLS 1.1, by hand: today's OpenSSL would not send one."""
    body = b"\x03\x02" + bytes(32) + b"\x00" + b"\x00\x02\xc0\x2f" + b"\x01\x00"
    hello = b"\x01" + len(body).to_bytes(3, "big") + body
    counted = Counted()
    async with open_door(counted, tls=world.door_context()) as door, raw_peer(door.port) as peer:
        await peer.send(b"\x16\x03\x01" + len(hello).to_bytes(2, "big") + hello)
        await peer.wait_closed()
    assert told(counted) == "peer's TLS version is older than TLS 1.2"


async def test_a_request_in_single_bytes_through_tls(world: World) -> None:
    counted = Counted()
    request = association_request(VERIFICATION)
    ours = world.calling(world.device)
    async with open_door(counted, tls=world.door_context()) as door, raw_peer(door.port, ours) as peer:
        for byte in encode_pdu(request):
            await peer.send(bytes([byte]))
        assert (await peer.read_pdu())[0] == ASSOCIATE_AC


def test_files_that_cannot_be_used_are_named(world: World, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(UserFault, match=r"missing\.pem"):
        server_context(missing, world.server.key)
    with pytest.raises(UserFault, match=r"server\.pem"):
        server_context(world.server.certificate, world.device.key)  # another's key
    with pytest.raises(UserFault, match="there is no CA"):
        server_context(world.server.certificate, world.server.key, require_client_certificate=True)


def test_dates_in_words() -> None:
    facts = CertificateFacts("00", "CN=x", datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    assert certificate_fault(facts, datetime(2026, 1, 2, tzinfo=UTC)) == "certificate expired on 2026-01-01: CN=x"
    assert certificate_fault(facts, datetime(2024, 1, 2, tzinfo=UTC)) == "certificate not valid before 2025-01-01: CN=x"
    assert certificate_fault(facts, datetime(2025, 6, 1, tzinfo=UTC)) == ""
    assert certificate_fault(None) == ""
