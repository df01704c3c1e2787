"""WADO-RS frames (PS3.18 §10.4.1.1.2): single frames of an instance, uncompressed or as they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive import viewing
from leadglass.archive.archive import Archive, Caller
from leadglass.archive.viewing import Part
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.terms.ceilings import MAX_FRAMES_NAMED
from leadglass.terms.errors import CeilingReached, PeerAnswer, PeerViolation
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.conditional import Unsatisfiable, byte_range, is_unchanged
from leadglass.web.dicomweb.frame_media import OCTETS, FrameForm, negotiate
from leadglass.web.dicomweb.multipart import Boundary
from leadglass.web.dicomweb.route import Parameter, Route
from leadglass.web.dicomweb.streaming import Bulk
from leadglass.web.problems import NOT_FOUND, problem, refused

__all__ = ["ROUTES", "answer_with", "frame_numbers"]

_ACCEPT: Final = Parameter("accept", "A media type, for those who cannot set headers.", is_repeatable=True)


def frame_numbers(text: str) -> tuple[int, ...]:
    """The numbers in "1,3,5", counted from 1, in the order they are named. PeerViolation for anything else."""
    parts = text.split(",")
    if len(parts) > MAX_FRAMES_NAMED:
        raise CeilingReached("MAX_FRAMES_NAMED", MAX_FRAMES_NAMED, len(parts), answer=PeerAnswer())
    if not all(part.isascii() and part.isdigit() and len(part) <= 10 and int(part) > 0 for part in parts):
        raise PeerViolation(
            "frames are named by numbers from 1 on, with commas between", answer=PeerAnswer(), clause="PS3.18 §10.1.2"
        )
    return tuple(int(part) for part in parts)


async def _frames(request: Request, archive: Archive, caller: Caller) -> Response:
    """The frames in the order they are named; 404 if one of them does not exist."""
    path = request.path_params
    numbers = frame_numbers(path["frames"])
    found = await viewing.frames(archive, caller, path["study"], path["series"], path["instance"], numbers)
    return await answer_with(request, found)


async def answer_with(request: Request, found: viewing.Frames | Refused | None) -> Response:
    """The answer to whoever asked for frames, in the form that the request asks for."""
    if found is None:
        return NOT_FOUND()
    if isinstance(found, Refused):
        return refused(found)
    form = negotiate(
        request.headers.get("accept"),
        tuple(request.query_params.getlist("accept")),
        found.stored_syntax,
        is_compressed=found.is_compressed,
        is_one=len(found.numbers) == 1,
    )
    etag = _etag(found, form)
    headers = {
        "ETag": f"W/{etag}" if form.is_multipart else etag,  # weak: the boundary is another one each time
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization",
    }
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    parts = found.parts(decoded=form.is_decoded)
    first = await anext(parts)
    if not form.is_multipart:
        return _single(request, first, form, headers)
    boundary = Boundary()
    headers["Content-Type"] = boundary.content_type(form.media_type)
    if len(found.numbers) == 1 and first.whole is not None:
        head = _head(boundary, form, first, is_first=True)
        return Response(b"".join((head, first.whole, boundary.closing)), 200, headers)
    return Bulk(lambda: _multipart(boundary, form, first, parts), headers)


def _etag(found: viewing.Frames, form: FrameForm) -> str:
    said = f"{found.tag} {','.join(map(str, found.numbers))} {form.content_type} {form.is_multipart}"
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def _single(request: Request, part: Part, form: FrameForm, headers: dict[str, str]) -> Response:
    """A frame that is read while it leaves knows no ranges: servers may ignore them (RFC 9110 §14.2)."""
    headers |= {"Content-Type": form.content_type}
    frame = part.whole
    if frame is None:
        return Bulk(lambda: _pieces(part), headers | {"Content-Length": str(part.length)})
    headers |= {"Accept-Ranges": "bytes"}
    match byte_range(request, len(frame), headers["ETag"]):
        case None:
            return Response(frame, 200, headers)
        case Unsatisfiable():
            return problem(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{len(frame)}"})
        case asked:
            headers["Content-Range"] = asked.content_range
            return Response(frame[asked.start : asked.end], 206, headers)


def _head(boundary: Boundary, form: FrameForm, part: Part, *, is_first: bool) -> bytes:
    return boundary.part_head(form.content_type, length=part.length, is_first=is_first)


async def _pieces(part: Part) -> AsyncGenerator[bytes]:
    async for piece in part.pieces:
        yield piece


async def _multipart(
    boundary: Boundary, form: FrameForm, first: Part, rest: AsyncIterator[Part]
) -> AsyncGenerator[bytes]:
    """One frame at a time: the next one is read when this one has been taken."""
    yield _head(boundary, form, first, is_first=True)
    async for piece in first.pieces:
        yield piece
    async for part in rest:
        yield _head(boundary, form, part, is_first=False)
        async for piece in part.pieces:
            yield piece
    yield boundary.closing


ROUTES: Final = (
    Route(
        "GET",
        "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
        _frames,
        Action.VIEW,
        "Frames of an instance by their numbers (1,3,5), in several parts or, if it is one, by itself.",
        (
            f'multipart/related; type="{OCTETS}"',
            f"{OCTETS}; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}",
            'multipart/related; type="image/*"; transfer-syntax=*',
            "image/*",
        ),
        parameters=(_ACCEPT,),
    ),
)
