"""Opening the doors, and closing them in good order."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

from leadglass.app.addresses import host_and_port
from leadglass.app.control import ControlServer, Progress
from leadglass.app.house import House, utc_now
from leadglass.app.logging import log
from leadglass.app.measuring import Measuring
from leadglass.app.verbs import perform
from leadglass.archive.destinations import Destinations
from leadglass.archive.dimse.service import DimseService
from leadglass.gate.enrolment.server import ensure_server_certificate, names_of_this_machine
from leadglass.gate.overseeing import Overseeing
from leadglass.net.limits import Connections, Limits
from leadglass.net.listener import serve_dicom
from leadglass.net.service import FaultKind
from leadglass.net.tls import TlsContext, certificate_names, client_context, server_context
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import RefusalReason
from leadglass.web.app import application
from leadglass.web.console import console
from leadglass.web.server import serve_https

__all__ = ["Serving"]

_SWITCH_SECONDS: Final = 0.0001
"""How long a thread that comes back from the disk waits for the interpreter. Python's 5 ms is longer than a whole
C-STORE takes, and several threads hand each instance on."""

_TURNED_AWAY: Final = {
    FaultKind.CERTIFICATE: RefusalReason.UNKNOWN_CERTIFICATE,
    FaultKind.NO_CERTIFICATE: RefusalReason.NO_EVIDENCE,
}


class Serving:
    """The doors of one house. `async with Serving(house) as serving: await serving.until_stopped()`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stack = AsyncExitStack()
        self._stopped = asyncio.Event()
        self.addresses: dict[Door, tuple[str, int]] = {}

    async def __aenter__(self) -> Serving:
        sys.setswitchinterval(_SWITCH_SECONDS)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):  # before anybody sees that we are here
            loop.add_signal_handler(number, self._stopped.set)
        try:
            await self._open_doors()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def until_stopped(self) -> None:
        """Returns at SIGTERM or SIGINT, also if it came while the doors were being opened."""
        await self._stopped.wait()

    def stop(self) -> None:
        """Makes `until_stopped` return."""
        self._stopped.set()

    async def _open_doors(self) -> None:
        house, doors = self._house, self._house.configuration.doors
        for problem in house.caught_up.problems:
            log.error("a stored object cannot be indexed; run `leadglass store check`", where=problem)
        certificate, key = _certificate_files(house)
        ca = house.home.ca / "ca.pem"
        destinations = Destinations(
            AETitle.of(doors.ae_title), lambda: client_context(ca, certificate, key, house.configuration.tls.profile)
        )
        self._stack.push_async_callback(destinations.close)
        tls = server_context(
            certificate,
            key,
            ca,
            house.configuration.tls.profile,
            require_client_certificate=house.configuration.tls.require_client_certificate,
        )
        configured = house.configuration.limits
        limits = Limits(
            max_connections=configured.connections,
            max_connections_per_address=configured.connections_per_address,
            artim_seconds=configured.request_seconds,
            idle_seconds=configured.idle_seconds,
        )
        connections = Connections(limits)
        house.archive.metadata.start()  # in idle time; the house ends it
        # Before the doors: whoever sees a door open may already give orders.
        control = ControlServer(house.home, self._perform)
        await control.start()
        self._stack.push_async_callback(control.close)
        for door, where, context in ((Door.DICOM, doors.dicom, None), (Door.DICOM_TLS, doors.dicom_tls, tls)):
            if where == "off":
                continue
            host, port = host_and_port(where)
            listener = await serve_dicom(
                host,
                port,
                lambda: DimseService(house.archive, destinations),
                tls=context,
                door=door,
                limits=limits,
                connections=connections,
                on_fault=partial(self._report, door),
            )
            self._stack.push_async_callback(listener.close, configured.stop_seconds)
            self.addresses[door] = (host, listener.port)
        if doors.https != "off":
            optional = server_context(certificate, key, ca, house.configuration.tls.profile)
            await self._open_web(optional, certificate, limits, connections)

    @property
    def public_url(self) -> str:
        """Where people find the web door, without a slash at the end; "" while it is closed."""
        if Door.HTTPS not in self.addresses:
            return ""
        return self._house.configuration.public_url(self.addresses[Door.HTTPS][1])

    async def _open_web(self, tls: TlsContext, certificate: Path, limits: Limits, connections: Connections) -> None:
        house = self._house
        host, port = host_and_port(house.configuration.doors.https)
        public_url = house.configuration.public_url(port)
        overseeing = Overseeing(house.gate, house.registry)
        listener = await serve_https(
            host,
            port,
            application(
                house.archive,
                public_url=public_url,
                names=(*names_of_this_machine(), *house.configuration.tls.names, *certificate_names(certificate)),
                cors_origins=house.configuration.web.cors_origins,
                gauges=Measuring(house, connections),
                report=_report_web,
                console=console(house.archive, house.people, house.ledger_reader, overseeing, _report_web),
            ),
            tls=tls,
            public_url=public_url,
            limits=limits,
            connections=connections,
            on_fault=partial(self._report, Door.HTTPS),
        )
        self._stack.push_async_callback(listener.close, house.configuration.limits.stop_seconds)
        self.addresses[Door.HTTPS] = (host, listener.port)
        house.people.serve_at(self.public_url)

    def _report(self, door: Door, kind: FaultKind, address: str, text: str) -> None:
        """Trouble goes to the log; who was turned away for a certificate goes to the ledger too."""
        if (reason := _TURNED_AWAY.get(kind)) is not None:
            self._house.gate.turned_away(reason, door, address)
        log.warning("connection trouble", kind=kind.value, address=address, what=text)

    async def _perform(self, verb: str, arguments: dict[str, object], progress: Progress) -> object:
        return await perform(self._house, verb, arguments, progress)


def _report_web(what: str) -> None:
    log.error("a web request could not be served", why=what)


def _certificate_files(house: House) -> tuple[Path, Path]:
    tls = house.configuration.tls
    if tls.certificate:
        return Path(tls.certificate), Path(tls.private_key)
    made = ensure_server_certificate(house.home.ca, house.authority, utc_now(), tls.names)
    return made.certificate, made.key
