"""Calling an archive as somebody, and asking it for each DIMSE service: the answer as one short text.

RJ 1/1/3            A-ASSOCIATE-RJ with result, source and reason
TLS BAD_THING       the handshake was refused with this alert
0000                the final status
2 found, 0000       matches of a C-FIND
2 sent, 0000        objects that really arrived after C-GET or C-MOVE; the counters of the response agree
0000, event 1       the commitment report: 1 all committed; 2 with the reasons of what failed
no context          the association came, its presentation context did not
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from helpers.archive_server import ArchiveServer, DeviceFiles
from helpers.marked import MarkedStudy
from helpers.wiretap import Wiretap, wiretap
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import (
    CEchoRq,
    CFindRq,
    CGetRq,
    CGetRsp,
    CMoveRq,
    CMoveRsp,
    CStoreRq,
    CStoreRsp,
    NActionRq,
    NCreateRq,
    NDeleteRq,
    NEventReportRq,
    NEventReportRsp,
    NGetRq,
    NSetRq,
    Request,
)
from leadglass.dicom.dimse.statuses import is_pending
from leadglass.dicom.identifier import Identifier, decode_identifier, encode_identifier
from leadglass.dicom.upperlayer import (
    AssociateRq,
    NegotiatedContext,
    OfferedSyntax,
    ProposedContext,
    RoleSelection,
    UserInformation,
    negotiate,
)
from leadglass.net.connector import RequestedAssociation, open_association
from leadglass.net.errors import AssociationLost, PeerRejected
from leadglass.net.listener import serve_dicom
from leadglass.net.service import Admission, Closing, DataSink, FaultKind, ServedAssociation
from leadglass.net.sinks import BytesSink
from leadglass.net.tls import TlsContext, client_context
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import Evidence, UserIdentity

__all__ = [
    "EXPLICIT",
    "SERVICES",
    "Destination",
    "Receiver",
    "Visit",
    "Visitor",
    "ask",
    "destination",
    "identifier",
    "visit",
]

EXPLICIT = uids.EXPLICIT_VR_LITTLE_ENDIAN
_PATIENCE = 20.0
_LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who calls, and from where."""

    ae_title: str = "VISITOR"
    tls: bool = False
    files: DeviceFiles | None = None  # of an enrolled device
    identity: UserIdentity | None = None
    source: str = "127.0.0.1"

    def context(self, server: ArchiveServer) -> TlsContext | None:
        """The TLS context it calls with."""
        if not self.tls:
            return None
        if self.files is None:
            return client_context(server.home / "ca" / "ca.pem")
        folder = self.files.folder
        return client_context(server.home / "ca" / "ca.pem", folder / "cert.pem", folder / "key.pem")


@dataclass
class Receiver:
    """What is sent to us: the service of a visitor that asked for it, or of a move destination."""

    objects: list[bytes] = field(default_factory=list)
    instances: list[str] = field(default_factory=list)
    events: list[tuple[int, Identifier]] = field(default_factory=list)
    heard_event: asyncio.Event = field(default_factory=asyncio.Event)

    async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
        asked = {context.abstract_syntax for context in request.contexts}
        return negotiate(request, {abstract_syntax: OfferedSyntax() for abstract_syntax in asked})

    def sink_for(self, context: NegotiatedContext, command: Request) -> DataSink:
        return BytesSink()

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        assert isinstance(data, BytesSink)
        if isinstance(command, CStoreRq):
            self.objects.append(data.data)
            self.instances.append(command.affected_sop_instance_uid)
            await served.send(context, CStoreRsp(message_id_being_responded_to=command.message_id, status=0))
            return
        assert isinstance(command, NEventReportRq)
        self.events.append((command.event_type_id, decode_identifier(data.data, context.transfer_syntax)))
        await served.send(context, NEventReportRsp(message_id_being_responded_to=command.message_id, status=0))
        self.heard_event.set()

    async def closed(self, how: Closing) -> None:
        """Nothing is kept open."""


@dataclass
class Visit:
    """One association, or the refusal of one."""

    tap: Wiretap
    receiver: Receiver
    association: RequestedAssociation | None = None
    refusal: str = ""

    def context(self, abstract_syntax: str) -> NegotiatedContext | None:
        """The accepted context for this abstract syntax."""
        assert self.association is not None
        accepted = self.association.contexts.values()
        return next((context for context in accepted if context.abstract_syntax == abstract_syntax), None)


@asynccontextmanager
async def visit(
    server: ArchiveServer,
    visitor: Visitor,
    *abstract_syntaxes: str,
    roles: Sequence[RoleSelection] = (),
    transfer_syntaxes: Sequence[str] = (EXPLICIT,),
) -> AsyncIterator[Visit]:
    """Asks for an association over a tapped wire; released at the end."""
    contexts = tuple(
        ProposedContext(2 * position + 1, syntax, tuple(transfer_syntaxes))
        for position, syntax in enumerate(abstract_syntaxes)
    )
    request = AssociateRq(
        called_ae_title=AETitle.of("LEADGLASS"),
        calling_ae_title=AETitle.of(visitor.ae_title),
        contexts=contexts,
        user_information=UserInformation(roles=tuple(roles), user_identity=visitor.identity),
    )
    port = server.dicom_tls if visitor.tls else server.dicom
    async with wiretap(port, tls=visitor.context(server), source=visitor.source) as tap:
        here = Visit(tap, Receiver())
        try:
            here.association = await open_association("127.0.0.1", tap.port, request, service=here.receiver)
        except PeerRejected as fault:
            rejection = fault.rejection
            here.refusal = f"RJ {rejection.result}/{rejection.source}/{rejection.reason}"
        except AssociationLost:
            here.refusal = "closed"
        try:
            yield here
        finally:
            if here.association is not None:
                await here.association.release()


@dataclass
class Destination:
    """A C-MOVE destination of ours, and every byte that was sent to it."""

    tap: Wiretap
    receiver: Receiver


@asynccontextmanager
async def destination() -> AsyncIterator[Destination]:
    """Listens on `.tap.port` while the block runs."""
    receiver = Receiver()

    def quiet(kind: FaultKind, address: str, text: str) -> None:
        """The archive aborts idle associations when it stops: no matter."""

    listener = await serve_dicom("127.0.0.1", 0, lambda: receiver, on_fault=quiet)
    try:
        async with wiretap(listener.port) as tap:
            yield Destination(tap, receiver)
    finally:
        await listener.close(grace=0.2)


def identifier(level: str, **keys: str) -> bytes:
    """A query or retrieve identifier in explicit VR little endian."""
    items = {tag_of("QueryRetrieveLevel"): level} | {tag_of(keyword): value for keyword, value in keys.items()}
    return encode_identifier(items, EXPLICIT)


# --- one question each ---------------------------------------------------------------------------------------


async def ask(here: Visit, service: str, target: MarkedStudy, own: MarkedStudy, to: Destination, title: str) -> str:
    """The answer to one service of `SERVICES`. `target` is the study asked about, `own` one the visitor brings;
    C-MOVE asks to send to the destination `to`, enrolled as `title`."""
    if here.association is None:
        return here.refusal
    context = here.context(SERVICES[service][0])
    if context is None:
        return "no context"
    match service.split():
        case ["C-FIND", level]:
            return await _find(here.association, context, identifier(level, **_find_keys(level, target)))
        case ["C-GET"]:
            return await _get(here, context, identifier("STUDY", StudyInstanceUID=target.study_instance_uid))
        case ["C-MOVE"]:
            return await _move(
                here.association, context, identifier("STUDY", StudyInstanceUID=target.study_instance_uid), to, title
            )
        case ["C-STORE"]:
            image = own.images[0]
            message = CStoreRq(
                message_id=1,
                affected_sop_class_uid=image.sop_class_uid,
                affected_sop_instance_uid=image.sop_instance_uid,
            )
            return _status((await here.association.request(context, message, image.data_set())).status)
        case ["N-ACTION"]:
            return await _commit(here, context, [(i.sop_class_uid, i.sop_instance_uid) for i in target.images])
        case _:
            return _status((await here.association.request(context, *_simple(service, target))).status)


def _find_keys(level: str, target: MarkedStudy) -> dict[str, str]:
    """Ask for the patient, and for everything else there is to tell at this level."""
    keys = {"PatientID": target.patient_id, "PatientName": "", "PatientBirthDate": ""}
    if level != "PATIENT":
        keys |= {"StudyInstanceUID": target.study_instance_uid, "AccessionNumber": "", "StudyDescription": ""}
    if level in ("SERIES", "IMAGE"):
        keys |= {"SeriesInstanceUID": "", "Modality": ""}
    return keys | ({"SOPInstanceUID": "", "InstanceNumber": ""} if level == "IMAGE" else {})


def _simple(service: str, target: MarkedStudy) -> tuple[Request, bytes | None]:
    one, its = uids.STORAGE_COMMITMENT_PUSH_MODEL, uids.STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE
    information = encode_identifier({tag_of("TransactionUID"): target.study_instance_uid}, EXPLICIT)
    event = NEventReportRq(message_id=1, affected_sop_class_uid=one, affected_sop_instance_uid=its, event_type_id=1)
    simple: Mapping[str, tuple[Request, bytes | None]] = {
        "C-ECHO": (CEchoRq(message_id=1), None),
        "N-EVENT-REPORT": (event, information),
        "N-GET": (NGetRq(message_id=1, requested_sop_class_uid=one, requested_sop_instance_uid=its), None),
        "N-SET": (NSetRq(message_id=1, requested_sop_class_uid=one, requested_sop_instance_uid=its), information),
        "N-CREATE": (NCreateRq(message_id=1, affected_sop_class_uid=one), information),
        "N-DELETE": (NDeleteRq(message_id=1, requested_sop_class_uid=one, requested_sop_instance_uid=its), None),
    }
    return simple[service]


async def _find(association: RequestedAssociation, context: NegotiatedContext, keys: bytes) -> str:
    message = CFindRq(message_id=1, affected_sop_class_uid=context.abstract_syntax)
    found, last = 0, 0
    async for reply in association.responses(context, message, keys, within=_PATIENCE):
        last = reply.message.status
        found += is_pending(last)
    return f"{found} found, {_status(last)}" if last == 0 else _status(last)


async def _get(here: Visit, context: NegotiatedContext, keys: bytes) -> str:
    assert here.association is not None
    message = CGetRq(message_id=1, affected_sop_class_uid=context.abstract_syntax)
    response = await here.association.request(context, message, keys, within=_PATIENCE)
    assert isinstance(response, CGetRsp)
    return _sent(response, len(here.receiver.objects))


async def _move(
    association: RequestedAssociation, context: NegotiatedContext, keys: bytes, to: Destination, title: str
) -> str:
    before = len(to.receiver.objects)
    message = CMoveRq(message_id=1, affected_sop_class_uid=context.abstract_syntax, move_destination=title)
    response = await association.request(context, message, keys, within=_PATIENCE)
    assert isinstance(response, CMoveRsp)
    return _sent(response, len(to.receiver.objects) - before)


def _sent(response: CGetRsp | CMoveRsp, arrived: int) -> str:
    counted = response.number_of_completed_suboperations or 0
    failed = response.number_of_failed_suboperations or 0
    assert counted == arrived, f"{counted} completed according to the response, {arrived} arrived"
    if response.status not in (0x0000, 0xB000):
        return _status(response.status)
    return f"{arrived} sent, {_status(response.status)}" + (f", {failed} failed" if failed else "")


async def _commit(here: Visit, context: NegotiatedContext, references: Sequence[tuple[str, str]]) -> str:
    assert here.association is not None
    items = tuple(
        {tag_of("ReferencedSOPClassUID"): sop_class, tag_of("ReferencedSOPInstanceUID"): sop_instance}
        for sop_class, sop_instance in references
    )
    information = encode_identifier(
        {tag_of("TransactionUID"): "2.25.77", tag_of("ReferencedSOPSequence"): items}, EXPLICIT
    )
    message = NActionRq(
        message_id=1,
        requested_sop_class_uid=uids.STORAGE_COMMITMENT_PUSH_MODEL,
        requested_sop_instance_uid=uids.STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE,
        action_type_id=1,
    )
    response = await here.association.request(context, message, information, within=_PATIENCE)
    if response.status != 0:
        return _status(response.status)
    async with asyncio.timeout(_PATIENCE):
        await here.receiver.heard_event.wait()
    [(event_type, report)] = here.receiver.events
    failures = report.get(tag_of("FailedSOPSequence"), ())
    assert not isinstance(failures, str)
    reasons = [f"{int(str(item[tag_of('FailureReason')])):04X}" for item in failures]
    return " ".join([f"{_status(response.status)}, event {event_type}", *reasons])


def _status(status: int) -> str:
    return f"{status:04X}"


_N_SERVICE = (uids.STORAGE_COMMITMENT_PUSH_MODEL, ())

SERVICES: Mapping[str, tuple[str, Sequence[str]]] = {
    "C-ECHO": (uids.VERIFICATION, ()),
    "C-STORE": (uids.CT_IMAGE_STORAGE, ()),
    **{
        f"C-FIND {level}": (uids.PATIENT_ROOT_FIND if level == "PATIENT" else uids.STUDY_ROOT_FIND, ())
        for level in _LEVELS
    },
    "C-GET": (uids.STUDY_ROOT_GET, (uids.CT_IMAGE_STORAGE,)),
    "C-MOVE": (uids.STUDY_ROOT_MOVE, ()),
    "N-ACTION": _N_SERVICE,
    "N-EVENT-REPORT": _N_SERVICE,
    "N-GET": _N_SERVICE,
    "N-SET": _N_SERVICE,
    "N-CREATE": _N_SERVICE,
    "N-DELETE": _N_SERVICE,
}
"""Every DIMSE service: the abstract syntax it is asked on, and those on which we take objects back."""
