"""Counts for Prometheus. Labels are templates of routes, methods, statuses: never an address, UID or name (law 6)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadglass.gate.door import Gate
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, PrincipalKind, Role
from leadglass.web.calling import caller_of
from leadglass.web.problems import refused, unauthenticated

__all__ = ["Counted", "Gauges", "Metrics"]

Gauges = Callable[[], Awaitable[Mapping[str, float]]]
"""Figures of the moment, by name: drawn when somebody asks."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
_UNROUTED: Final = "other"


class Metrics:
    """Everything that is counted, and the page that tells it."""

    def __init__(self, gate: Gate, gauges: Gauges) -> None:
        self._gate = gate
        self._gauges = gauges
        self._registry = registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self.requests = Counter("leadglass_web_requests", "Requests answered.", labels, registry=registry)
        self.seconds = Histogram(
            "leadglass_web_request_seconds",
            "Time to the end of the answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.received = Counter(
            "leadglass_web_received_bytes", "Bytes of request bodies.", ("route",), registry=registry
        )
        self.sent = Counter("leadglass_web_sent_bytes", "Bytes of answers' bodies.", ("route",), registry=registry)
        self._drawn: dict[str, Gauge] = {}

    async def page(self, request: Request) -> Response:
        """For service tokens only (`Role.SERVICE`): one that may do nothing but verify is enough, and is advised."""
        caller = await caller_of(request.scope, self._gate)
        if isinstance(caller, Refused):
            return unauthenticated(caller)
        principal = caller.principal
        decision = await self._gate.admit(principal, Action.VERIFY)
        if not isinstance(decision, Refused) and not (
            principal.kind is PrincipalKind.SERVICE and Role.SERVICE in principal.roles
        ):
            decision = Refused(RefusalReason.ACTION_NOT_ALLOWED, principal.id, Action.VERIFY)
        if isinstance(decision, Refused):
            await self._gate.refused(decision, caller.door, caller.address)
            return refused(decision)
        for name, value in (await self._gauges()).items():
            self._gauge(name).set(value)
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def _gauge(self, name: str) -> Gauge:
        if name not in self._drawn:
            self._drawn[name] = Gauge(
                f"leadglass_{name}", f"{name.replace('_', ' ').capitalize()}.", registry=self._registry
            )
        return self._drawn[name]


class Counted:
    """ASGI middleware: counts each request under the template of its route, which DICOMweb leaves in the scope as
    `route_path` and Starlette as `route`."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status, sent, received = time.perf_counter(), 0, 0, 0

        async def counting_send(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        try:
            await self._app(scope, counting_receive, counting_send)
        finally:
            route = scope.get("route_path") or getattr(scope.get("route"), "path", _UNROUTED)
            method = scope["method"] if scope["method"] in _METHODS else _UNROUTED
            self._metrics.requests.labels(route, method, str(status or "none")).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
            if received:
                self._metrics.received.labels(route).inc(received)
            if sent:
                self._metrics.sent.labels(route).inc(sent)
