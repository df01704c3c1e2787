"""WADO-RS metadata: the attributes of a study, a series or an instance without their bulk data (PS3.18 §10.4.1.1.3)."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.describing import Description, describe
from leadglass.archive.giving import NoLongerGiven
from leadglass.archive.retrieving import RetrieveRequest
from leadglass.terms.ceilings import MIB
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.accept import Offer, choose, parse_accept
from leadglass.web.dicomweb.conditional import accepts_gzip, is_unchanged
from leadglass.web.dicomweb.route import Parameter, Route
from leadglass.web.dicomweb.streaming import Bulk
from leadglass.web.problems import NOT_FOUND, NotAcceptable, refused

__all__ = ["ROUTES", "retrieve_request"]

_DICOM_JSON: Final = "application/dicom+json"
_OFFERS: Final = (Offer(_DICOM_JSON), Offer("application/json"))
_LEVEL: Final = 1
_GZIP: Final = 16 + zlib.MAX_WBITS
_AT_ONCE: Final = 1 * MIB
"""An answer up to this size is sent in one piece, with its length said before."""


async def _metadata(request: Request, archive: Archive, caller: Caller) -> Response:
    """JSON only: XML (PS3.19 §A.1) is answered 406."""
    chosen = choose(parse_accept(request.headers.get("accept"), request.query_params.getlist("accept")), _OFFERS)
    if chosen is None:
        raise NotAcceptable("Metadata can be had as application/dicom+json or application/json.")
    described = await describe(archive, caller, retrieve_request(request), _base(request))
    if described is None:
        return NOT_FOUND()
    if isinstance(described, Refused):
        return refused(described)
    headers = {
        "Content-Type": chosen[0].media_type,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Accept-Encoding, Authorization",
    }
    stream, version = _stream, described.version
    if accepts_gzip(request):
        stream, version = _gzipped, f"{version}-gzip"
        headers["Content-Encoding"] = "gzip"
    headers["ETag"] = f'"{version}"'
    if is_unchanged(request, headers["ETag"]):
        async with described:
            return Response(status_code=304, headers=headers)
    if described.length > _AT_ONCE:
        return Bulk(lambda: stream(described), headers)
    try:
        body = b"".join([piece async for piece in stream(described)])
    except NoLongerGiven:
        return NOT_FOUND()
    return Response(body, headers=headers)


def retrieve_request(request: Request) -> RetrieveRequest:
    """What the path names."""
    path = request.path_params
    return RetrieveRequest.of(path["study"], path.get("series"), path.get("instance"))


def _base(request: Request) -> bytes:
    """The service's address as the caller knows it, fit to stand in a JSON string: BulkDataURIs are absolute, for many
    clients take them as they are. The host was checked at the door."""
    here, usual = request.url, urlsplit(request.app.state.public_url)
    port = here.port or usual.port  # some clients leave it out of Host
    host = f"[{here.hostname}]" if ":" in (here.hostname or "") else here.hostname
    where = f"{usual.scheme}://{host}" + (f":{port}" if port else "")
    return json.dumps(where + request.scope.get("root_path", ""))[1:-1].encode()


async def _stream(described: Description) -> AsyncGenerator[bytes]:
    async with described:
        async for piece in described.pieces():
            yield piece


async def _gzipped(described: Description) -> AsyncGenerator[bytes]:
    """Metadata of neighbours is alike: it shrinks to a thirtieth in less time than the difference takes on a wire."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    async with aclosing(_stream(described)) as pieces:
        async for piece in pieces:
            if packed := packer.compress(piece):
                yield packed
    yield packer.flush()


def _route(path: str, what: str) -> Route:
    return Route(
        "GET",
        f"{path}/metadata",
        _metadata,
        Action.VIEW,
        f"The attributes of all instances of {what}, large binary values as URIs.",
        (_DICOM_JSON, "application/json"),
        parameters=(Parameter("accept", "A media type, for those who cannot set headers.", is_repeatable=True),),
    )


ROUTES: Final = (
    _route("/studies/{study}", "a study"),
    _route("/studies/{study}/series/{series}", "a series"),
    _route("/studies/{study}/series/{series}/instances/{instance}", "one instance"),
)
