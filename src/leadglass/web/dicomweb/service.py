"""The DICOMweb service (PS3.18): every resource below `/dicom-web`, for everybody with a name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from leadglass.archive.archive import Archive
from leadglass.terms.ids import is_uid
from leadglass.terms.outcome import Refused
from leadglass.web.calling import caller_of
from leadglass.web.dicomweb import bulk_data, delete, frames, metadata, rendered, retrieve, search, store, wado_uri
from leadglass.web.dicomweb.capabilities import capabilities
from leadglass.web.dicomweb.route import Route
from leadglass.web.problems import NOT_FOUND, problem, unauthenticated

__all__ = ["ROOT", "ROUTES", "DicomWeb"]

ROOT: Final = "/dicom-web"
ROUTES: tuple[Route, ...] = (
    *search.ROUTES,
    *metadata.ROUTES,
    *bulk_data.ROUTES,
    *retrieve.ROUTES,
    *delete.ROUTES,
    *store.ROUTES,
    *frames.ROUTES,
    *rendered.ROUTES,
    *wado_uri.ROUTES,
)
"""Every resource. Of two paths that match the same address, the first one counts."""
_UIDS: Final = ("study", "series", "instance")


@dataclass(frozen=True, slots=True)
class _Resource:
    pattern: re.Pattern[str]
    routes: Mapping[str, Route]  # by method

    @property
    def allow(self) -> str:
        return ", ".join(sorted({*self.routes, "OPTIONS", *(("HEAD",) if "GET" in self.routes else ())}))


class DicomWeb:
    """The ASGI application of the service: finds the caller, then the resource, then asks its handler.

    Exceptions of a handler go on to the door (`web.app`), which turns them into answers.
    """

    def __init__(self, archive: Archive, public_url: str, routes: Iterable[Route] = ROUTES) -> None:
        self._archive = archive
        routes = tuple(routes)
        self.routes = (*routes, *capabilities(routes, public_url + ROOT))
        by_path: dict[str, dict[str, Route]] = defaultdict(dict)
        for route in self.routes:
            by_path[route.path].setdefault(route.method, route)
        self._resources = [_Resource(compile_path(path)[0], methods) for path, methods in by_path.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        response = await self._answer(request)
        await (_without_body(response) if request.method == "HEAD" else response)(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        caller = await caller_of(request.scope, self._archive.gate)
        if isinstance(caller, Refused):
            return unauthenticated(caller)  # before anything is looked up: a stranger does not learn which paths exist
        path = request.scope["path"].removeprefix(ROOT) or "/"
        for resource in self._resources:
            if (found := resource.pattern.match(path)) is not None:
                break
        else:
            return NOT_FOUND()
        method = "GET" if request.method == "HEAD" else request.method
        if (route := resource.routes.get(method)) is None:
            if method == "OPTIONS":
                return Response(status_code=204, headers={"Allow": resource.allow})
            return problem(405, "Method not allowed", headers={"Allow": resource.allow})
        parameters = found.groupdict()
        if not all(is_uid(parameters[name]) for name in _UIDS if name in parameters):
            return problem(400, "Bad request", "A UID in the path is not a UID (PS3.5 §9.1).")
        request.scope["path_params"] = parameters
        request.scope["route_path"] = ROOT + route.path
        return await route.handler(request, self._archive, caller)


def _without_body(response: Response) -> ASGIApp:
    """The head of `response` alone. Its body is not even begun, lest a study be read and recorded as seen by nobody."""

    async def head(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return head
