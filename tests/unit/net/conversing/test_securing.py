"""TLS servers of every kind, real OpenSSL on the other side."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.certificates import Authority
from helpers.hostile_servers import reset, served, tls_served
from helpers.speaking_lines import Lines
from leadglass.net.conversing import Ending, Patience, TlsOffer, converse
from leadglass.net.conversing.certificate import certificate_of
from leadglass.net.conversing.flight import Flight

HASTY = Patience(for_answer=0.5, in_all=3.0)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def server(authority: Authority, name: str = "archive.example.org", **dates: datetime) -> ssl.SSLContext:
    leaf = authority.issue(name, **dates)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)
    return context


def wanting(context: ssl.SSLContext, authority: Authority, mode: ssl.VerifyMode) -> ssl.SSLContext:
    context.load_verify_locations(authority.certificate)
    context.verify_mode = mode
    return context


def answer(peer: socket.socket) -> None:
    peer.recv(100)
    peer.sendall(b"welcome, bye\n")


def of_version(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.mark.parametrize(("version", "asks"), [(ssl.TLSVersion.TLSv1_3, None), (ssl.TLSVersion.TLSv1_2, False)])
async def test_modern_tls(authority: Authority, version: ssl.TLSVersion, asks: bool | None) -> None:
    talk = Lines()
    with tls_served(of_version(server(authority), version), answer) as port:
        outcome = await converse("127.0.0.1", port, talk, tls=TlsOffer.MODERN, server_name="archive.example.org")
    seen = outcome.handshake
    assert seen is not None
    assert outcome.ending is Ending.OVER
    assert talk.heard == b"welcome, bye\n"
    assert seen.version == version.name.replace("_", ".")
    assert seen.cipher
    assert not seen.fault
    assert (seen.asks_client_certificate, seen.demands_client_certificate) == (asks, False)
    assert seen.certificate is not None
    assert seen.certificate.subject == "CN=archive.example.org"
    assert seen.certificate.names == ("localhost", "127.0.0.1")
    assert seen.certificate.key == "EC secp256r1"
    assert not seen.certificate.is_self_signed


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_retired_tls_is_refused_to_a_modern_offer_and_seen_by_the_other(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    with tls_served(of_version(server(authority), version), answer) as port:
        modern = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.MODERN)
        retired = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.RETIRED)
    assert modern.ending is Ending.TLS_FAILED
    assert modern.handshake is not None
    assert modern.handshake.fault
    assert not modern.handshake.version
    assert retired.ending is Ending.OVER
    assert retired.handshake is not None
    assert retired.handshake.version == version.name.replace("_", ".")


async def test_suites_without_forward_secrecy_or_authenticated_encryption_are_retired(authority: Authority) -> None:
    context = of_version(server(authority), ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ECDHE-ECDSA-AES256-SHA384")
    with tls_served(context, answer) as port:
        modern = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.MODERN)
        retired = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.RETIRED)
    assert modern.ending is Ending.TLS_FAILED
    assert retired.handshake is not None
    assert retired.handshake.cipher == "ECDHE-ECDSA-AES256-SHA384"


async def test_a_modern_server_does_not_take_a_retired_offer(authority: Authority) -> None:
    context = of_version(server(authority), ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ECDHE+AESGCM")
    with tls_served(context, answer) as port:
        outcome = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.RETIRED)
    assert outcome.ending is Ending.TLS_FAILED


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_certificate_that_is_demanded(authority: Authority, version: ssl.TLSVersion) -> None:
    context = wanting(of_version(server(authority), version), authority, ssl.CERT_REQUIRED)
    with tls_served(context, answer) as port:
        outcome = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.MODERN, patience=HASTY)
    seen = outcome.handshake
    assert outcome.ending is Ending.TLS_FAILED
    assert seen is not None
    assert (seen.asks_client_certificate, seen.demands_client_certificate) == (True, True)
    assert seen.certificate is not None
    assert seen.version == version.name.replace("_", ".")
    assert seen.fault


@pytest.mark.parametrize(("version", "asks"), [(ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, None)])
async def test_a_client_certificate_that_is_only_asked_for(
    authority: Authority, version: ssl.TLSVersion, asks: bool | None
) -> None:
    context = wanting(of_version(server(authority), version), authority, ssl.CERT_OPTIONAL)
    with tls_served(context, answer) as port:
        outcome = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.MODERN)
    seen = outcome.handshake
    assert outcome.ending is Ending.OVER
    assert seen is not None
    assert (seen.asks_client_certificate, seen.demands_client_certificate) == (asks, False)


async def test_an_expired_certificate_is_read(authority: Authority) -> None:
    ended = datetime.now(UTC) - timedelta(days=30)
    context = server(authority, "old.example.org", not_before=ended - timedelta(days=300), not_after=ended)
    with tls_served(context, answer) as port:
        outcome = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.MODERN)
    assert outcome.ending is Ending.OVER
    assert outcome.handshake is not None
    assert outcome.handshake.certificate is not None
    assert outcome.handshake.certificate.not_after < datetime.now(UTC)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (b"220 welcome\r\n", "did not speak TLS"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "common cipher suite"),
        (b"\x16\x03\x01\xff\xff" + bytes(70_000), ""),
        (b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", ""),
    ],
)
async def test_what_is_not_tls(words: bytes, fault: str) -> None:
    def say(peer: socket.socket) -> None:
        peer.recv(1000)
        peer.sendall(words)
        peer.recv(1000)

    with served(say) as port:
        outcome = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.MODERN, patience=HASTY)
    assert outcome.ending in (Ending.TLS_FAILED, Ending.STALLED)
    assert outcome.handshake is not None
    assert fault in outcome.handshake.fault
    assert outcome.handshake.fault


@pytest.mark.parametrize("behaviour", [reset, lambda peer: peer.recv(1000)])
async def test_a_peer_that_leaves_during_the_handshake_has_no_tls(behaviour: object) -> None:
    with served(behaviour) as port:  # type: ignore[arg-type]
        outcome = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.MODERN)
    assert outcome.ending is Ending.TLS_FAILED
    assert outcome.handshake is not None
    assert outcome.handshake.fault


async def test_nobody_there_shows_no_handshake() -> None:
    from helpers.hostile_servers import closed_port

    outcome = await converse("127.0.0.1", closed_port(), Lines(), tls=TlsOffer.MODERN)
    assert (outcome.ending, outcome.handshake) == (Ending.REFUSED, None)


async def test_endings_within_tls(authority: Authority) -> None:
    def flood(peer: socket.socket) -> None:
        while True:
            peer.sendall(bytes(16_384))

    for behaviour, ending in ((lambda peer: peer.recv(10), Ending.HUNG_UP), (flood, Ending.FLOODED)):
        talk = Lines()
        with tls_served(server(authority), behaviour) as port:
            outcome = await converse("127.0.0.1", port, talk, tls=TlsOffer.MODERN)
        assert outcome.ending is ending
        assert talk.was_hung_up == 1
        assert len(talk.heard) <= talk.ceiling


@pytest.mark.parametrize("name", ["", "127.0.0.1", ".bad", "a" * 300, "ümlaut.example.org", "with\0nul"])
async def test_any_server_name_will_do(authority: Authority, name: str) -> None:
    with tls_served(server(authority), answer) as port:
        outcome = await converse("127.0.0.1", port, Lines(), tls=TlsOffer.MODERN, server_name=name)
    assert outcome.ending is Ending.OVER


def test_a_certificate_that_cannot_be_read_is_none() -> None:
    for der in (None, b"", b"\x30", b"\x30\x82\xff\xff" + bytes(100), bytes(200_000)):
        assert certificate_of(der) is None


def test_a_broken_certificate_never_raises(authority: Authority) -> None:
    der = ssl.PEM_cert_to_DER_cert(Path(authority.issue("x").certificate).read_text())
    for place in range(len(der)):
        certificate_of(der[:place] + bytes([der[place] ^ 0xFF]) + der[place + 1 :])
        certificate_of(der[:place])


async def test_the_flight_is_read_in_any_portions(authority: Authority) -> None:
    context = wanting(of_version(server(authority), ssl.TLSVersion.TLSv1_2), authority, ssl.CERT_OPTIONAL)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    caller, answerer = client.wrap_bio(theirs, ours), context.wrap_bio(incoming, outgoing, server_side=True)
    for side in (caller, answerer):
        with pytest.raises(ssl.SSLWantReadError):
            side.do_handshake()
        incoming.write(ours.read())
    flight = outgoing.read()
    whole, in_bytes = Flight(), Flight()
    whole.feed(flight)
    for byte in flight:
        in_bytes.feed(bytes([byte]))
    for seen in (whole, in_bytes):
        assert seen.version == "TLSv1.2"
        assert seen.asks_client_certificate is True
        assert seen.certificate is not None
    for end in range(len(flight)):
        cut = Flight()
        cut.feed(flight[:end])
        cut.feed(b"\x17" + flight)
