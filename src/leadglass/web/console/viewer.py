"""The quick viewer: its page, the list of a series' frames, each frame rendered by the deed of viewing, thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final

from starlette.responses import JSONResponse, Response

from leadglass.archive.describing import describe
from leadglass.archive.pixels import TranscodingFault
from leadglass.archive.retrieving import RetrieveRequest
from leadglass.archive.searching import QueryLevel
from leadglass.archive.viewing import Rendered, RenderedRequest, rendered, thumbnail
from leadglass.dicom.drawing import Window
from leadglass.terms.outcome import Refused
from leadglass.web.console import errors
from leadglass.web.console.searches import Found, find_all
from leadglass.web.console.study import series_in
from leadglass.web.console.visit import Visit
from leadglass.web.problems import problem

__all__ = ["frame", "frames", "small_picture", "viewer", "window"]

MAX_FRAMES: Final = 20_000
"""Frames of one series that the viewer scrolls through; a large CT has 3,000."""
_MOST_INSTANCES: Final = 10_000
_CANNOT_BE_DRAWN: Final = "This picture cannot be drawn here: it is damaged, or compressed in a way we cannot read."
_THUMBNAIL: Final = (216, 162)


@dataclass(frozen=True, slots=True)
class _Preset:
    modality: str
    words: str
    center: int
    width: int


_PRESETS: Final = (
    _Preset("CT", "Soft tissue", 40, 400),
    _Preset("CT", "Lung", -600, 1500),
    _Preset("CT", "Bone", 400, 1800),
    _Preset("CT", "Brain", 40, 80),
)
"""Windows as they are commonly set, in Hounsfield units."""


async def viewer(visit: Visit) -> Response:
    """The viewer, opened at one series."""
    shown = await series_in(visit)
    if isinstance(shown, Refused):
        return errors.refused(visit, shown)
    uid = visit.path["series"]
    current = next((series for series in shown.series if series.uid == uid), None) if shown is not None else None
    if shown is None or current is None:
        return errors.not_found(visit)
    return visit.page(
        "viewer.html",
        study=shown.study,
        all_series=shown.series,
        current=current,
        presets=_PRESETS,
    )


async def frames(visit: Visit) -> Response:
    """Every frame of a series in the order of its images, as JSON for the viewer."""
    study, series = visit.path["study"], visit.path["series"]
    archive, caller, within = visit.parts.archive, visit.visitor.caller, {"study": study, "series": series}
    found = await find_all(archive, caller, QueryLevel.IMAGE, (), within, _MOST_INSTANCES)
    if isinstance(found, Refused):
        return errors.refused(visit, found)
    if not found:
        return errors.not_found(visit)
    return JSONResponse({"frames": _listed(found, f"/studies/{study}/series/{series}")})


def _listed(found: Sequence[Found], below: str) -> list[dict[str, str | int]]:
    """One line a frame. Objects without rows and columns are no pictures."""
    pictures = [image for image in found if image.number("Rows")]
    pictures.sort(key=lambda image: (image.number("InstanceNumber"), image.one("SOPInstanceUID")))
    lines: list[dict[str, str | int]] = []
    for image in pictures:
        instance, of = image.one("SOPInstanceUID"), max(1, image.number("NumberOfFrames", 1))
        lines += [
            {
                "path": f"{below}/instances/{instance}/frames/{number}",
                "window": f"{below}/instances/{instance}/window",
                "instance_number": image.one("InstanceNumber"),
                "frame": number,
                "of": of,
            }
            for number in range(1, min(of, MAX_FRAMES - len(lines)) + 1)
        ]
    return lines


async def window(visit: Visit) -> Response:
    """The window an image was stored with, as JSON: where dragging begins. Nothing in it if it names none."""
    path = visit.path
    request = RetrieveRequest.of(path["study"], path["series"], path["instance"])
    described = await describe(visit.parts.archive, visit.visitor.caller, request)
    if isinstance(described, Refused):
        return errors.refused(visit, described)
    if described is None:
        return errors.not_found(visit)
    async with described:
        objects = [Found(one) async for one in described.objects()]
    try:
        [about] = objects
        center, width = float(about.one("WindowCenter")), float(about.one("WindowWidth"))
    except ValueError:
        return JSONResponse({})
    return JSONResponse({"center": center, "width": width} if isfinite(center) and 0 < width < inf else {})


async def frame(visit: Visit) -> Response:
    """One frame as JPEG; with `center` and `width` in that window. Kept by the page's script alone, for as long as it
    is open: on a shared workstation a cache would outlive the session."""
    number = visit.path["frame"]
    try:
        asked = _window_asked(visit)
    except ValueError:
        return problem(400, "Bad request", "center and width are numbers, and width is more than 0.")
    if not number.isascii() or not number.isdecimal() or not 1 <= len(number) <= 6 or int(number) < 1:
        return errors.not_found(visit)
    request = RenderedRequest(
        visit.path["study"],
        visit.path["series"],
        visit.path["instance"],
        int(number),
        window=asked,
    )
    try:
        given = await rendered(visit.parts.archive, visit.visitor.caller, request)
    except TranscodingFault:
        return problem(406, "No picture", _CANNOT_BE_DRAWN)
    return _picture(visit, given)


def _window_asked(visit: Visit) -> Window | None:
    query = visit.request.query_params
    if "center" not in query and "width" not in query:
        return None
    center, width = float(query.get("center", "")), float(query.get("width", ""))
    if not (abs(center) < 1e9 and 0 < width < 1e9):
        raise ValueError
    return Window(center, width)


async def small_picture(visit: Visit) -> Response:
    """The thumbnail of a series."""
    archive, caller, path = visit.parts.archive, visit.visitor.caller, visit.path
    return _picture(visit, await thumbnail(archive, caller, path["study"], path["series"], viewport=_THUMBNAIL))


def _picture(visit: Visit, given: Rendered | Refused | None) -> Response:
    if isinstance(given, Refused):
        return errors.refused(visit, given)
    if given is None:
        return errors.not_found(visit)
    return Response(given.picture, media_type=given.media_type)
