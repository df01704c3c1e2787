"""Invariant: whatever the fragments hold and however they are cut, DIMSE yields messages and pieces or a PeerViolation.

A few seconds in `make test`, about a minute in `make fuzz` (LEADGLASS_FUZZ_SECONDS=60).
"""

from __future__ import annotations

import os
from dataclasses import fields

from hypothesis import given, settings
from hypothesis import strategies as st

from leadglass.dicom.dimse.assembler import CommandReceived, DataEnded, DataReceived, MessageAssembler
from leadglass.dicom.dimse.decode import decode_command
from leadglass.dicom.dimse.elements import COMMAND_ELEMENTS, COMMAND_FIELDS, ElementKind
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.dimse.messages import Message
from leadglass.dicom.upperlayer import PdvReceived
from leadglass.dicom.upperlayer.reader import PduReader
from leadglass.terms.ceilings import MAX_COMMAND_SET
from leadglass.terms.errors import PeerViolation

SECONDS = float(os.environ.get("LEADGLASS_FUZZ_SECONDS", "2"))
EXAMPLES = max(200, int(60 * SECONDS))

uids = st.lists(st.integers(0, 99999), min_size=1, max_size=8).map(lambda parts: ".".join(map(str, parts)))
words = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", min_size=1, max_size=16)
VALUES = {
    ElementKind.UI: uids,
    ElementKind.US: st.integers(0, 0xFFFF),
    ElementKind.AE: words,
    ElementKind.LO: words,
    ElementKind.AT: st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=5).map(tuple),
}


@st.composite
def any_message(draw: st.DrawFn) -> Message:
    """Any of the 23, optional fields there or not."""
    kind = draw(st.sampled_from(list(COMMAND_FIELDS.values())))
    values: dict[str, object] = {"has_data_set": draw(st.booleans())}
    for field in fields(kind):
        if field.name in COMMAND_ELEMENTS and (field.default is not None or draw(st.booleans())):
            values[field.name] = draw(VALUES[COMMAND_ELEMENTS[field.name][1]])
    return kind(**values)  # type: ignore[arg-type]


@settings(max_examples=EXAMPLES, deadline=None)
@given(any_message())
def test_reading_undoes_writing(message: Message) -> None:
    assert decode_command(encode_command(message)) == message


@settings(max_examples=EXAMPLES, deadline=None)
@given(any_message(), st.data())
def test_a_damaged_command_is_a_message_or_the_peers_fault(message: Message, data: st.DataObject) -> None:
    damaged = bytearray(encode_command(message))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    try:
        decode_command(bytes(damaged[:cut]))
    except PeerViolation as violation:
        assert violation.answer.abort_reason == 6  # noqa: PT017


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_the_peers_fault_or_a_message(data: bytes) -> None:
    try:
        decode_command(data)
    except PeerViolation as violation:
        assert violation.answer.abort_reason == 6  # noqa: PT017


fragments = st.lists(
    st.tuples(st.sampled_from([1, 3]), st.booleans(), st.booleans(), st.booleans(), st.binary(max_size=60)), max_size=80
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(fragments, any_message())
def test_any_train_of_fragments(train: list[tuple[int, bool, bool, bool, bytes]], message: Message) -> None:
    assembler = MessageAssembler()
    try:
        assembler.feed(1, True, True, memoryview(encode_command(message)))
        for context, is_command, is_last, begins_pdv, data in train:
            for part in assembler.feed(context, is_command, is_last, memoryview(data), begins_pdv):
                assert isinstance(part, CommandReceived | DataReceived | DataEnded)
            assert len(assembler._command) <= MAX_COMMAND_SET
    except PeerViolation as violation:
        assert violation.answer.abort_reason in (5, 6)  # noqa: PT017


@settings(max_examples=EXAMPLES, deadline=None)
@given(any_message(), st.binary(max_size=5000), st.integers(7, 3000), st.lists(st.integers(1, 700), max_size=30))
def test_a_message_survives_framing_and_any_cutting(
    message: Message, data_set: bytes, max_pdu_length: int, cuts: list[int]
) -> None:
    command = encode_command(message, has_data_set=True)
    if len(command) // (max_pdu_length - 6) >= 63:
        max_pdu_length += 700  # more fragments than a command may have
    stream = b"".join(frame_message(1, command, data_set, max_pdu_length))
    reader, assembler = PduReader(0), MessageAssembler()
    reader.contexts = {1}
    messages: list[Message] = []
    received = bytearray()
    ended = 0
    while stream:
        size = cuts.pop() if cuts else len(stream)
        piece, stream = stream[:size], stream[size:]
        for found in reader.read(piece):
            if not isinstance(found, PdvReceived):
                assert not isinstance(found, PeerViolation)
                continue
            for part in assembler.feed(
                found.presentation_context_id, found.is_command, found.is_last, found.data, found.begins_pdv
            ):
                match part:
                    case CommandReceived():
                        messages.append(part.message)
                    case DataReceived():
                        received += part.data
                    case DataEnded():
                        ended += 1
    assert [decode_command(command)] == messages
    assert (bytes(received), ended) == (data_set, 1)
    assert assembler.is_between_messages
