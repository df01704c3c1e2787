"""A simulated archive or device on one association. It reads as strictly as Leadglass itself does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from leadglass.dicom.dimse.assembler import CommandReceived, DataReceived, MessageAssembler
from leadglass.dicom.dimse.messages import CCancelRq, CEchoRq, CFindRq, CGetRq, CMoveRq, CStoreRq, Message
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.identifier import decode_identifier
from leadglass.dicom.uids import MODALITY_WORKLIST_FIND
from leadglass.dicom.upperlayer.decode import PDU_HEADER_LENGTH, check_length, read_pdu
from leadglass.dicom.upperlayer.pdu import PDataTf, PduType
from leadglass.dicom.upperlayer.tlv import ceiling_reached
from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action
from leadglass.range.manners.dicom_admitting import Admitted, Admitting, Rejected
from leadglass.range.manners.dicom_conduct import ABORTS
from leadglass.range.manners.dicom_lawful import (
    STUDY_INSTANCE_UID,
    needed_by_query,
    needed_by_retrieval,
    needed_by_worklist,
)
from leadglass.range.manners.dicom_matches import Asked, matches
from leadglass.range.manners.dicom_replies import ABORTED, HANG_UP, RELEASED, UNEXPECTED, owed, reply
from leadglass.range.manners.studies import Shelf
from leadglass.terms.ceilings import MAX_RANGE_PDU, MAX_RANGE_REMEMBERED
from leadglass.terms.errors import PeerViolation

__all__ = ["DicomManner", "DicomSite"]

_ATTRIBUTES_LEVEL: Final = 4
_STUDIES_ALLOWED: Final = 100
"""Whose patients' attributes may be asked for on one association: the most that any scope can grant at level 4."""
_EMPTY: Final = Shelf(seed=0, records=0, images=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomSite:
    """One simulated DICOM service: which system it is of, its product's conduct, what lies in it.

    Called with a Law it makes the manner of one association: it is what a `Door` wants.
    """

    name: str
    admitting: Admitting
    shelf: Shelf = _EMPTY

    def __call__(self, law: Law) -> DicomManner:
        return DicomManner(law, self)


class DicomManner:
    """One association."""

    __slots__ = (
        "_admitted",
        "_assembler",
        "_buffer",
        "_cancelled",
        "_data",
        "_law",
        "_looked_at",
        "_request",
        "_site",
    )

    def __init__(self, law: Law, site: DicomSite) -> None:
        self._law = law
        self._site = site
        self._buffer = b""
        self._admitted: Admitted | None = None
        self._assembler: MessageAssembler | None = None
        self._request: tuple[int, Message] | None = None  # the context and command whose data set is coming
        self._data = b""
        self._cancelled: set[int] = set()  # ids of messages
        self._looked_at = 0  # studies whose attributes were asked for

    def opened(self) -> Iterable[Action]:
        return ()

    def received(self, data: bytes) -> Iterable[Action]:
        buffer = self._buffer + data if self._buffer else data
        said: list[Iterable[Action]] = []
        at, end = 0, len(buffer)
        try:
            while end - at >= PDU_HEADER_LENGTH:
                until = at + PDU_HEADER_LENGTH + _length(buffer, at)
                if until > end:
                    break
                said.append(self._pdu(buffer[at:until]))
                at = until
        except PeerViolation as violation:
            said.append(owed(violation))
            at = end
        self._buffer = buffer[at:]
        return _one_after_another(said)

    def _pdu(self, pdu: bytes) -> Iterable[Action]:
        kind = pdu[0]
        if kind == PduType.ABORT:
            return (HANG_UP,)
        if self._admitted is None:
            return self._associate(pdu) if kind == PduType.ASSOCIATE_RQ else UNEXPECTED
        if kind == PduType.P_DATA_TF:
            return self._p_data(pdu, self._admitted)
        return RELEASED if kind == PduType.RELEASE_RQ else UNEXPECTED

    def _associate(self, pdu: bytes) -> Iterable[Action]:
        answer = self._site.admitting.answer(pdu, self._law, self._site.name)
        if isinstance(answer, Rejected):
            return (answer.pdu, HANG_UP)
        self._admitted = answer
        return (answer.accept(pdu),)

    def _p_data(self, pdu: bytes, admitted: Admitted) -> Iterable[Action]:
        echo = admitted.echoes.get(pdu)
        if echo is not None and (self._assembler is None or self._assembler.is_between_messages):
            self._law.saw(1, "C-ECHO")
            return (echo,)
        read = read_pdu(pdu)
        assert isinstance(read, PDataTf)
        if self._assembler is None:
            self._assembler = MessageAssembler()
        said: list[Iterable[Action]] = []
        for pdv in read.pdvs:
            data = memoryview(pdv.data)
            for part in self._assembler.feed(pdv.presentation_context_id, pdv.is_command, pdv.is_last, data):
                if isinstance(part, DataReceived):
                    self._collect(part.data)
                elif isinstance(part, CommandReceived) and part.message.has_data_set:
                    self._request, self._data = (part.presentation_context_id, part.message), b""
                elif isinstance(part, CommandReceived):
                    said.append(self._answer(part.presentation_context_id, part.message, admitted))
                    if isinstance(part.message, CEchoRq) and len(read.pdvs) == 1:
                        _remember(admitted, pdu, said[-1])
                elif self._request is not None:
                    (context_id, message), self._request = self._request, None
                    said.append(self._answer(context_id, message, admitted))
        return _one_after_another(said)

    def _collect(self, data: memoryview) -> None:
        """Identifiers are kept until they are whole; images are not looked at."""
        if self._request is not None and not isinstance(self._request[1], CStoreRq):
            length = len(self._data) + len(data)
            if length > MAX_RANGE_PDU:
                raise ceiling_reached("MAX_RANGE_PDU", MAX_RANGE_PDU, length)
            self._data += data

    def _answer(self, context_id: int, message: Message, admitted: Admitted) -> Iterable[Action]:
        context = admitted.contexts.get(context_id)
        if context is None:
            return UNEXPECTED
        if isinstance(message, CEchoRq):
            self._law.saw(1, "C-ECHO")
            return (reply(context_id, message, Status.SUCCESS),)
        if isinstance(message, CCancelRq):
            self._cancelled.add(message.message_id_being_responded_to)
            return ()
        if isinstance(message, CFindRq | CGetRq | CMoveRq):
            identifier = decode_identifier(self._data, context.transfer_syntax)
            self._data = b""
            served = self._site.admitting.conduct.services.get(message.affected_sop_class_uid)
            if message.affected_sop_class_uid != context.abstract_syntax or served is None:
                served = Status.SOP_CLASS_NOT_SUPPORTED
            self._judge(message, identifier)
            if served == ABORTS:
                return ABORTED
            if served == Status.SUCCESS and isinstance(message, CFindRq):
                return self._found(Asked(context, message, identifier, admitted.peer_max_pdu_length))
            return (reply(context_id, message, served),)
        self._law.saw(NEVER, "C-STORE" if isinstance(message, CStoreRq) else "an N-service")
        refusal = reply(context_id, message, Status.OUT_OF_RESOURCES)
        return (refusal,) if refusal else ABORTED

    def _judge(self, message: CFindRq | CGetRq | CMoveRq, identifier: Mapping[int, object]) -> None:
        uid = identifier.get(STUDY_INSTANCE_UID)
        is_known = isinstance(uid, str) and self._site.shelf.index_of(uid) is not None
        if message.affected_sop_class_uid == MODALITY_WORKLIST_FIND:
            self._law.saw(*needed_by_worklist(identifier))
        elif isinstance(message, CFindRq):
            needed = needed_by_query(identifier, is_known)
            self._law.saw(*needed)
            self._looked_at += needed[0] == _ATTRIBUTES_LEVEL
            if self._looked_at > _STUDIES_ALLOWED:
                self._law.saw(NEVER, f"attributes of more than {_STUDIES_ALLOWED} studies")
        else:
            self._law.saw(
                *needed_by_retrieval("C-GET" if isinstance(message, CGetRq) else "C-MOVE", identifier, is_known)
            )

    def _found(self, asked: Asked) -> Iterator[Action]:
        """Matches, as long as nobody cancels, and the final response."""
        context_id, request = asked.context.presentation_context_id, asked.request
        conduct, count = self._site.admitting.conduct, 0
        if asked.context.abstract_syntax != MODALITY_WORKLIST_FIND:  # nobody is on a worklist
            try:
                for responses, number in matches(self._site.shelf, asked, conduct.limit):
                    yield responses
                    count += number
                    if request.message_id in self._cancelled:
                        yield reply(context_id, request, Status.CANCEL)
                        return
            except ValueError:  # a date or time that is none
                yield reply(context_id, request, Status.DATA_SET_DOES_NOT_MATCH_SOP_CLASS)
                return
        is_cut = bool(conduct.limit) and count == conduct.limit
        yield reply(context_id, request, conduct.limit_status if is_cut else Status.SUCCESS)


def _length(buffer: bytes, at: int) -> int:
    """What a PDU header announces. Raises PeerViolation for what is no PDU, or too long."""
    length = int.from_bytes(buffer[at + 2 : at + PDU_HEADER_LENGTH], "big")
    check_length(buffer[at], length)
    if length > MAX_RANGE_PDU:
        raise ceiling_reached("MAX_RANGE_PDU", MAX_RANGE_PDU, length)
    return length


def _one_after_another(said: list[Iterable[Action]]) -> Iterable[Action]:
    return said[0] if len(said) == 1 else chain.from_iterable(said) if said else ()


def _remember(admitted: Admitted, pdu: bytes, said: Iterable[Action]) -> None:
    for answer in said:
        if isinstance(answer, bytes) and len(admitted.echoes) < MAX_RANGE_REMEMBERED:
            admitted.echoes[pdu] = answer
