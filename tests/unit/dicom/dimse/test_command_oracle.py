"""All 23 command sets against pynetdicom's, both ways: encode.py, decode.py and elements.py share this proof."""

from __future__ import annotations

from dataclasses import fields
from io import BytesIO
from typing import Any

import pytest
from pydicom.tag import Tag
from pynetdicom import dimse_messages
from pynetdicom.dsutils import decode as pynetdicom_decode
from pynetdicom.dsutils import encode as pynetdicom_encode

from leadglass.dicom.dimse.decode import decode_command
from leadglass.dicom.dimse.elements import COMMAND_ELEMENTS, COMMAND_FIELDS, LAYOUTS
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import Message

# command fields as pynetdicom has them: a transcription independent of ours
NAMES = {code: name.replace("-", "_") for code, (name, _) in dimse_messages._MESSAGE_TYPES.items()}

VALUES: dict[str, Any] = {
    "affected_sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
    "requested_sop_class_uid": "1.2.840.10008.1.20.1",
    "message_id": 7,
    "message_id_being_responded_to": 65535,
    "move_destination": "DESTINATION",
    "priority": 2,
    "status": 0xA700,
    "offending_element": (0x00100020, 0x00080018),
    "error_comment": "out of room",
    "error_id": 3,
    "affected_sop_instance_uid": "1.2.3.4.5",
    "requested_sop_instance_uid": "1.2.3.4.55",
    "event_type_id": 2,
    "attribute_identifier_list": (0x00100010, 0x7FE00010, 0x00080005),
    "action_type_id": 1,
    "number_of_remaining_suboperations": 10,
    "number_of_completed_suboperations": 0,
    "number_of_failed_suboperations": 3,
    "number_of_warning_suboperations": 4,
    "move_originator_ae_title": "MOVER",
    "move_originator_message_id": 9,
}
KINDS = list(COMMAND_FIELDS.values())


def full(kind: type[Message], *, has_data_set: bool) -> Message:
    """A message of `kind` with every field filled."""
    values = {f.name: VALUES[f.name] for f in fields(kind) if f.name in VALUES}
    return kind(**values, has_data_set=has_data_set)


def oracle_bytes(message: Message) -> bytes:
    """What pynetdicom writes for the same content."""
    code = LAYOUTS[type(message)].command_field
    theirs = getattr(dimse_messages, NAMES[code])()
    command = theirs.command_set
    command.CommandField = code
    command.CommandDataSetType = 0x0001 if message.has_data_set else 0x0101
    for field in fields(message):
        if field.name not in COMMAND_ELEMENTS:
            continue
        value = getattr(message, field.name)
        keyword = KEYWORDS[field.name]
        assert keyword in command, f"{NAMES[code]} has no {keyword} in the oracle"
        setattr(command, keyword, [Tag(tag) for tag in value] if isinstance(value, tuple) else value)
    del command.CommandGroupLength
    body = pynetdicom_encode(command, True, True)
    command.CommandGroupLength = len(body)
    whole = pynetdicom_encode(command, True, True)
    assert whole is not None
    return bytes(whole)


KEYWORDS = {
    "affected_sop_class_uid": "AffectedSOPClassUID",
    "requested_sop_class_uid": "RequestedSOPClassUID",
    "message_id": "MessageID",
    "message_id_being_responded_to": "MessageIDBeingRespondedTo",
    "move_destination": "MoveDestination",
    "priority": "Priority",
    "status": "Status",
    "offending_element": "OffendingElement",
    "error_comment": "ErrorComment",
    "error_id": "ErrorID",
    "affected_sop_instance_uid": "AffectedSOPInstanceUID",
    "requested_sop_instance_uid": "RequestedSOPInstanceUID",
    "event_type_id": "EventTypeID",
    "attribute_identifier_list": "AttributeIdentifierList",
    "action_type_id": "ActionTypeID",
    "number_of_remaining_suboperations": "NumberOfRemainingSuboperations",
    "number_of_completed_suboperations": "NumberOfCompletedSuboperations",
    "number_of_failed_suboperations": "NumberOfFailedSuboperations",
    "number_of_warning_suboperations": "NumberOfWarningSuboperations",
    "move_originator_ae_title": "MoveOriginatorApplicationEntityTitle",
    "move_originator_message_id": "MoveOriginatorMessageID",
}


def test_there_are_the_23_messages_of_the_oracle() -> None:
    ours = {code: LAYOUTS[kind].command_field for code, kind in COMMAND_FIELDS.items()}
    assert len(ours) == 23
    assert set(ours) == set(NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_has_exactly_the_elements_of_the_oracle(kind: type[Message]) -> None:
    code = LAYOUTS[kind].command_field
    theirs = set(dimse_messages._COMMAND_SET_KEYWORDS[NAMES[code].replace("_", "-")])
    ours = {KEYWORDS[row.name] for row in LAYOUTS[kind].elements}
    assert ours | {"CommandGroupLength", "CommandField", "CommandDataSetType"} == theirs


@pytest.mark.parametrize("has_data_set", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_we_write_the_bytes_the_oracle_writes(kind: type[Message], has_data_set: bool) -> None:
    message = full(kind, has_data_set=has_data_set)
    assert encode_command(message) == oracle_bytes(message)


@pytest.mark.parametrize("has_data_set", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_we_read_what_the_oracle_writes(kind: type[Message], has_data_set: bool) -> None:
    message = full(kind, has_data_set=has_data_set)
    assert decode_command(oracle_bytes(message)) == message


@pytest.mark.parametrize("kind", KINDS)
def test_the_oracle_reads_what_we_write(kind: type[Message]) -> None:
    message = full(kind, has_data_set=False)
    read = pynetdicom_decode(BytesIO(encode_command(message)), True, True)
    assert read.CommandField == LAYOUTS[kind].command_field
    for row in LAYOUTS[kind].elements:
        theirs = read[KEYWORDS[row.name]].value
        ours = getattr(message, row.name)
        assert (tuple(theirs) if isinstance(ours, tuple) else theirs) == ours
    assert read.CommandGroupLength == len(encode_command(message)) - 12


@pytest.mark.parametrize("kind", KINDS)
def test_optional_fields_left_out_are_not_written_and_come_back_as_left_out(kind: type[Message]) -> None:
    mandatory = {row.name: VALUES[row.name] for row in LAYOUTS[kind].elements if row.is_mandatory}
    message = kind(**mandatory)
    assert decode_command(encode_command(message)) == message
