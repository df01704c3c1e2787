"""STOW-RS (PS3.18 §10.5): instances come as the parts of one body, are stored as they come, and answered together.

A body that breaks off or turns out to be malformed is answered as such and acknowledges nothing. What was whole by
then is stored all the same: the sender sends again, and identical instances are a success.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.batch import NotTaken, StoringBatch, Taken
from leadglass.dicom.elements.refusals import malformed
from leadglass.terms.errors import CeilingReached, LedgerFault, OutOfSpace, PeerViolation, StorageFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.accept import Offer, choose, parse_accept
from leadglass.web.dicomweb.media_type import boundary_of, parse_media_type
from leadglass.web.dicomweb.openapi import ROOT
from leadglass.web.dicomweb.route import Route
from leadglass.web.dicomweb.splitter import Event, MultipartSplitter, PartBegan, PartData, PartEnded
from leadglass.web.dicomweb.store_answer import DICOM_JSON, store_answer
from leadglass.web.problems import NotAcceptable, UnsupportedMediaType, problem, refused

__all__ = ["ROUTES"]

_MULTIPART: Final = "multipart/related"
_DICOM: Final = "application/dicom"
_TAKES: Final = f'{_MULTIPART}; type="{_DICOM}"'
_OFFERS: Final = (Offer(DICOM_JSON), Offer("application/json"))
_AS_IT_IS: Final = frozenset({"", "binary", "8bit", "7bit"})
"""Content-Transfer-Encodings that change no byte; base64 and the like have no place in HTTP (RFC 9110 §8.4.1)."""
_AGAIN: Final = "Nothing of this request is acknowledged. Send all of it again: what is stored already is a success."


async def store(request: Request, archive: Archive, caller: Caller) -> Response:
    """Stores the parts of the body. Everything that can be refused without reading it is refused before."""
    decision = await archive.gate.admit(caller.principal, Action.STORE)
    if isinstance(decision, Refused):
        await archive.gate.refused(decision, caller.door, caller.address)
        return refused(decision)
    chosen = choose(parse_accept(request.headers.get("accept"), request.query_params.getlist("accept")), _OFFERS)
    if chosen is None:
        raise NotAcceptable(f"A store is answered in {DICOM_JSON}.")
    splitter = MultipartSplitter(_boundary(request.headers))
    batch = StoringBatch(archive, caller, request.path_params.get("study", ""))
    wrong: PeerViolation | None = None
    try:
        await _receive(request, splitter, batch)
    except ClientDisconnect:
        wrong = malformed("the body ended before its end")
    except PeerViolation as violation:
        wrong = violation
    finally:
        outcomes = await batch.close()
    if wrong is None and not outcomes:
        wrong = malformed("the body holds no part", "PS3.18 §10.5.1")
    if wrong is not None:
        too_large = isinstance(wrong, CeilingReached)
        return problem(413 if too_large else 400, "Too large" if too_large else "Bad request", str(wrong), _AGAIN)
    _raise_if_it_is_us(outcomes)
    return store_answer(outcomes, request.app.state.public_url + ROOT, chosen[0].media_type)


async def _receive(request: Request, splitter: MultipartSplitter, batch: StoringBatch) -> None:
    """Reads the body to its end. PeerViolation or ClientDisconnect if it has none."""
    async for portion in request.stream():
        await _take(splitter.receive_data(portion), batch)
    await _take(splitter.receive_eof(), batch)


async def _take(events: Iterator[Event], batch: StoringBatch) -> None:
    for event in events:
        match event:
            case PartData(data):
                await batch.write(data)
            case PartBegan(headers):
                batch.begin()
                if (violation := _fault_of(headers)) is not None:
                    batch.reject(violation)
            case PartEnded():
                await batch.end()


def _boundary(headers: Mapping[str, str]) -> bytes:
    """The boundary of the body. UnsupportedMediaType if its media type or coding is not taken."""
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType("Bodies are taken without a Content-Encoding: images in them hardly shrink.")
    media_type = parse_media_type(headers.get("content-type", "application/octet-stream"))
    if media_type.type != _MULTIPART or media_type.parameters.get("type", _DICOM).lower() != _DICOM:
        raise UnsupportedMediaType(f"Instances are taken as {_TAKES}, one DICOM file a part.")
    return boundary_of(media_type)


def _fault_of(headers: Mapping[str, str]) -> PeerViolation | None:
    """What is wrong with a part, by its headers. One without a Content-Type is what the request says it is."""
    try:
        is_dicom = parse_media_type(headers.get("content-type", _DICOM)).type == _DICOM
    except PeerViolation as violation:
        return violation
    if not is_dicom:
        return malformed(f"the part is not {_DICOM}", "PS3.18 §8.7.3")
    coded = headers.get("content-encoding", "identity").lower() != "identity"
    if coded or headers.get("content-transfer-encoding", "").lower() not in _AS_IT_IS:
        return malformed("the part is encoded, and is taken as it is only", "RFC 9110 §8.4")
    return None


def _raise_if_it_is_us(outcomes: Sequence[Taken | NotTaken]) -> None:
    """If nothing was stored and the storage or the ledger is to blame, that is the answer: 507, 503 or 500."""
    if any(isinstance(one, Taken) for one in outcomes):
        return
    faults = [one.fault for one in outcomes if isinstance(one, NotTaken) and one.fault is not None]
    for kind in (OutOfSpace, LedgerFault, StorageFault):
        for fault in faults:
            if isinstance(fault, kind):
                raise fault


ROUTES: Final = (
    Route("POST", "/studies", store, Action.STORE, "Store instances.", (DICOM_JSON,), (_TAKES,)),
    Route("POST", "/studies/{study}", store, Action.STORE, "Store instances of one study.", (DICOM_JSON,), (_TAKES,)),
)
