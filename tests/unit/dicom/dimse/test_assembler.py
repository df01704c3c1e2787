"""MessageAssembler: transcripts of fragments in, parts out."""

from __future__ import annotations

import pytest

from leadglass.dicom.dimse.assembler import CommandReceived, DataEnded, DataReceived, MessageAssembler, Part
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CEchoRq, CStoreRq
from leadglass.terms.ceilings import MAX_COMMAND_FRAGMENTS, MAX_COMMAND_SET, MAX_EMPTY_FRAGMENTS
from leadglass.terms.errors import CeilingReached, PeerViolation

ECHO = CEchoRq(message_id=1)
STORE = CStoreRq(message_id=2, affected_sop_class_uid="1.2", affected_sop_instance_uid="1.2.3")


def command(assembler: MessageAssembler, data: bytes, *, last: bool = True, context: int = 1) -> list[Part]:
    return list(assembler.feed(context, True, last, memoryview(data)))


def data(assembler: MessageAssembler, data: bytes, *, last: bool = False, context: int = 1) -> list[Part]:
    return list(assembler.feed(context, False, last, memoryview(data)))


def shown(parts: list[Part]) -> list[object]:
    return [bytes(part.data) if isinstance(part, DataReceived) else part for part in parts]


def test_a_command_in_one_piece() -> None:
    assembler = MessageAssembler()
    assert command(assembler, encode_command(ECHO)) == [CommandReceived(1, ECHO)]
    assert assembler.is_between_messages


@pytest.mark.parametrize("size", [1, 2, 7, 50])
def test_a_command_in_pieces_of_one_pdv(size: int) -> None:
    assembler = MessageAssembler()
    whole = encode_command(STORE)
    parts: list[Part] = []
    for at in range(0, len(whole), size):
        is_last = at + size >= len(whole)
        parts += assembler.feed(3, True, is_last, memoryview(whole[at : at + size]), begins_pdv=at == 0)
        assert assembler.is_between_messages is False
    assert parts == [CommandReceived(3, STORE)]


def test_a_command_in_fragments_the_last_one_empty() -> None:
    assembler = MessageAssembler()
    whole = encode_command(ECHO)
    assert command(assembler, whole[:20], last=False) == []
    assert command(assembler, b"", last=False) == []
    assert command(assembler, whole[20:], last=False) == []
    assert command(assembler, b"") == [CommandReceived(1, ECHO)]


def test_data_goes_straight_through_as_the_same_memory() -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(STORE))
    buffer = bytearray(b"pixels")
    (part,) = assembler.feed(1, False, False, memoryview(buffer))
    buffer[:] = b"PIXELS"
    assert shown([part]) == [b"PIXELS"]
    assert shown(data(assembler, b"!", last=True)) == [b"!", DataEnded(1)]
    assert assembler.is_between_messages


def test_an_empty_data_set_ends_at_once() -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(STORE))
    assert data(assembler, b"", last=True) == [DataEnded(1)]


def test_messages_follow_each_other_on_any_context() -> None:
    assembler = MessageAssembler()
    for context in (1, 3, 1):
        assert command(assembler, encode_command(STORE), context=context) == [CommandReceived(context, STORE)]
        assert data(assembler, b"", last=True, context=context) == [DataEnded(context)]


@pytest.mark.parametrize("context", [1, 3])
def test_data_nobody_announced(context: int) -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(ECHO))
    with pytest.raises(PeerViolation, match="data came where none was announced") as caught:
        data(assembler, b"x", context=context)
    assert caught.value.answer.abort_reason == 5


def test_data_on_the_wrong_context() -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(STORE), context=1)
    with pytest.raises(PeerViolation, match="presentation context") as caught:
        data(assembler, b"x", context=3)
    assert caught.value.answer.abort_reason == 5


def test_a_command_within_a_data_set() -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(STORE))
    with pytest.raises(PeerViolation, match="within a data set"):
        command(assembler, encode_command(ECHO))


def test_a_command_that_changes_its_context() -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(ECHO)[:9], last=False, context=1)
    with pytest.raises(PeerViolation, match="changes its presentation context"):
        command(assembler, encode_command(ECHO)[9:], context=3)


def test_data_within_a_command() -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(STORE)[:9], last=False)
    with pytest.raises(PeerViolation):
        data(assembler, b"x")


def test_command_fragments_have_a_ceiling() -> None:
    assembler = MessageAssembler()
    for _ in range(MAX_COMMAND_FRAGMENTS):
        command(assembler, b"x", last=False)
    with pytest.raises(CeilingReached, match="MAX_COMMAND_FRAGMENTS"):
        command(assembler, b"x", last=False)


def test_command_bytes_have_a_ceiling() -> None:
    assembler = MessageAssembler()
    command(assembler, bytes(MAX_COMMAND_SET), last=False)
    with pytest.raises(CeilingReached, match="MAX_COMMAND_SET"):
        command(assembler, b"x", last=False)


def test_pieces_of_one_pdv_are_not_fragments() -> None:
    assembler = MessageAssembler()
    for at in range(MAX_COMMAND_FRAGMENTS * 2):
        assembler.feed(1, True, False, memoryview(b"x"), begins_pdv=at == 0)
    assert not assembler.is_between_messages


def test_an_endless_train_of_empty_fragments_ends() -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(STORE))
    for _ in range(MAX_EMPTY_FRAGMENTS):
        assert data(assembler, b"") == []
    assert shown(data(assembler, b"x")) == [b"x"]  # bytes start the count anew
    for _ in range(MAX_EMPTY_FRAGMENTS):
        data(assembler, b"")
    with pytest.raises(CeilingReached, match="MAX_EMPTY_FRAGMENTS"):
        data(assembler, b"")


def test_what_an_assembler_says_holds_no_data() -> None:
    assembler = MessageAssembler()
    command(assembler, encode_command(STORE))
    assert "DOE" not in repr(data(assembler, b"DOE^JOHN"))
