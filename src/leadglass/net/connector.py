"""Calling a peer: one association, requested by us."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass
from typing import Final

from leadglass.dicom.upperlayer import AssociateAc, AssociateRq, Association, State
from leadglass.net.association import EstablishedAssociation
from leadglass.net.driver import Driver, receive_buffer
from leadglass.net.errors import AssociationLost, NetFault, PeerUnreachable, TlsFault
from leadglass.net.exchange import Exchange
from leadglass.net.limits import Limits
from leadglass.net.service import FaultKind, OnFault, Service
from leadglass.net.sockets import prepare
from leadglass.net.tls import certificate_fault, peer_certificate
from leadglass.net.tls_words import tls_words
from leadglass.terms.evidence import Door, Evidence

__all__ = ["RequestedAssociation", "open_association"]

_RELEASE_SECONDS: Final = 10.0
_TLS_SHUTDOWN_SECONDS: Final = 5.0


class RequestedAssociation(EstablishedAssociation):
    """An association we asked for. Leave it by `release` (in order) or `abort`; `async with` does the right one."""

    def __init__(self, exchange: Exchange, request: AssociateRq, accept: AssociateAc, evidence: Evidence) -> None:
        super().__init__(exchange, request, evidence)
        self.associate_ac = accept
        self._serving: asyncio.Task[None] | None = None

    def serve_with(self, service: Service) -> None:
        """Answer requests of the peer (the C-STORE sub-operations of a C-GET) until the association is over."""
        self._serving = asyncio.get_running_loop().create_task(self._serve(service))

    async def _serve(self, service: Service) -> None:
        await self._exchange.serve(self)
        if self._exchange.how is not None:
            await service.closed(self._exchange.how)

    async def release(self, within: float = _RELEASE_SECONDS) -> None:
        """A-RELEASE, and wait for the peer's answer; abort if it does not come. Harmless if already over."""
        driver = self._driver
        if self._exchange.how is None:
            if driver.engine.state is State.ESTABLISHED:  # else the peer has just asked for it
                driver.act(driver.engine.release)
            try:
                async with asyncio.timeout(within):
                    await asyncio.shield(driver.closed)
            except TimeoutError:
                self.abort()
        await self._finish()

    async def _finish(self) -> None:
        self._driver.hang_up()
        if self._serving is not None:
            await self._serving

    async def __aenter__(self) -> RequestedAssociation:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self.release()
        else:
            self.abort()
            await self._finish()


async def open_association(
    host: str,
    port: int,
    request: AssociateRq,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = 30.0,  # noqa: ASYNC109 - one budget for name, connection, handshake and answer
    server_hostname: str | None = None,
    service: Service | None = None,
    limits: Limits | None = None,
    on_fault: OnFault | None = None,
) -> RequestedAssociation:
    """The association the peer accepted; its `contexts` may be fewer than proposed, even none.

    `service`, if given, answers what the peer asks (`admit` is not called). Raises PeerUnreachable, TlsFault,
    PeerRejected or AssociationLost.
    """
    exchange = Exchange(host, on_fault or _quiet)
    call = _Call(host, port, request, tls, server_hostname or host, service, limits or Limits())
    try:
        async with asyncio.timeout(timeout):
            try:
                evidence = await call.connect(exchange)
                accept = await exchange.opened
            except AssociationLost:
                raise _why_lost(exchange, tls) from None
    except TimeoutError:
        _abandon(exchange)
        raise PeerUnreachable(f"{host}:{port} did not answer within {timeout:g} s") from None
    except BaseException:
        _abandon(exchange)
        raise
    assert isinstance(accept, AssociateAc)  # we are the requestor
    association = RequestedAssociation(exchange, request, accept, evidence)
    if service is not None:
        association.serve_with(service)
    return association


def _quiet(kind: FaultKind, address: str, text: str) -> None:
    """The caller learns of faults by exceptions and did not ask to be told more."""


def _abandon(exchange: Exchange) -> None:
    if exchange.has_driver:
        exchange.abort()
        exchange.driver.cut()


def _why_lost(exchange: Exchange, tls: ssl.SSLContext | None) -> NetFault:
    """The better words if it was TLS: with TLS 1.3 a server refuses our certificate only after the handshake."""
    because = exchange.driver.lost_because
    if tls is not None and isinstance(because, ssl.SSLError):
        return TlsFault(tls_words(because))
    hint = "; it may not accept our certificate" if tls is not None else ""
    return AssociationLost(f"the peer ended the connection before it answered the association request{hint}")


@dataclass(frozen=True, slots=True)
class _Call:
    """Whom to call, and how."""

    host: str
    port: int
    request: AssociateRq
    tls: ssl.SSLContext | None
    server_hostname: str
    service: Service | None
    limits: Limits

    async def connect(self, exchange: Exchange) -> Evidence:
        """Connect, secure, and send the request. Returns what the peer showed us."""
        sock = await _open_socket(self.host, self.port)
        faults: list[str] = []

        def check(transport: asyncio.Transport) -> None:
            fault = certificate_fault(peer_certificate(transport.get_extra_info("ssl_object")))
            if fault:
                faults.append(fault)
                transport.abort()  # before a word of the request has left

        driver = Driver(self._engine(), exchange, sock, receive_buffer(), self.limits, on_connected=check)
        exchange.attach(driver)
        if self.service is not None:
            exchange.use(self.service)
        try:
            transport = await self._start(driver, sock)
        except OSError as fault:  # ssl.SSLError is one
            sock.close()
            raise self._words(fault) from fault
        if faults:
            raise TlsFault(faults[0])
        facts = peer_certificate(transport.get_extra_info("ssl_object"))
        door = Door.DICOM if self.tls is None else Door.DICOM_TLS
        return Evidence(door=door, address=self.host, certificate=facts)

    def _engine(self) -> Association:
        engine = Association(
            is_requestor=True,
            max_pdu_length=self.limits.max_pdu_length,
            artim_seconds=self.limits.artim_seconds,
            idle_seconds=self.limits.idle_seconds,
        )
        engine.request(self.request, asyncio.get_running_loop().time())
        return engine

    async def _start(self, driver: Driver, sock: socket.socket) -> asyncio.BaseTransport:
        loop = asyncio.get_running_loop()
        if self.tls is None:
            transport, _ = await loop.create_connection(lambda: driver, sock=sock)
            return transport
        secured, _ = await loop.create_connection(
            lambda: driver,
            sock=sock,
            ssl=self.tls,
            server_hostname=self.server_hostname,
            ssl_shutdown_timeout=_TLS_SHUTDOWN_SECONDS,
        )
        return secured

    def _words(self, fault: OSError) -> NetFault:
        if self.tls is None:
            return PeerUnreachable(f"{self.host}:{self.port}: {fault.strerror}")
        return TlsFault(tls_words(fault))


async def _open_socket(host: str, port: int) -> socket.socket:
    """A connected socket to the first address of `host` that answers."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as fault:
        raise PeerUnreachable(f"{host} has no address") from fault
    because = "no address"
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            prepare(sock)
            await loop.sock_connect(sock, address)
        except OSError as fault:
            sock.close()
            because = os.strerror(fault.errno) if fault.errno else type(fault).__name__
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise PeerUnreachable(f"{host}:{port}: {because}")
