"""Asking for images back: what comes, and what is said at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from helpers.requests import association_request
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import (
    CFindRq,
    CFindRsp,
    CGetRq,
    CGetRsp,
    CMoveRq,
    CMoveRsp,
    CStoreRq,
    CStoreRsp,
    Request,
)
from leadglass.dicom.identifier import Identifier, decode_identifier, encode_identifier
from leadglass.dicom.uids import (
    CT_IMAGE_STORAGE,
    EXPLICIT_VR_LITTLE_ENDIAN,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
)
from leadglass.dicom.upperlayer import AssociateRq, NegotiatedContext, RoleSelection
from leadglass.net.connector import RequestedAssociation, open_association
from leadglass.net.service import Admission, Closing, DataSink, ServedAssociation
from leadglass.net.sinks import DiscardSink
from leadglass.terms.evidence import Evidence

__all__ = ["Fetched", "Found", "fetch", "find", "move"]


@dataclass
class Fetched:
    """What a C-GET brought: digests by SOP Instance UID, and its last response."""

    instances: dict[str, str] = field(default_factory=dict)
    final: CGetRsp | None = None

    @property
    def status(self) -> int:
        assert self.final is not None
        return self.final.status

    @property
    def failed(self) -> int:
        assert self.final is not None
        return self.final.number_of_failed_suboperations or 0


@dataclass
class Found:
    """What a C-FIND brought."""

    answers: list[Identifier] = field(default_factory=list)
    status: int = -1


class _DigestSink(DiscardSink):
    """Remembers what a data set was, not the data set."""

    def __init__(self) -> None:
        super().__init__()
        self.digest = hashlib.sha256()

    def write(self, data: memoryview) -> None:
        super().write(data)
        self.digest.update(data)


class _Taking:
    """The C-STORE SCP at our end of a C-GET."""

    def __init__(self, fetched: Fetched, before_answer: Callable[[], Awaitable[object]] | None) -> None:
        self._fetched = fetched
        self._before_answer = before_answer

    async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
        raise AssertionError("we called them")

    def sink_for(self, context: NegotiatedContext, command: Request) -> DataSink:
        return _DigestSink()

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        assert isinstance(command, CStoreRq)
        assert isinstance(data, _DigestSink)
        assert command.affected_sop_instance_uid not in self._fetched.instances
        self._fetched.instances[command.affected_sop_instance_uid] = data.digest.hexdigest()
        response = CStoreRsp(
            message_id_being_responded_to=command.message_id,
            affected_sop_class_uid=command.affected_sop_class_uid,
            affected_sop_instance_uid=command.affected_sop_instance_uid,
            status=0,
        )
        if self._before_answer is not None:
            await self._before_answer()
        await served.send(context, response)

    async def closed(self, how: Closing) -> None:
        """Nothing to clean up."""


async def fetch(
    port: int, calling: str, before_answer: Callable[[], Awaitable[object]] | None = None, **keys: str
) -> Fetched:
    """C-GET of the study (and series, and instances) that `keys` name, such as StudyInstanceUID.

    `before_answer` is awaited before each object that came is answered.
    """
    fetched = Fetched()
    request = association_request(
        STUDY_ROOT_GET,
        CT_IMAGE_STORAGE,
        transfer_syntaxes=(EXPLICIT_VR_LITTLE_ENDIAN,),
        roles=(RoleSelection(CT_IMAGE_STORAGE, scu=False, scp=True),),
        calling=calling,
    )
    async with await open_association(
        "127.0.0.1", port, request, service=_Taking(fetched, before_answer)
    ) as association:
        context = _context(association, STUDY_ROOT_GET)
        message = CGetRq(message_id=association.next_message_id(), affected_sop_class_uid=STUDY_ROOT_GET)
        level = "IMAGE" if "SOPInstanceUID" in keys else "SERIES" if "SeriesInstanceUID" in keys else "STUDY"
        response = await association.request(context, message, _identifier({"QueryRetrieveLevel": level, **keys}))
        assert isinstance(response, CGetRsp)
        fetched.final = response
    return fetched


async def move(port: int, calling: str, destination: str, **keys: str) -> CMoveRsp:
    """C-MOVE of the study that `keys` name; the last response."""
    request = association_request(STUDY_ROOT_MOVE, transfer_syntaxes=(EXPLICIT_VR_LITTLE_ENDIAN,), calling=calling)
    async with await open_association("127.0.0.1", port, request) as association:
        context = _context(association, STUDY_ROOT_MOVE)
        message = CMoveRq(
            message_id=association.next_message_id(),
            affected_sop_class_uid=STUDY_ROOT_MOVE,
            move_destination=destination,
        )
        response = await association.request(context, message, _identifier({"QueryRetrieveLevel": "STUDY", **keys}))
        assert isinstance(response, CMoveRsp)
        return response


async def find(port: int, calling: str, **keys: str) -> Found:
    """C-FIND with these keys; name the QueryRetrieveLevel."""
    found = Found()
    request = association_request(STUDY_ROOT_FIND, transfer_syntaxes=(EXPLICIT_VR_LITTLE_ENDIAN,), calling=calling)
    async with await open_association("127.0.0.1", port, request) as association:
        context = _context(association, STUDY_ROOT_FIND)
        message = CFindRq(message_id=association.next_message_id(), affected_sop_class_uid=STUDY_ROOT_FIND)
        async for reply in association.responses(context, message, _identifier(keys)):
            assert isinstance(reply.message, CFindRsp)
            found.status = reply.message.status
            if reply.data_set is not None:
                found.answers.append(decode_identifier(reply.data_set, context.transfer_syntax))
    return found


def _context(association: RequestedAssociation, abstract_syntax: str) -> NegotiatedContext:
    [context] = [one for one in association.contexts.values() if one.abstract_syntax == abstract_syntax]
    return context


def _identifier(keys: Mapping[str, str]) -> bytes:
    items = {tag_of(keyword): value for keyword, value in keys.items()}
    return encode_identifier(dict(sorted(items.items())), EXPLICIT_VR_LITTLE_ENDIAN)
