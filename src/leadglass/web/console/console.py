"""The console as an ASGI application: who asks, where it came from, which page; then the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from leadglass.terms.ids import is_uid
from leadglass.web.calling import address_of
from leadglass.web.console import errors
from leadglass.web.console.forms import carries_token, read_form
from leadglass.web.console.pages import CONSOLE_ROUTES
from leadglass.web.console.route import ConsoleRoute
from leadglass.web.console.sessions import forget, visitor_of
from leadglass.web.console.visit import Parts, Visit
from leadglass.web.faults import where

__all__ = ["Console"]

_UIDS: Final = ("study", "series", "instance")


@dataclass(frozen=True, slots=True)
class _Address:
    pattern: re.Pattern[str]
    routes: dict[str, ConsoleRoute]  # by method


class Console:
    """Every page of `routes`. `report` is told of our own failures, in words without patient data."""

    def __init__(
        self, parts: Parts, report: Callable[[str], None], routes: Sequence[ConsoleRoute] = CONSOLE_ROUTES
    ) -> None:
        self._parts = parts
        self._report = report
        by_path: dict[str, dict[str, ConsoleRoute]] = {}
        for route in routes:
            by_path.setdefault(route.path, {})[route.method] = route
        self._addresses = [_Address(compile_path(path)[0], methods) for path, methods in by_path.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = Visit(Request(scope, receive, send), self._parts, {}, {}, address_of(scope), None)
        try:
            response = await self._answer(visit)
        except Exception as fault:
            response = errors.failed(visit, fault)
            if response.status_code >= 500:
                self._report(where(fault))
        await response(scope, receive, send)

    async def _answer(self, visit: Visit) -> Response:
        request = visit.request
        found = self._find(request.url.path, request.method)
        if isinstance(found, ConsoleRoute) and not found.roles:
            return await found.handler(await self._prepared(visit, found))
        somebody = await visitor_of(request, visit.parts.archive.gate, visit.address)
        if somebody is None:  # a stranger does not learn which pages there are
            return forget(request, errors.sign_in_first(visit))
        visit = Visit(request, visit.parts, {}, {}, visit.address, somebody)
        if found is None:
            return errors.not_found(visit)
        if isinstance(found, int):
            return errors.error(visit, found)
        prepared = await self._prepared(visit, found)
        if request.method == "POST" and not carries_token(prepared.form, somebody.csrf_token):
            return errors.error(visit, 403, "The page you came from is out of date. Reload it and try again.")
        if not found.roles & somebody.roles:
            return errors.error(visit, 403)
        return await found.handler(prepared)

    async def _prepared(self, visit: Visit, route: ConsoleRoute) -> Visit:
        found = self._path_of(route, visit.request.url.path)
        form = await read_form(visit.request) if route.method == "POST" else {}
        return Visit(visit.request, visit.parts, found, form, visit.address, visit.somebody)

    def _find(self, path: str, method: str) -> ConsoleRoute | int | None:
        """The route; 405 for another method than it has; None if there is none."""
        for address in self._addresses:
            found = address.pattern.match(path)
            if found is not None and all(is_uid(found[name]) for name in _UIDS if name in found.groupdict()):
                return address.routes.get("GET" if method == "HEAD" else method, 405)
        return None

    def _path_of(self, route: ConsoleRoute, path: str) -> dict[str, str]:
        found = compile_path(route.path)[0].match(path)
        assert found is not None, "it was found by this path"
        return found.groupdict()
