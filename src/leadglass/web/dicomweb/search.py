"""QIDO-RS (PS3.18 §10.6): what the archive holds, as lists of studies, series and instances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.searching import QueryLevel, SearchAnswer, SearchRequest, read_search_request, search
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.accept import Offer, choose, parse_accept
from leadglass.web.dicomweb.route import Handler, Parameter, Route
from leadglass.web.problems import NotAcceptable, refused

__all__ = ["ROUTES"]

_DICOM_JSON: Final = "application/dicom+json"
_OFFERS: Final = (Offer(_DICOM_JSON), Offer("application/json"))

_LONGEST_LINK: Final = 4096
"""Characters of the address of the next page: proxies give up on headers much longer than that."""


def _handler(level: QueryLevel) -> Handler:
    async def handle(request: Request, archive: Archive, caller: Caller) -> Response:
        """200 with a JSON array, empty if nothing matches that the caller may see (never 404: see decision 0021)."""
        media_type = _chosen(request.headers.get("accept"), tuple(request.query_params.getlist("accept")))
        if not media_type:
            raise NotAcceptable("Search results are given as application/dicom+json or application/json.")
        asked = read_search_request(level, request.query_params.multi_items(), request.path_params)
        root = f"{request.app.state.public_url}{request.scope['root_path']}"
        answer = await search(archive, caller, asked, root)
        if isinstance(answer, Refused):
            return refused(answer)
        response = _answered(answer, media_type)
        for warning in _warnings(asked, answer):
            response.headers.append("Warning", f"299 {root}: {warning}")
        if answer.has_more and len(address := _next_page(request, asked)) <= _LONGEST_LINK:
            response.headers["Link"] = f'<{address}>; rel="next"'
        return response

    return handle


@lru_cache(maxsize=64)
def _chosen(header: str | None, query: tuple[str, ...]) -> str:
    """The media type to answer in; "" if nothing will do. Clients say the same again and again."""
    chosen = choose(parse_accept(header, query), _OFFERS)
    return "" if chosen is None else chosen[0].media_type


def _answered(answer: SearchAnswer, media_type: str) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Authorization"}
    if not answer.has_rest:
        return Response(b"[%b]" % b",".join(answer.first), headers=headers, media_type=media_type)
    return StreamingResponse(_array(answer), headers=headers, media_type=media_type)


async def _array(answer: SearchAnswer) -> AsyncIterator[bytes]:
    """The JSON array, a page at a time: the next page is asked for when this one has been taken. If that fails, the
    array is left open and the connection cut, so that half an answer is not taken for a whole one."""
    yield b"[%b" % b",".join(answer.first)
    async for page in answer.rest:
        yield b",%b" % b",".join(page)
    yield b"]"


def _warnings(asked: SearchRequest, answer: SearchAnswer) -> list[str]:
    more = ["There are additional results that can be requested"] if answer.has_more else []
    return [*asked.notes, *more]  # §8.3.4.4.1


def _next_page(request: Request, asked: SearchRequest) -> str:
    """The same search from behind its last answer, relative to the address that was asked."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in ("offset", "limit")]
    kept += [("offset", str(asked.offset + asked.limit)), ("limit", str(asked.limit))]
    return f"?{urlencode(kept)}"


_PARAMETERS: Final = (
    Parameter(
        "{attribute}", "Match an attribute, by keyword (PatientID) or tag (00100020): §8.3.4.1", is_repeatable=True
    ),
    Parameter(
        "includefield", "Attributes to answer besides, with commas between, or all: §8.3.4.3", is_repeatable=True
    ),
    Parameter("fuzzymatching", "true: person names by words, beginnings and sound: §8.3.4.2"),
    Parameter("emptyvaluematching", 'true: "" matches what has no value: §8.3.4.5'),
    Parameter("multiplevaluematching", "true or false; several values (A\\B) are always matched: §8.3.4.6"),
    Parameter("limit", "At most so many answers: §8.3.4.4", "integer"),
    Parameter("offset", "Skip so many answers: §8.3.4.4", "integer"),
    Parameter("accept", "Media types, as in the Accept header: §8.3.3.1"),
)


def _route(path: str, level: QueryLevel, summary: str) -> Route:
    return Route(
        "GET",
        path,
        _handler(level),
        Action.QUERY,
        summary,
        answers=tuple(offer.media_type for offer in _OFFERS),
        parameters=_PARAMETERS,
    )


ROUTES: Final = (
    _route("/studies", QueryLevel.STUDY, "Search for studies."),
    _route("/studies/{study}/series", QueryLevel.SERIES, "Search for series of a study."),
    _route("/studies/{study}/series/{series}/instances", QueryLevel.IMAGE, "Search for instances of a series."),
    _route("/studies/{study}/instances", QueryLevel.IMAGE, "Search for instances of a study."),
    _route("/series", QueryLevel.SERIES, "Search for series of all studies."),
    _route("/instances", QueryLevel.IMAGE, "Search for instances of all studies."),
)
