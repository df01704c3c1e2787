"""WADO-RS studies, series and instances: DICOM files, several in one answer or one by itself (PS3.18 §10.4)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.giving import DEFAULT, File, Giving, NoLongerGiven, syntax_to_give
from leadglass.archive.pixels import TranscodingFault
from leadglass.archive.retrieving import StoredObject, plan
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.accept import MULTIPART, MediaRange, Offer, choose, parse_accept, transfer_syntaxes
from leadglass.web.dicomweb.conditional import Unsatisfiable, byte_range, is_unchanged
from leadglass.web.dicomweb.metadata import retrieve_request
from leadglass.web.dicomweb.multipart import Boundary
from leadglass.web.dicomweb.route import Handler, Parameter, Route
from leadglass.web.dicomweb.streaming import Bulk
from leadglass.web.problems import NOT_FOUND, NotAcceptable, problem, refused

__all__ = ["ROUTES", "single"]

_DICOM: Final = "application/dicom"
_PARTS: Final = Offer(_DICOM, is_multipart=True, transfer_syntaxes=None)
_SINGLE: Final = Offer(_DICOM, transfer_syntaxes=None)
_KEPT: Final = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}

Leaving = tuple[StoredObject, str]
"""An object, and the transfer syntax it is to be given in."""


async def _several(request: Request, archive: Archive, caller: Caller) -> Response:
    """A study or a series."""
    return await _retrieve(request, archive, caller, (_PARTS,))


async def _instance(request: Request, archive: Archive, caller: Caller) -> Response:
    return await _retrieve(request, archive, caller, (_PARTS, _SINGLE))


async def _retrieve(request: Request, archive: Archive, caller: Caller, offers: Sequence[Offer]) -> Response:
    ranges = parse_accept(request.headers.get("accept"), request.query_params.getlist("accept"))
    chosen = choose(ranges, offers)
    if chosen is None:
        forms = " or as ".join(f'multipart/related; type="{_DICOM}"' if o.is_multipart else _DICOM for o in offers)
        raise NotAcceptable(f"It can be had as {forms}.")
    objects = await plan(archive, caller, Action.VIEW, retrieve_request(request))
    if isinstance(objects, Refused):
        return refused(objects)
    if not objects:
        return NOT_FOUND()
    offer, _ = chosen
    leaving = _in_syntaxes(archive, objects, ranges, offer)
    is_named = not any(DEFAULT in group for group in transfer_syntaxes(ranges, offer))
    if offer.is_multipart:
        return _multipart(request, archive, caller, leaving, is_named=is_named)
    return await single(request, archive, caller, *leaving[0], is_named=is_named)


def _in_syntaxes(
    archive: Archive, objects: Iterable[StoredObject], ranges: Sequence[MediaRange], offer: Offer
) -> list[Leaving]:
    """NotAcceptable unless all of them can be had: an answer that lacks some is easily taken for whole."""
    wanted = transfer_syntaxes(ranges, offer)
    leaving = []
    for stored in objects:
        syntax = syntax_to_give(stored.transfer_syntax_uid, wanted, archive.pixels.can_turn)
        if syntax is None:
            raise NotAcceptable("Not every object can be had in that transfer syntax; transfer-syntax=* gives all.")
        leaving.append((stored, syntax))
    return leaving


# --- one by itself -------------------------------------------------------------------------------------------


async def single(
    request: Request, archive: Archive, caller: Caller, stored: StoredObject, syntax: str, *, is_named: bool
) -> Response:
    """One object as a file. `is_named`: the caller asked for this transfer syntax by name."""
    etag = f'"{_fingerprint([(stored, syntax)])}"'
    headers = {"ETag": etag, **_KEPT}
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    if syntax != stored.transfer_syntax_uid:
        if request.method == "HEAD":  # how long it would be is not worth the work
            return Response(headers={**headers, "Content-Type": _content_type(syntax)})
        return await _turned(archive, caller, stored, syntax, headers, is_named=is_named)
    length = stored.location.plaintext_length
    part = byte_range(request, length, etag)
    if isinstance(part, Unsatisfiable):
        return problem(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{length}"})
    start, end = (part.start, part.end) if part is not None else (0, length)
    headers |= {"Content-Type": _content_type(syntax), "Content-Length": str(end - start), "Accept-Ranges": "bytes"}
    if part is not None:
        headers["Content-Range"] = part.content_range

    async def pieces() -> AsyncGenerator[bytes]:
        async with Giving(archive, caller, Action.VIEW) as giving:
            async for piece in (await giving.as_stored(stored, start, end)).pieces:
                yield piece

    return Bulk(pieces, headers, 206 if part is not None else 200)


async def _turned(
    archive: Archive, caller: Caller, stored: StoredObject, syntax: str, headers: dict[str, str], *, is_named: bool
) -> Response:
    """Made as a whole before the answer begins, so that it can still be refused."""
    try:
        async with Giving(archive, caller, Action.VIEW) as giving:
            file = await _made(giving, stored, syntax, is_named=is_named)
            whole = b"".join([piece async for piece in file.pieces])
    except NoLongerGiven:
        return NOT_FOUND()
    return Response(whole, headers={**headers, "Content-Type": _content_type(file.transfer_syntax)})


# --- several -------------------------------------------------------------------------------------------------


def _multipart(
    request: Request, archive: Archive, caller: Caller, leaving: Sequence[Leaving], *, is_named: bool
) -> Response:
    etag = f'"{_fingerprint(leaving)}-parts"'
    headers = {"ETag": f"W/{etag}", **_KEPT}  # weak: the boundary is another one each time
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    boundary = Boundary()
    headers["Content-Type"] = boundary.content_type(_DICOM)
    if all(syntax == stored.transfer_syntax_uid for stored, syntax in leaving):
        headers["Content-Length"] = str(_length(boundary, leaving))

    async def pieces() -> AsyncGenerator[bytes]:
        async with Giving(archive, caller, Action.VIEW) as giving:
            for number, (stored, syntax) in enumerate(leaving):
                file = await _made(giving, stored, syntax, is_named=is_named)
                before = _part_head(boundary, file.transfer_syntax, file.length, is_first=number == 0)
                async for piece in file.pieces:
                    yield before + piece
                    before = b""
            yield boundary.closing

    return Bulk(pieces, headers)


def _part_head(boundary: Boundary, syntax: str, length: int, *, is_first: bool) -> bytes:
    return boundary.part_head(_content_type(syntax), length=length, is_first=is_first)


def _length(boundary: Boundary, leaving: Sequence[Leaving]) -> int:
    """Bytes of the whole answer, if each object leaves as it is stored."""
    total = len(boundary.closing)
    for number, (stored, syntax) in enumerate(leaving):
        length = stored.location.plaintext_length
        total += len(_part_head(boundary, syntax, length, is_first=number == 0)) + length
    return total


async def _made(giving: Giving, stored: StoredObject, syntax: str, *, is_named: bool) -> File:
    """The file in `syntax`. If that was not asked for by name, damaged pixels leave as they are stored."""
    try:
        return await giving.turned(stored, syntax)
    except TranscodingFault as fault:
        if is_named:
            raise NotAcceptable("An object cannot be turned into that transfer syntax.") from fault
        return await giving.as_stored(stored)


def _content_type(syntax: str) -> str:
    return f"{_DICOM}; transfer-syntax={syntax}"


def _fingerprint(leaving: Sequence[Leaving]) -> str:
    """Names the very objects, not their content: each stored object has 16 random bytes of its own."""
    digest = hashlib.sha256()
    for stored, syntax in leaving:
        digest.update(stored.location.object_id + syntax.encode("ascii", "replace") + b"\0")
    return digest.hexdigest()[:32]


def _route(path: str, handler: Handler, what: str, *answers: str) -> Route:
    accept = Parameter("accept", "A media type, for those who cannot set headers.", is_repeatable=True)
    return Route("GET", path, handler, Action.VIEW, f"The DICOM files of {what}.", answers, parameters=(accept,))


_MULTIPART: Final = f'{MULTIPART}; type="{_DICOM}"'
ROUTES: Final = (
    _route("/studies/{study}", _several, "a study", _MULTIPART),
    _route("/studies/{study}/series/{series}", _several, "a series", _MULTIPART),
    _route("/studies/{study}/series/{series}/instances/{instance}", _instance, "one instance", _MULTIPART, _DICOM),
)
