"""WADO-RS rendered resources and thumbnails (PS3.18 §10.4.1.1.3, §10.4.1.1.4): pictures instead of pixels.

In several parts every frame of every image is drawn, one after another. A picture by itself is given of one frame;
asked for more than that it is the first frame of an instance, and of a study or series the one a thumbnail would show.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive import viewing
from leadglass.archive.archive import Archive, Caller
from leadglass.archive.pixels import TranscodingFault
from leadglass.archive.viewing import Rendered, Viewed
from leadglass.dicom.drawing import MEDIA_TYPES, Drawing
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.accept import Offer, choose, parse_accept
from leadglass.web.dicomweb.conditional import is_unchanged
from leadglass.web.dicomweb.frames import frame_numbers
from leadglass.web.dicomweb.multipart import Boundary
from leadglass.web.dicomweb.picture_parameters import PARAMETERS, VIEWPORT, read_drawing, read_viewport
from leadglass.web.dicomweb.route import Handler, Parameter, Route
from leadglass.web.dicomweb.streaming import Bulk
from leadglass.web.problems import NOT_FOUND, NotAcceptable, refused

__all__ = ["ROUTES"]

_SINGLE: Final = tuple(Offer(media_type) for media_type in MEDIA_TYPES)
_PARTS: Final = tuple(Offer(media_type, is_multipart=True) for media_type in MEDIA_TYPES)
_HEADERS: Final = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}


async def _rendered(request: Request, archive: Archive, caller: Caller) -> Response:
    """Pictures of a study, a series, an instance or some of its frames."""
    path = request.path_params
    numbers = frame_numbers(path["frames"]) if "frames" in path else ()
    if len(numbers) > 1:
        offer = _chosen(request, _PARTS)
    else:
        offer = _chosen(request, (*_SINGLE, *_PARTS) if "instance" in path else (*_PARTS, *_SINGLE))
    drawing = read_drawing(request.query_params, offer.media_type)
    viewed: Sequence[Viewed] | Viewed | Refused | None
    if "instance" in path:
        viewed = await viewing.view(archive, caller, path["study"], path["series"], path["instance"])
    else:
        viewed = await viewing.view_all(archive, caller, path["study"], path.get("series"))
    if viewed is None:
        return NOT_FOUND()
    if isinstance(viewed, Refused):
        return refused(viewed)
    if isinstance(viewed, Viewed):
        if not offer.is_multipart:
            return await _single(request, viewed, numbers[0] if numbers else 1, drawing)
        reader = await viewed.open()
        if any(number > reader.number for number in numbers):
            return NOT_FOUND()
        return await _several([viewed], numbers, drawing)
    if offer.is_multipart:
        return await _several(viewed, (), drawing)
    return _picture(await viewing.representative(viewed, drawing))


def _picture(picture: Rendered) -> Response:
    return Response(picture.picture, headers=_HEADERS, media_type=picture.media_type)


async def _single(request: Request, viewed: Viewed, number: int, drawing: Drawing) -> Response:
    said = f"{viewed.tag} {number} {drawing}"
    headers = {**_HEADERS, "ETag": f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'}
    if number > (await viewed.open()).number:
        return NOT_FOUND()
    if is_unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    picture = await viewed.render(number, drawing)
    return Response(picture.picture, headers=headers, media_type=picture.media_type)


async def _several(viewed: Sequence[Viewed], numbers: Sequence[int], drawing: Drawing) -> Response:
    pictures = _pictures(viewed, numbers, drawing)
    first = await anext(pictures, None)
    if first is None:
        raise TranscodingFault("there is no image among these objects")
    boundary = Boundary()
    headers = {**_HEADERS, "Content-Type": boundary.content_type(drawing.media_type)}
    return Bulk(lambda: _multipart(boundary, first, pictures), headers)


async def _pictures(viewed: Sequence[Viewed], numbers: Sequence[int], drawing: Drawing) -> AsyncIterator[Rendered]:
    """Each frame's picture, drawn when it is its turn. Objects of a study that have no pictures are passed over."""
    for one in viewed:
        try:
            reader = await one.open()
            for number in numbers or range(1, reader.number + 1):
                yield await one.render(number, drawing)
        except TranscodingFault:
            if len(viewed) == 1:
                raise


async def _multipart(boundary: Boundary, first: Rendered, rest: AsyncIterator[Rendered]) -> AsyncGenerator[bytes]:
    yield boundary.part_head(first.media_type, length=len(first.picture), is_first=True)
    yield first.picture
    async for one in rest:
        yield boundary.part_head(one.media_type, length=len(one.picture))
        yield one.picture
    yield boundary.closing


async def _thumbnail(request: Request, archive: Archive, caller: Caller) -> Response:
    """One small picture."""
    path = request.path_params
    numbers = frame_numbers(path["frames"]) if "frames" in path else (None,)
    if len(numbers) > 1:
        raise NotAcceptable("A thumbnail shows one frame.")
    offer = _chosen(request, _SINGLE)
    viewport, _ = read_viewport(request.query_params.get("viewport"))
    picture = await viewing.thumbnail(
        archive,
        caller,
        path["study"],
        path.get("series"),
        path.get("instance"),
        numbers[0],
        viewport,
        offer.media_type,
    )
    if picture is None:
        return NOT_FOUND()
    if isinstance(picture, Refused):
        return refused(picture)
    return _picture(picture)


def _chosen(request: Request, offers: Sequence[Offer]) -> Offer:
    ranges = parse_accept(request.headers.get("accept"), request.query_params.getlist("accept"))
    chosen = choose(ranges, offers)
    if chosen is None:
        parts = "" if any(not offer.is_multipart for offer in offers) else ", in several parts (multipart/related)"
        raise NotAcceptable(f"Pictures can be had as {', '.join(MEDIA_TYPES)}{parts}.")
    return chosen[0]


def _routes(name: str, handler: Handler, what: str, parameters: tuple[Parameter, ...]) -> tuple[Route, ...]:
    instance = "/studies/{study}/series/{series}/instances/{instance}"
    levels = {
        "/studies/{study}": "a study",
        "/studies/{study}/series/{series}": "a series",
        instance: "an instance",
        f"{instance}/frames/{{frames}}": "frames of an instance",
    }
    return tuple(
        Route(
            "GET",
            f"{path}/{name}",
            handler,
            Action.VIEW,
            f"{what} {level}.",
            tuple(f'multipart/related; type="{media_type}"' for media_type in MEDIA_TYPES)
            if name == "rendered" and "instance" not in path
            else MEDIA_TYPES,
            parameters=parameters,
        )
        for path, level in levels.items()
    )


ROUTES: Final = (
    *_routes("rendered", _rendered, "Pictures of", PARAMETERS),
    *_routes("thumbnail", _thumbnail, "A small picture of", (VIEWPORT, PARAMETERS[-1])),
)
