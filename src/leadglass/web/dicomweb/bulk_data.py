"""WADO-RS bulk data: what a BulkDataURI in metadata leads to (PS3.18 §10.4.1.1.5).

    native value         application/octet-stream by itself (with ranges), or as the one part of a multipart answer
    compressed pixels    one part a frame, in the media type of the compression or uncompressed, as for frames

The resources that gather all bulk data of a study, series or instance (§10.4.1.1.4) are not offered: who wants all of
an object retrieves the object.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive import viewing
from leadglass.archive.archive import Archive, Caller
from leadglass.archive.bulk_data import BulkValue, bulk_value
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb import frames
from leadglass.web.dicomweb.accept import Offer, choose, parse_accept
from leadglass.web.dicomweb.conditional import ByteRange, Unsatisfiable, byte_range, is_unchanged
from leadglass.web.dicomweb.metadata import retrieve_request
from leadglass.web.dicomweb.multipart import Boundary
from leadglass.web.dicomweb.route import Parameter, Route
from leadglass.web.dicomweb.streaming import Bulk
from leadglass.web.problems import NOT_FOUND, NotAcceptable, problem, refused

__all__ = ["ROUTES"]

_OCTETS: Final = "application/octet-stream"
_OFFERS: Final = (Offer(_OCTETS), Offer(_OCTETS, is_multipart=True))


async def _bulk_data(request: Request, archive: Archive, caller: Caller) -> Response:
    value = await bulk_value(archive, caller, retrieve_request(request), request.path_params["path"])
    if value is None:
        return NOT_FOUND()
    if isinstance(value, Refused):
        return refused(value)
    if value.is_compressed_image:
        await value.close()
        names = [request.path_params[name] for name in ("study", "series", "instance")]
        return await frames.answer_with(request, await viewing.frames(archive, caller, *names))
    try:
        response = _answer(request, value)
    except BaseException:
        await value.close()
        raise
    if not isinstance(response, Bulk):
        await value.close()
    return response


def _answer(request: Request, value: BulkValue) -> Response:
    ranges = parse_accept(request.headers.get("accept"), request.query_params.getlist("accept"))
    chosen = choose(ranges, _OFFERS)
    if chosen is None:
        raise NotAcceptable("Bulk data can be had as application/octet-stream, by itself or in multipart/related.")
    is_multipart = chosen[0].is_multipart
    etag = f'"{value.tag}-parts"' if is_multipart else f'"{value.tag}"'
    headers = {
        "ETag": f"W/{etag}" if is_multipart else etag,  # weak: the boundary is another one each time
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization",
    }
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    whole = ByteRange(0, value.length, value.length)
    if is_multipart:
        boundary = Boundary()
        headers |= {"Content-Type": boundary.content_type(_OCTETS)}
        return Bulk(lambda: _in_one_part(value, boundary, request), headers)
    headers |= {"Accept-Ranges": "bytes"}
    wanted = byte_range(request, value.length, etag)
    if isinstance(wanted, Unsatisfiable):
        return problem(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{value.length}"})
    span = wanted or whole
    headers |= {"Content-Type": _OCTETS, "Content-Length": str(span.end - span.start)}
    if wanted is not None:
        headers |= {"Content-Range": wanted.content_range}
    return Bulk(lambda: _bytes(value, span), headers, 206 if wanted else 200)


async def _bytes(value: BulkValue, span: ByteRange) -> AsyncGenerator[bytes]:
    async with value:
        async for piece in value.pieces(span.start, span.end):
            yield piece


async def _in_one_part(value: BulkValue, boundary: Boundary, request: Request) -> AsyncGenerator[bytes]:
    yield boundary.part_head(_OCTETS, length=value.length, location=str(request.url.replace(query="")), is_first=True)
    async with aclosing(_bytes(value, ByteRange(0, value.length, value.length))) as pieces:
        async for piece in pieces:
            yield piece
    yield boundary.closing


ROUTES: Final = (
    Route(
        "GET",
        "/studies/{study}/series/{series}/instances/{instance}/bulkdata/{path:path}",
        _bulk_data,
        Action.VIEW,
        "One large binary value of an instance, as its metadata names it.",
        (_OCTETS, f'multipart/related; type="{_OCTETS}"'),
        parameters=(Parameter("accept", "A media type, for those who cannot set headers.", is_repeatable=True),),
    ),
)
