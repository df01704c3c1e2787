"""Invariant: whatever a peer says, a talk of the DICOM probe ends or waits, raises nothing and keeps no more than it
heard; the probe comes to an observation whatever becomes of its connections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from helpers.surveying import CALLER, CountingChance, local
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.dimse.messages import CEchoRsp, CFindRsp
from leadglass.dicom.identifier import encode_identifier
from leadglass.dicom.upperlayer import (
    Abort,
    AssociateAc,
    AssociateRj,
    ContextResult,
    Pdu,
    ReleaseRp,
    ReleaseRq,
    UserInformation,
    encode_pdu,
)
from leadglass.net.conversing import Ending, Outcome
from leadglass.survey.conversation import Said
from leadglass.survey.level import Level
from leadglass.survey.observation import Sighting
from leadglass.survey.probes.dicom import dicom
from leadglass.survey.probes.dicom_association import AssociationTalk
from leadglass.survey.probes.dicom_count import Count
from leadglass.survey.probes.dicom_counting import CountTalk
from leadglass.survey.probes.dicom_identity import IdentityTalk
from leadglass.survey.probes.dicom_presence import PresenceTalk
from leadglass.survey.probes.dicom_questions import questions
from leadglass.survey.probes.dicom_request import USER_NAME_LENGTH
from leadglass.survey.probes.dicom_talk import AccessTalk, EchoTalk
from leadglass.terms.ae_title import AETitle

_TITLE = AETitle.of("X")
_IMPLICIT = "1.2.840.10008.1.2"


def _accept(contexts: int, room: int) -> bytes:
    results = tuple(ContextResult(2 * n + 1, 0, _IMPLICIT) for n in range(contexts))
    return encode_pdu(AssociateAc(_TITLE, _TITLE, results, UserInformation(room, "1.2.276.0.7230010.3.0.3.6.7", "P")))


def _answer(context: int, message_id: int, status: int, keys: dict[int, str] | None) -> bytes:
    data_set = None if keys is None else encode_identifier(keys, _IMPLICIT)
    command = CFindRsp(message_id_being_responded_to=message_id, status=status)
    return b"".join(frame_message(context, encode_command(command, has_data_set=keys is not None), data_set, 16384))


_ECHO = b"".join(frame_message(1, encode_command(CEchoRsp(message_id_being_responded_to=1, status=0)), None, 16384))
_PDUS: tuple[Pdu, ...] = (ReleaseRp(), ReleaseRq(), Abort(0), Abort(2, 6), AssociateRj(1, 1, 7))
_SHORT = [encode_pdu(pdu) for pdu in _PDUS]
sayings = st.one_of(
    st.builds(_accept, st.integers(0, 128), st.sampled_from([0, 7, 16384, 2**32 - 1])),
    st.builds(
        _answer,
        st.sampled_from([1, 3, 5, 7, 255]),
        st.integers(0, 9),
        st.sampled_from([0, 0xFF00, 0xFF01, 0xA700, 0xC000, 0xFE00, 0x0124, 0xB000]),
        st.none() | st.dictionaries(st.sampled_from([0x0020000D, 0x00201208, 0x00100010]), st.text(max_size=9)),
    ),
    st.sampled_from([_ECHO, *_SHORT]),
    st.binary(max_size=40),
)


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """What a peer says, perhaps damaged, in portions."""
    first = _accept(draw(st.sampled_from([1, 70])), 16384) if draw(st.booleans()) else b""
    stream = bytearray(first + b"".join(draw(st.lists(sayings, max_size=8))))
    for _ in range(draw(st.integers(0, 3)) if stream else 0):
        stream[draw(st.integers(0, len(stream) - 1))] = draw(st.integers(0, 255))
    size = draw(st.sampled_from([1, 5, 64, 1 << 20]))
    return [bytes(stream[at : at + size]) for at in range(0, len(stream), size)]


def _talks() -> list[AssociationTalk]:
    return [
        EchoTalk("X", CALLER),
        AccessTalk("X", CALLER, questions(CALLER, CountingChance())),
        IdentityTalk("X", CALLER, "N" * USER_NAME_LENGTH),
        CountTalk("X", CALLER, Count(b"k", 1000)),
        PresenceTalk("X", CALLER, ("1.2.1", "1.2.2")),
    ]


@fuzz_for(share=0.6)
@given(streams())
def test_any_peer(portions: list[bytes]) -> None:
    for talk in _talks():
        talk.begin()
        for portion in portions:
            said = talk.receive(portion)
            assert isinstance(said, bytes)
            assert len(said) < 1 << 20
        if not talk.is_over:
            talk.hung_up()
        assert talk.is_over
        kept = talk.kept([Said(by_us=False, data=portion) for portion in portions])
        assert sum(len(part.data) for part in kept) <= sum(map(len, portions))
        if talk.tally is not None:
            next(again for again in _talks() if again.kind == talk.kind).recall(talk.tally)


@fuzz_for(share=0.4)
@given(st.lists(st.tuples(st.sampled_from(list(Ending)), streams()), max_size=6), st.sampled_from(list(Level)[1:]))
def test_any_network(connections: list[tuple[Ending, list[bytes]]], level: Level) -> None:
    probe = dicom(local(104, level), CALLER, CountingChance())
    left = iter(connections)
    seen: object = None
    try:
        call = next(probe)
        for _ in range(200):
            ending, portions = next(left, (Ending.SILENT, []))
            if ending not in (Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE, Ending.TLS_FAILED):
                call.talk.begin()
                for portion in portions:
                    if not call.talk.is_over:
                        call.talk.receive(portion)
                if not call.talk.is_over:
                    call.talk.hung_up()
            call = probe.send(Outcome(ending=ending))
    except StopIteration as end:
        seen = end.value
    assert isinstance(seen, Sighting)
