"""The capabilities of the service (PS3.18 §8.9): as WADL, which the standard asks for, and as OpenAPI. They tell how to
ask, nothing about anybody; yet only who has a name gets them, as everything below `/dicom-web`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive.archive import Archive, Caller
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.accept import Offer, choose, parse_accept
from leadglass.web.dicomweb.openapi import openapi
from leadglass.web.dicomweb.route import Handler, Parameter, Route
from leadglass.web.problems import NotAcceptable

__all__ = ["capabilities"]

WADL: Final = "application/vnd.sun.wadl+xml"
JSON: Final = "application/json"
_NAMESPACE: Final = "http://wadl.dev.java.net/2009/02"


def capabilities(routes: Iterable[Route], base: str) -> tuple[Route, ...]:
    """The resources that describe `routes` and themselves. `base` is the service root as people reach it, without a
    slash at the end."""
    documents: dict[str, bytes] = {}

    async def root(request: Request, archive: Archive, caller: Caller) -> Response:
        del archive, caller
        said = parse_accept(request.headers.get("accept"), request.query_params.getlist("accept"))
        chosen = choose(said, [Offer(WADL), Offer(JSON)])
        if chosen is None:
            raise NotAcceptable(f"the capabilities can be had as {WADL} and {JSON}")
        return _document(documents, chosen[0].media_type)

    async def described(request: Request, archive: Archive, caller: Caller) -> Response:
        del request, archive, caller
        return _document(documents, JSON)

    ours = _routes(root, described)
    every = (*routes, *ours)
    documents |= {WADL: _wadl(every, base), JSON: msgspec.json.encode(openapi(every))}
    return ours


def _document(documents: dict[str, bytes], media_type: str) -> Response:
    return Response(documents[media_type], media_type=media_type)


def _routes(root: Handler, described: Handler) -> tuple[Route, ...]:
    accept = Parameter("accept", "Media types, instead of the Accept header (PS3.18 §8.3.3.1).", is_repeatable=True)
    summary = "What this service can do (PS3.18 §8.9)."
    return (
        Route("GET", "/", root, Action.VERIFY, summary, (WADL, JSON), parameters=(accept,)),
        Route("OPTIONS", "/", root, Action.VERIFY, summary, (WADL, JSON), parameters=(accept,)),
        Route("GET", "/openapi.json", described, Action.VERIFY, "This description, as OpenAPI 3.1.", (JSON,)),
    )


def _wadl(routes: Sequence[Route], base: str) -> bytes:
    application = Element("application", xmlns=_NAMESPACE)
    resources = SubElement(application, "resources", base=f"{base}/")
    by_path: dict[str, list[Route]] = defaultdict(list)
    for route in routes:
        by_path[route.path].append(route)
    for path, methods in by_path.items():
        resource = SubElement(resources, "resource", path=path.removeprefix("/"))
        for route in methods:
            _method(resource, route)
    document: bytes = tostring(application, encoding="utf-8", xml_declaration=True)
    return document


def _method(resource: Element, route: Route) -> None:
    method = SubElement(resource, "method", name=route.method)
    SubElement(method, "doc", title=route.summary)
    request = SubElement(method, "request")
    for parameter in route.parameters:
        said = SubElement(request, "param", name=parameter.name, style="query", type=f"xs:{parameter.schema}")
        if parameter.is_repeatable:
            said.set("repeating", "true")
    for media_type in route.takes:
        SubElement(request, "representation", mediaType=media_type)
    response = SubElement(method, "response")
    for media_type in route.answers:
        SubElement(response, "representation", mediaType=media_type)
