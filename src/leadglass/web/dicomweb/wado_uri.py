"""WADO-URI (PS3.18 §9): one instance, or a picture of it, named in a query. For viewers of the older kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive import viewing
from leadglass.archive.archive import Archive, Caller
from leadglass.archive.giving import DEFAULT, syntax_to_give
from leadglass.archive.retrieving import RetrieveRequest, plan
from leadglass.archive.viewing import RenderedRequest
from leadglass.dicom.drawing import MEDIA_TYPES, Window
from leadglass.terms.ceilings import MAX_VIEWPORT
from leadglass.terms.errors import PeerAnswer, PeerViolation
from leadglass.terms.ids import is_uid
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.accept import Offer, choose, parse_accept
from leadglass.web.dicomweb.picture_parameters import number, read_quality, whole_number
from leadglass.web.dicomweb.retrieve import single
from leadglass.web.dicomweb.route import Parameter, Route
from leadglass.web.problems import NOT_FOUND, NotAcceptable, refused

__all__ = ["ROUTES"]

_DICOM: Final = "application/dicom"
_OFFERS: Final = (*(Offer(media_type) for media_type in MEDIA_TYPES), Offer(_DICOM))
_HEADERS: Final = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
_NOT_DONE: Final = {"region": "§9.1.2.2.7", "presentationUID": "§9.1.2.2.9"}


async def _wado(request: Request, archive: Archive, caller: Caller) -> Response:
    """A picture by default (§9.1.2.2.1), the object itself if that is asked for or if it holds no image."""
    query = request.query_params
    _check(query)
    uids = _uid(query, "studyUID"), _uid(query, "seriesUID"), _uid(query, "objectUID")
    content_type = query.get("contentType")
    chosen = choose(parse_accept(content_type or request.headers.get("accept")), _OFFERS)
    if chosen is None:
        raise NotAcceptable(f"Objects can be had as {', '.join((*MEDIA_TYPES, _DICOM))}.")
    if chosen[0].media_type == _DICOM:
        return await _object(request, archive, caller, uids)
    picture = await viewing.rendered(archive, caller, _picture(query, uids, chosen[0].media_type))
    if picture is None:
        return NOT_FOUND()
    if isinstance(picture, Refused):
        return refused(picture)
    return Response(picture.picture, headers=_HEADERS, media_type=picture.media_type)


def _check(query: Mapping[str, str]) -> None:
    if query.get("requestType") != "WADO":
        raise _nonsense("requestType must be WADO", "§9.1.2.1.1")
    if query.get("anonymize", "no") != "no":
        raise NotAcceptable("Objects are not de-identified here, so they are not given out as if they were.")
    for name, clause in _NOT_DONE.items():
        if name in query:
            raise _nonsense(f"{name} is not supported", clause)


def _uid(query: Mapping[str, str], name: str) -> str:
    uid = query.get(name, "")
    if not is_uid(uid):
        raise _nonsense(f"{name} must be a UID", "§9.1.2.1")
    return uid


def _picture(query: Mapping[str, str], uids: tuple[str, str, str], media_type: str) -> RenderedRequest:
    sides = [whole_number(name, query[name]) if name in query else None for name in ("columns", "rows")]
    frame = whole_number("frameNumber", query["frameNumber"], most=9_999_999_999) if "frameNumber" in query else None
    return RenderedRequest(
        *uids,
        frame=frame,
        window=_window(query),
        viewport=(sides[0] or MAX_VIEWPORT, sides[1] or MAX_VIEWPORT) if any(sides) else None,
        media_type=media_type,
        quality=read_quality("imageQuality", query.get("imageQuality")),
    )


def _window(query: Mapping[str, str]) -> Window | None:
    given = [query.get(name) for name in ("windowCenter", "windowWidth")]
    if given[0] is None and given[1] is None:
        return None
    if given[0] is None or given[1] is None:
        raise _nonsense("windowCenter and windowWidth belong together", "§9.1.2.2.5")
    width = number("windowWidth", given[1])
    if width < 1:
        raise _nonsense("windowWidth is at least 1", "§9.1.2.2.6")
    return Window(number("windowCenter", given[0]), width)


async def _object(request: Request, archive: Archive, caller: Caller, uids: tuple[str, str, str]) -> Response:
    """The file in the transfer syntax wanted: explicit VR little endian unless another one is named (§9.1.2.2.2)."""
    objects = await plan(archive, caller, Action.VIEW, RetrieveRequest.of(*uids))
    if isinstance(objects, Refused):
        return refused(objects)
    if not objects:
        return NOT_FOUND()
    wanted = request.query_params.get("transferSyntax", DEFAULT)
    syntax = syntax_to_give(objects[0].transfer_syntax_uid, ((wanted,),), archive.pixels.can_turn)
    if syntax is None:
        raise NotAcceptable("This object cannot be had in that transfer syntax.")
    return await single(request, archive, caller, objects[0], syntax, is_named=wanted != DEFAULT)


def _nonsense(what: str, clause: str) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(), clause=f"PS3.18 {clause}")


ROUTES: Final = (
    Route(
        "GET",
        "/wado",
        _wado,
        Action.VIEW,
        "An instance or a picture of one of its frames, by WADO-URI.",
        (*MEDIA_TYPES, _DICOM),
        parameters=(
            Parameter("requestType", "Always WADO."),
            Parameter("studyUID", "Study Instance UID."),
            Parameter("seriesUID", "Series Instance UID."),
            Parameter("objectUID", "SOP Instance UID."),
            Parameter("contentType", "Media types, the best first."),
            Parameter("transferSyntax", "Of application/dicom."),
            Parameter("frameNumber", "Of a picture, counted from 1.", "integer"),
            Parameter("rows", "The picture is at most so high.", "integer"),
            Parameter("columns", "The picture is at most so wide.", "integer"),
            Parameter("windowCenter", "Of a picture."),
            Parameter("windowWidth", "Of a picture."),
            Parameter("imageQuality", "Of a JPEG, 1 to 100.", "integer"),
            Parameter("anonymize", "Only no: yes is refused."),
            Parameter("annotation", "Taken and left aside: nothing is ever written into a picture."),
        ),
    ),
)
