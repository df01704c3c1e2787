"""One accepted connection from its first byte to its last: TLS, admission, service, farewell."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from leadglass.dicom.upperlayer import AssociateRj, AssociateRq, Association, Negotiation
from leadglass.net.association import EstablishedAssociation
from leadglass.net.driver import Driver
from leadglass.net.errors import NetFault
from leadglass.net.exchange import Exchange, fault_words
from leadglass.net.limits import Limits
from leadglass.net.service import Admission, Closing, FaultKind, OnFault, Service
from leadglass.net.sockets import readable
from leadglass.net.tls import certificate_fault, peer_certificate
from leadglass.net.tls_words import first_bytes_fault, tls_fault_kind, tls_words
from leadglass.terms.evidence import Door, Evidence

__all__ = ["Acceptor", "Threshold"]

_REFUSED: Final = AssociateRj(result=1, source=1, reason=1)  # permanent, service-user, no reason given
_TRY_LATER: Final = AssociateRj(result=2, source=1, reason=1)  # transient
_TLS_SHUTDOWN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """What all connections of one door share."""

    door: Door
    service_factory: Callable[[], Service]
    tls: ssl.SSLContext | None
    limits: Limits
    on_fault: OnFault
    receive_buffer: memoryview


class Acceptor:
    """Runs one connection; `run` returns when it is closed. `drain` and `cut` are for shutting down."""

    def __init__(self, threshold: Threshold, sock: socket.socket, address: str) -> None:
        self._threshold = threshold
        self._socket = sock
        self._evidence = Evidence(door=threshold.door, address=address)
        self._exchange = Exchange(address, threshold.on_fault)
        self._driver: Driver | None = None
        self._is_leaving = False

    def drain(self) -> None:
        """Let the operation in progress finish, then abort and hang up; do so at once if there is none."""
        self._is_leaving = True
        self._exchange.drain()

    def cut(self) -> None:
        """Abort and close now."""
        self._exchange.abort()
        if self._driver is not None:
            self._driver.cut()

    async def run(self) -> None:
        """From the open socket to the closed one."""
        if not await self._connect() or self._driver is None:
            self._socket.close()
            return
        if self._exchange.how is not None:
            self._driver.cut()  # the door was closed during the handshake
        service: Service | None = None
        try:
            request = await self._exchange.opened
            assert isinstance(request, AssociateRq)  # we are the acceptor
            service = self._threshold.service_factory()
            await self._converse(request, service)
        except NetFault:
            pass  # refused by the engine or lost, before anything was asked or while it was being judged
        finally:
            self._exchange.abort()
            if service is not None:
                await self._say_goodbye(service)
        if self._is_leaving:
            self._driver.hang_up()
        await self._driver.closed

    async def _converse(self, request: AssociateRq, service: Service) -> None:
        self._evidence = replace(
            self._evidence,
            calling_ae_title=request.calling_ae_title,
            called_ae_title=request.called_ae_title,
            user_identity=request.user_information.user_identity,
        )
        answer = await self._judge(request, service)
        exchange, driver = self._exchange, self._exchange.driver
        if exchange.how is not None:
            return  # gone while we judged
        if isinstance(answer, AssociateRj):
            driver.act(lambda now: driver.engine.reject(answer, now))
            exchange.end(Closing.REJECTED)
            return
        exchange.use(service)
        driver.act(lambda now: driver.engine.accept(answer.accept, answer.contexts, now))
        await exchange.serve(EstablishedAssociation(exchange, request, self._evidence))

    async def _judge(self, request: AssociateRq, service: Service) -> Admission:
        """The service's answer; a rejection if it has none, or if the certificate's dates do not hold (law 3)."""
        try:
            answer = await service.admit(request, self._evidence)
        except Exception as fault:
            self._report(FaultKind.LOCAL, fault_words(fault))
            return _TRY_LATER
        if isinstance(answer, Negotiation) and certificate_fault(self._evidence.certificate):
            return _REFUSED
        return answer

    async def _say_goodbye(self, service: Service) -> None:
        try:
            await service.closed(self._exchange.how or Closing.LOST)
        except Exception as fault:
            self._report(FaultKind.LOCAL, fault_words(fault))

    # --- connecting ------------------------------------------------------------------------------------------

    async def _connect(self) -> bool:
        """Hand the socket to the loop, through TLS if this door has it. False if that failed (and was reported)."""
        threshold = self._threshold
        engine = Association(
            is_requestor=False,
            max_pdu_length=threshold.limits.max_pdu_length,
            artim_seconds=threshold.limits.artim_seconds,
            idle_seconds=threshold.limits.idle_seconds,
        )
        driver = Driver(
            engine,
            self._exchange,
            self._socket,
            threshold.receive_buffer,
            threshold.limits,
            on_connected=self._connected,
            on_first_bytes=self._first_bytes if threshold.tls is None else None,
        )
        self._exchange.attach(driver)
        try:
            if threshold.tls is not None and not await self._begins_with_tls():
                return False
            await self._accept(driver)
        except (OSError, TimeoutError) as fault:  # ssl.SSLError is an OSError
            if threshold.tls is not None:
                self._report(tls_fault_kind(fault), tls_words(fault))
            return False
        self._driver = driver
        return True

    async def _accept(self, driver: Driver) -> None:
        loop, tls = asyncio.get_running_loop(), self._threshold.tls
        if tls is None:
            await loop.connect_accepted_socket(lambda: driver, self._socket)
            return
        await loop.connect_accepted_socket(
            lambda: driver,
            self._socket,
            ssl=tls,
            ssl_handshake_timeout=self._threshold.limits.artim_seconds,
            ssl_shutdown_timeout=_TLS_SHUTDOWN_SECONDS,
        )

    async def _begins_with_tls(self) -> bool:
        """Look at the first bytes without taking them: OpenSSL would not say what language they are."""
        async with asyncio.timeout(self._threshold.limits.artim_seconds):
            await readable(self._socket)
        start = self._socket.recv(4, socket.MSG_PEEK)
        fault = first_bytes_fault(start, expects_tls=True)
        if fault:
            self._report(FaultKind.TLS, fault)
        return bool(start) and not fault

    def _first_bytes(self, data: memoryview) -> None:
        fault = first_bytes_fault(data, expects_tls=False)
        if fault:
            self._report(FaultKind.TLS, fault)

    def _connected(self, transport: asyncio.Transport) -> None:
        facts = peer_certificate(transport.get_extra_info("ssl_object"))
        self._evidence = replace(self._evidence, certificate=facts)
        fault = certificate_fault(facts)
        if fault:
            self._report(FaultKind.TLS, fault)

    def _report(self, kind: FaultKind, text: str) -> None:
        self._threshold.on_fault(kind, self._evidence.address, text)
