"""WADO-URI (PS3.18 §9): one instance, or a picture of it, named in a query. For viewers of the older kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from leadglass.archive import viewing
from leadglass.archive.archive import Archive, Caller
from leadglass.archive.pixels import TranscodingFault
from leadglass.archive.retrieving import Opened, Releasing, RetrieveRequest, plan
from leadglass.archive.viewing import RenderedRequest
from leadglass.dicom.drawing import MEDIA_TYPES, Window
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.store.index.matching import QueryLevel
from leadglass.terms.ceilings import MAX_VIEWPORT
from leadglass.terms.errors import PeerAnswer, PeerViolation
from leadglass.terms.ids import is_uid
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.accept import Offer, choose, parse_accept
from leadglass.web.dicomweb.picture_parameters import number, read_quality, whole_number
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
    study, series, instance = (_uid(query, name) for name in ("studyUID", "seriesUID", "objectUID"))
    content_type = query.get("contentType")
    chosen = choose(parse_accept(content_type or request.headers.get("accept")), _OFFERS)
    if chosen is None:
        raise NotAcceptable(f"Objects can be had as {', '.join((*MEDIA_TYPES, _DICOM))}.")
    if chosen[0].media_type == _DICOM:
        return await _object(archive, caller, study, series, instance, query.get("transferSyntax"))
    picture = await viewing.rendered(archive, caller, _picture(query, study, series, instance, chosen[0].media_type))
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


def _picture(query: Mapping[str, str], study: str, series: str, instance: str, media_type: str) -> RenderedRequest:
    sides = [whole_number(name, query[name]) if name in query else None for name in ("columns", "rows")]
    frame = whole_number("frameNumber", query["frameNumber"], most=9_999_999_999) if "frameNumber" in query else None
    return RenderedRequest(
        study,
        series,
        instance,
        frame,
        _window(query),
        (sides[0] or MAX_VIEWPORT, sides[1] or MAX_VIEWPORT) if any(sides) else None,
        None,
        media_type,
        read_quality("imageQuality", query.get("imageQuality")),
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


async def _object(
    archive: Archive, caller: Caller, study: str, series: str, instance: str, wanted: str | None
) -> Response:
    within = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    objects = await plan(archive, caller, Action.VIEW, RetrieveRequest(QueryLevel.IMAGE, (instance,), within))
    if isinstance(objects, Refused):
        return refused(objects)
    async with Releasing(archive, caller, Action.VIEW) as releasing:
        if not objects or not await releasing.admit(study):
            return NOT_FOUND()
        content = await _file(archive, await releasing.open(objects[0]), wanted)
        releasing.released(objects[0])
    if isinstance(content, bytes):
        return Response(content, headers=_HEADERS, media_type=_DICOM)
    return StreamingResponse(content, headers=_HEADERS, media_type=_DICOM)


async def _file(archive: Archive, opened: Opened, wanted: str | None) -> bytes | AsyncIterator[bytes]:
    """The Part-10 file in the transfer syntax wanted: explicit VR little endian unless something else is said, or
    unless the object cannot be turned into it (§9.1.2.2.2)."""
    stored = opened.stored
    target = wanted or EXPLICIT_VR_LITTLE_ENDIAN
    may_turn = archive.pixels.can_turn(stored.transfer_syntax_uid, target)
    if target == stored.transfer_syntax_uid or (not wanted and not may_turn):
        return _as_stored(opened)
    if not may_turn:
        raise NotAcceptable("This object cannot be had in that transfer syntax.")
    try:
        data_set = await archive.pixels.transcode(await opened.whole_file(), target)
    except TranscodingFault:
        if wanted:
            raise
        return _as_stored(opened)
    return file_meta(stored.sop_class_uid, stored.sop_instance_uid, target) + data_set


async def _as_stored(opened: Opened) -> AsyncIterator[bytes]:
    stored = opened.stored
    yield file_meta(stored.sop_class_uid, stored.sop_instance_uid, stored.transfer_syntax_uid)
    data_set = opened.data_set()
    if isinstance(data_set, memoryview):
        yield bytes(data_set)
        return
    async for piece in data_set:
        yield bytes(piece)


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
