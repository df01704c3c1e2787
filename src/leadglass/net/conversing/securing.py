"""A conversation within TLS is a conversation itself: wire bytes in, wire bytes out.

OpenSSL is driven through memory, so that what it does not tell can be read from the wire: whether a client certificate
was asked for (`Flight`), and whether it was demanded. In TLS 1.3 a server demands it by an alert after the client has
finished, where TLS 1.2 ends the handshake (RFC 8446 §4.4.2.4, RFC 5246 §7.4.6).
"""

from __future__ import annotations

import ssl
from functools import cache
from ipaddress import ip_address
from typing import Final

from leadglass.net.conversing.certificate import certificate_of
from leadglass.net.conversing.facts import Conversation, Handshake, TlsOffer
from leadglass.net.conversing.flight import Flight
from leadglass.net.tls_words import tls_words
from leadglass.terms.ceilings import KIB, MAX_TLS_FLIGHT

__all__ = ["Secured"]

_PORTION: Final = 64 * KIB
_SUITES: Final = {
    TlsOffer.MODERN: "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM",
    TlsOffer.RETIRED: "ALL:COMPLEMENTOFALL:!ECDHE+AESGCM:!ECDHE+CHACHA20:!ECDHE+AESCCM",
}
_RECORDS: Final = frozenset({20, 21, 22, 23})  # RFC 5246 §6.2.1
_ANY_STRENGTH: Final = ":@SECLEVEL=0"
"""Short keys and old hashes are what we are here to see."""
_LEGACY_SERVER: Final = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT: servers from before RFC 5746. The ssl module names it from Python 3.12."""
_CERTIFICATE_ALERTS: Final = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_NO_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_ACCESS_DENIED",
    }
)
"""What servers answer to an empty certificate."""


class Secured:
    """Implements Conversation around another one. Read `handshake()` when it is over."""

    def __init__(self, inner: Conversation, offer: TlsOffer, server_name: str) -> None:
        self._inner = inner
        self._offer = offer
        self._flight = Flight()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _wrapped(_context(offer), self._incoming, self._outgoing, server_name)
        self._version = self._cipher = ""
        self._certificate: bytes | None = None
        self._heard = 0  # plain bytes
        self._is_first = True
        self._fault = ""
        self._reason = ""  # of the fault, as OpenSSL names it
        # each record adds up to 5 + 256 bytes to at least one; a peer that wastes more is not worth hearing
        self.ceiling = MAX_TLS_FLIGHT + 2 * inner.ceiling
        self.is_over = False
        self.is_established = False
        self.is_flooded = False
        self.has_failed = False
        self.peer_closed = False
        """The peer took leave before the conversation was over."""

    def begin(self) -> bytes:
        return self._go_on()

    def receive(self, data: bytes) -> bytes:
        if self._is_first and data[0] not in _RECORDS:
            self._refuse()
            return b""
        self._is_first = False
        self._flight.feed(data)
        self._incoming.write(data)
        return self._go_on()

    def hung_up(self) -> None:
        if not self.is_established:
            self._fault = self._fault or "peer hung up, or fell silent, during the TLS handshake"
        self._inner.hung_up()
        self.is_over = True

    def handshake(self) -> Handshake:
        """What was learnt, up to now."""
        asks, demands = self._client_certificate()
        return Handshake(
            offer=self._offer,
            version=self._version or (self._flight.version if self._flight.certificate else ""),
            cipher=self._cipher,
            certificate=certificate_of(self._certificate or self._flight.certificate),
            asks_client_certificate=asks,
            demands_client_certificate=demands,
            fault=self._fault,
        )

    def _client_certificate(self) -> tuple[bool | None, bool | None]:
        """Whether one is asked for, and whether nobody gets in without."""
        asks = self._flight.asks_client_certificate
        hides = self._flight.version == "TLSv1.3"
        if self.has_failed and (asks or (hides and self.is_established)) and self._reason in _CERTIFICATE_ALERTS:
            return True, True
        if asks is False or self._heard:
            return asks, False
        return asks, False if asks and self.is_established and not self.has_failed else None

    def _established(self) -> None:
        """Note what was agreed on: OpenSSL forgets it when the connection breaks."""
        self.is_established = True
        self._version = self._tls.version() or ""
        cipher = self._tls.cipher()
        self._cipher = cipher[0] if cipher else ""
        self._certificate = self._tls.getpeercert(binary_form=True)

    def _go_on(self) -> bytes:
        try:
            if not self.is_established:
                self._tls.do_handshake()
                self._established()
                self._say(self._inner.begin())
            while not self.is_over:
                self._hear(self._tls.read(_PORTION))
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._hear(b"")
        except ssl.SSLError as fault:
            self._failed(fault)
        return self._outgoing.read()

    def _hear(self, plain: bytes) -> None:
        if not plain:
            self.peer_closed = True
            self._inner.hung_up()
            self._take_leave()
            return
        room = self._inner.ceiling - self._heard
        self._heard += len(plain)
        answer = self._inner.receive(plain[:room])
        if self._heard > self._inner.ceiling and not self._inner.is_over:
            self.is_flooded = True
            self._inner.hung_up()
            self._take_leave()
        else:
            self._say(answer)

    def _say(self, plain: bytes) -> None:
        if plain:
            self._tls.write(plain)  # into memory: all of it is taken
        if self._inner.is_over:
            self._take_leave()

    def _take_leave(self) -> None:
        """Our close_notify; the peer's is not waited for."""
        self.is_over = True
        try:
            self._tls.unwrap()
        except (ssl.SSLError, ValueError):
            return  # it has left, or wants to say more: no matter

    def _refuse(self) -> None:
        """OpenSSL would wait for five bytes before it says so."""
        self.has_failed = self.is_over = True
        self._fault = "peer did not speak TLS"
        self._inner.hung_up()

    def _failed(self, fault: ssl.SSLError) -> None:
        if self.is_established and self._heard:
            self.peer_closed = True  # it broke off within TLS
        else:
            self.has_failed = True
        self._reason = fault.reason or ""
        self._fault = tls_words(fault)
        self._inner.hung_up()
        self.is_over = True


@cache
def _context(offer: TlsOffer) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.options |= _LEGACY_SERVER
    if offer is TlsOffer.RETIRED:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES[offer] + _ANY_STRENGTH)
    return context


def _wrapped(
    context: ssl.SSLContext, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, server_name: str
) -> ssl.SSLObject:
    try:
        return context.wrap_bio(incoming, outgoing, server_hostname=_sni(server_name))
    except (TypeError, ValueError, ssl.SSLError):  # no name a server could have
        return context.wrap_bio(incoming, outgoing)


def _sni(name: str) -> str | None:
    """RFC 6066 §3: addresses are not named."""
    if not name:
        return None
    try:
        ip_address(name)
    except ValueError:
        return name
    return None
