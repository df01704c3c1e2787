"""Carrying encoded data sets to an archive and back, byte by byte, whatever their transfer syntax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import CGetRq, CGetRsp, CStoreRq, CStoreRsp, Request
from leadglass.dicom.identifier import decode_identifier, encode_identifier
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, STUDY_ROOT_GET
from leadglass.dicom.upperlayer import (
    AssociateRq,
    NegotiatedContext,
    ProposedContext,
    RoleSelection,
    UserInformation,
)
from leadglass.net.connector import open_association
from leadglass.net.service import Admission, Closing, DataSink, ServedAssociation
from leadglass.net.sinks import BytesSink
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import Evidence

__all__ = ["Encoded", "Got", "bring_back", "carry"]

_LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Encoded:
    """An instance as it travels."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    data_set: bytes = field(repr=False)

    @property
    def form(self) -> tuple[str, str]:
        return self.sop_class_uid, self.transfer_syntax


@dataclass
class Got:
    """What a C-GET brought: instances by UID, the final response, and the UIDs it says have failed."""

    instances: dict[str, Encoded] = field(default_factory=dict)
    final: CGetRsp = field(default_factory=lambda: CGetRsp(message_id_being_responded_to=0, status=-1))
    failed: set[str] = field(default_factory=set)


async def carry(port: int, calling: str, instances: Sequence[Encoded], *, on_context: str = "") -> list[CStoreRsp]:
    """C-STORE of all, on one association; each one's answer. `on_context` uses the context of another SOP class."""
    contexts = _contexts(dict.fromkeys(_form(one, on_context) for one in instances))
    answers = []
    async with await open_association("127.0.0.1", port, _request(calling, contexts)) as association:
        accepted = {(one.abstract_syntax, one.transfer_syntax): one for one in association.contexts.values()}
        for one in instances:
            message = CStoreRq(
                message_id=association.next_message_id(),
                affected_sop_class_uid=one.sop_class_uid,
                affected_sop_instance_uid=one.sop_instance_uid,
            )
            answer = await association.request(accepted[_form(one, on_context)], message, one.data_set)
            assert isinstance(answer, CStoreRsp)
            answers.append(answer)
    return answers


async def bring_back(port: int, calling: str, study_uids: Iterable[str], forms: Iterable[tuple[str, str]]) -> Got:
    """C-GET of whole studies, taking each SOP class in the transfer syntaxes that `forms` pair it with."""
    got, forms = Got(), list(dict.fromkeys(forms))
    contexts = _contexts([(STUDY_ROOT_GET, EXPLICIT_VR_LITTLE_ENDIAN), *forms])
    roles = [RoleSelection(uid, scu=False, scp=True) for uid in dict.fromkeys(uid for uid, _ in forms)]
    request = _request(calling, contexts, roles)
    async with await open_association("127.0.0.1", port, request, service=_Taking(got)) as association:
        context = next(one for one in association.contexts.values() if one.abstract_syntax == STUDY_ROOT_GET)
        message = CGetRq(message_id=association.next_message_id(), affected_sop_class_uid=STUDY_ROOT_GET)
        keys = {tag_of("QueryRetrieveLevel"): "STUDY", tag_of("StudyInstanceUID"): "\\".join(study_uids)}
        identifier = encode_identifier(keys, EXPLICIT_VR_LITTLE_ENDIAN)
        async for reply in association.responses(context, message, identifier):
            assert isinstance(reply.message, CGetRsp)
            got.final = reply.message
            if reply.data_set is not None:
                told = decode_identifier(reply.data_set, EXPLICIT_VR_LITTLE_ENDIAN)
                listed = told[tag_of("FailedSOPInstanceUIDList")]
                assert isinstance(listed, str)
                got.failed = set(listed.split("\\"))
    return got


def _form(one: Encoded, on_context: str) -> tuple[str, str]:
    return on_context or one.sop_class_uid, one.transfer_syntax


def _contexts(forms: Iterable[tuple[str, str]]) -> tuple[ProposedContext, ...]:
    return tuple(ProposedContext(2 * place + 1, uid, (syntax,)) for place, (uid, syntax) in enumerate(forms))


def _request(calling: str, contexts: tuple[ProposedContext, ...], roles: Sequence[RoleSelection] = ()) -> AssociateRq:
    return AssociateRq(
        called_ae_title=AETitle.of("LEADGLASS"),
        calling_ae_title=AETitle.of(calling),
        contexts=contexts,
        user_information=UserInformation(roles=tuple(roles)),
    )


class _Taking:
    """The C-STORE SCP at our end of a C-GET."""

    def __init__(self, got: Got) -> None:
        self._got = got

    async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
        raise AssertionError("we called them")

    def sink_for(self, context: NegotiatedContext, command: Request) -> DataSink:
        return BytesSink(_LARGEST)

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        assert isinstance(command, CStoreRq)
        assert isinstance(data, BytesSink)
        uid = command.affected_sop_instance_uid
        assert uid not in self._got.instances
        self._got.instances[uid] = Encoded(command.affected_sop_class_uid, uid, context.transfer_syntax, data.data)
        await served.send(
            context,
            CStoreRsp(
                message_id_being_responded_to=command.message_id,
                affected_sop_class_uid=command.affected_sop_class_uid,
                affected_sop_instance_uid=uid,
                status=0,
            ),
        )

    async def closed(self, how: Closing) -> None:
        """Nothing to clean up."""
