"""Invariant: whatever a peer says, in whatever portions, an association of ours asks only what it may, ends, and keeps
nothing of anybody; what is kept leads to the same verdict."""

from __future__ import annotations

import pytest

from helpers.surveying import CALLER, CountingChance
from leadglass.dicom import uids
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.dimse.messages import CEchoRsp, CFindRsp, CGetRsp, CStoreRq, Message
from leadglass.dicom.identifier import decode_identifier
from leadglass.dicom.upperlayer import (
    Abort,
    AssociateAc,
    AssociateRj,
    AssociateRq,
    ContextResult,
    ReleaseRp,
    ReleaseRq,
    UserInformation,
    decode_pdu,
    encode_pdu,
)
from leadglass.survey.conversation import Said
from leadglass.survey.observation import Verdict
from leadglass.survey.probes.dicom_association import ABORT, RELEASE
from leadglass.survey.probes.dicom_questions import Question, questions
from leadglass.survey.probes.dicom_talk import AccessTalk, Asking, EchoTalk

MARK = b"Mark^Patient"
UID_MARK = "2.25.4711471147114711"


def asked() -> tuple[Question, ...]:
    return questions(CALLER, CountingChance())


def accepted(talk: Asking, *, identity_response: bytes | None = None) -> bytes:
    """The answer of a peer that takes every context."""
    request = decode_pdu(talk.begin())
    assert isinstance(request, AssociateRq)
    results = tuple(
        ContextResult(context.presentation_context_id, 0, context.transfer_syntaxes[0]) for context in request.contexts
    )
    information = UserInformation(16384, "1.2.3", "PEER", identity_response=identity_response)
    return encode_pdu(AssociateAc(request.called_ae_title, request.calling_ae_title, results, information))


def message(context_id: int, said: Message, data_set: bytes | None = None) -> bytes:
    command = encode_command(said, has_data_set=data_set is not None)
    return b"".join(frame_message(context_id, command, data_set, 16384))


ECHO_DONE = message(1, CEchoRsp(message_id_being_responded_to=1, status=0))
FIND_ID, GET_ID = 3, 5
FOUND = message(
    FIND_ID,
    CFindRsp(message_id_being_responded_to=2, status=0xFF00, error_comment=MARK.decode()),
    b"\x10\x00\x10\x00\x0c\x00\x00\x00" + MARK,
)
FIND_DONE = message(FIND_ID, CFindRsp(message_id_being_responded_to=2, status=0))
IMAGE = message(
    GET_ID,
    CStoreRq(message_id=1, affected_sop_class_uid=uids.CT_IMAGE_STORAGE, affected_sop_instance_uid=UID_MARK),
    MARK * 20,
)
LISTED = message(GET_ID, CGetRsp(message_id_being_responded_to=4, status=0xB000), UID_MARK.encode())


def fed(talk: Asking, heard: bytes, portion: int = 1 << 20) -> bytes:
    talk.begin()
    said = b"".join(talk.receive(heard[at : at + portion]) for at in range(0, len(heard), portion))
    if not talk.is_over:
        talk.hung_up()
    return said


def outcome(talk: Asking) -> tuple[object, ...]:
    return talk.association, talk.reject, talk.abort, talk.language, talk.fault, tuple(talk.tries), len(talk.unasked)


def scripts() -> dict[str, bytes]:
    echo, access = EchoTalk("X", CALLER), AccessTalk("X", CALLER, asked())
    entered = accepted(echo)
    serving = accepted(access) + ECHO_DONE
    return {
        "echo": entered + ECHO_DONE + encode_pdu(ReleaseRp()),
        "released by the peer": entered + encode_pdu(ReleaseRq()),
        "rejected": encode_pdu(AssociateRj(1, 1, 7)),
        "aborted": encode_pdu(Abort(2, 6)),
        "aborted at a command": serving + encode_pdu(Abort(0, 0)),
        "finds without matching": serving + FOUND + FOUND,
        "sends an image": serving + FIND_DONE + IMAGE,
        "lists what failed": serving + FIND_DONE + LISTED,
        "a page": b"HTTP/1.1 400 Bad Request\r\n\r\n" + MARK,
        "an alert": b"\x15\x03\x01\x00\x02\x02\x46",
        "garbage": bytes(range(200, 256)),
        "an answer to nothing": entered + FIND_DONE,
        "data before the association": ECHO_DONE,
        "lying length": entered[:2] + b"\x7f\xff\xff\xff" + entered[6:],
        "cut short": entered[:-3],
        "nothing": b"",
        "identity answered": accepted(access, identity_response=MARK) + ECHO_DONE,
    }


@pytest.mark.parametrize("name", scripts())
@pytest.mark.parametrize("kind", ["echo", "access"])
def test_portions_and_trailing_bytes_change_nothing(name: str, kind: str) -> None:
    heard = scripts()[name]

    def fresh() -> Asking:
        return EchoTalk("X", CALLER) if kind == "echo" else AccessTalk("X", CALLER, asked())

    whole, byte_by_byte, more = fresh(), fresh(), fresh()
    said = fed(whole, heard)
    assert fed(byte_by_byte, heard, portion=1) == said
    assert outcome(byte_by_byte) == outcome(whole)
    fed(more, heard)
    assert more.receive(b"\x04" + MARK * 9) == b""
    assert outcome(more) == outcome(whole)


@pytest.mark.parametrize("name", scripts())
@pytest.mark.parametrize("portion", [1, 7, 1 << 20])
def test_what_is_kept_says_the_same_and_names_nobody(name: str, portion: int) -> None:
    heard = scripts()[name]
    talk, again = AccessTalk("X", CALLER, asked()), AccessTalk("X", CALLER, asked())
    fed(talk, heard)
    said = [Said(by_us=False, data=heard[at : at + portion]) for at in range(0, len(heard), portion)]
    said.insert(1, Said(by_us=True, data=b"whatever"))
    kept = talk.kept(said)
    bytes_kept = b"".join(part.data for part in kept if not part.by_us)
    assert MARK not in bytes_kept
    assert UID_MARK.encode() not in bytes_kept
    fed(again, bytes_kept)
    assert outcome(again) == outcome(talk)


def test_a_stranger_is_let_in_and_leaves_in_order() -> None:
    talk = EchoTalk("X", CALLER)
    assert fed(talk, scripts()["echo"]).endswith(RELEASE)
    assert talk.is_over
    assert [(done.how, done.verdict, done.code) for done in talk.tries] == [("C-ECHO", Verdict.OPEN, "0x0000")]


@pytest.mark.parametrize(("name", "how"), [("finds without matching", "C-FIND"), ("sends an image", "C-GET")])
def test_who_hands_out_what_was_not_asked_for_is_stopped_at_once(name: str, how: str) -> None:
    talk = AccessTalk("X", CALLER, asked())
    assert fed(talk, scripts()[name]).endswith(ABORT)
    last = talk.tries[-1]
    assert (last.how, last.verdict, last.code) == (how, Verdict.OPEN, "answers without matching")


class Drawing(CountingChance):
    """Draws this UID."""

    def __init__(self, uid: str) -> None:
        super().__init__()
        self.drawn = uid

    def uid(self) -> str:
        return self.drawn


@pytest.mark.parametrize("uid", ["2.25.77", "2.25.777"])
def test_what_is_asked_for_is_what_was_drawn_and_no_more(uid: str) -> None:
    asked = {question.abstract_syntax: question.identifier for question in questions(CALLER, Drawing(uid))}
    word, study = CountingChance().word(16), {0x00080052: "STUDY", 0x0020000D: uid}
    assert asked.pop(uids.VERIFICATION) is None
    worklist = asked.pop(uids.MODALITY_WORKLIST_FIND)
    assert decode_identifier(worklist or b"", uids.IMPLICIT_VR_LITTLE_ENDIAN) == {0x00080050: word, 0x00400100: ({},)}
    patient_root = {uids.PATIENT_ROOT_FIND, uids.PATIENT_ROOT_GET, uids.PATIENT_ROOT_MOVE}
    for sop_class, identifier in asked.items():
        patient = {0x00100020: word} if sop_class in patient_root else {}
        assert decode_identifier(identifier or b"", uids.IMPLICIT_VR_LITTLE_ENDIAN) == study | patient


def test_after_an_abort_the_other_questions_are_left() -> None:
    talk = AccessTalk("X", CALLER, asked())
    fed(talk, scripts()["aborted at a command"])
    assert (talk.tries[-1].how, talk.tries[-1].verdict) == ("C-FIND", Verdict.CLOSED)
    assert {question.how for question in talk.unasked} == {"C-GET", "C-MOVE", "worklist C-FIND"}


@pytest.mark.parametrize(
    ("name", "language"), [("a page", "HTTP"), ("an alert", "TLS"), ("garbage", ""), ("nothing", "")]
)
def test_other_languages_are_named(name: str, language: str) -> None:
    talk = EchoTalk("X", CALLER)
    assert fed(talk, scripts()[name]) == b""
    assert (talk.association, talk.language) == ("", language)


def test_we_say_who_we_are() -> None:
    request = decode_pdu(AccessTalk("SOMEBODY", CALLER, asked()).begin())
    assert isinstance(request, AssociateRq)
    assert (request.called_ae_title.text, request.calling_ae_title.text) == ("SOMEBODY", "SURVEYOR")
    assert request.user_information.implementation_class_uid == uids.IMPLEMENTATION_CLASS_UID
    assert request.user_information.implementation_version_name == uids.IMPLEMENTATION_VERSION_NAME
    assert request.user_information.user_identity is None
    assert len(request.contexts) <= 128
