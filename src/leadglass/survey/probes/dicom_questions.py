"""What a stranger's association is asked: for things that nobody has ever issued.

An archive that would answer a stranger says "no matches"; one that would not says so. Neither moves a byte of anybody's
data (PS3.4 annexes C and K). What is asked for is drawn by chance; of return keys there are none beyond the unique one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leadglass.dicom import uids
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CEchoRq, CFindRq, CGetRq, CMoveRq, Request
from leadglass.dicom.identifier import Identifier, encode_identifier
from leadglass.survey.observation import Act
from leadglass.survey.probe import Caller, Chance

__all__ = ["ECHO", "Question", "questions"]

_LEVEL: Final = 0x00080052
_ACCESSION_NUMBER: Final = 0x00080050
_PATIENT_ID: Final = 0x00100020
_STUDY_INSTANCE_UID: Final = 0x0020000D
_SCHEDULED_PROCEDURE_STEPS: Final = 0x00400100
_WORD: Final = 16


@dataclass(frozen=True, slots=True)
class Question:
    """One DIMSE request, as it is asked on the context of its SOP class."""

    how: str
    act: Act
    abstract_syntax: str
    message_id: int
    command: bytes
    identifier: bytes | None = None


def _question(how: str, act: Act, request: Request, identifier: Identifier | None = None) -> Question:
    data_set = None if identifier is None else encode_identifier(identifier, uids.IMPLICIT_VR_LITTLE_ENDIAN)
    sop_class = getattr(request, "affected_sop_class_uid", "")
    return Question(how, act, sop_class, request.message_id, encode_command(request), data_set)


ECHO: Final = _question("C-ECHO", Act.ENTER, CEchoRq(message_id=1))


def questions(caller: Caller, chance: Chance) -> tuple[Question, ...]:
    """C-ECHO, C-FIND, C-GET, C-MOVE to ourselves, worklist C-FIND; each service by the study root and by the patient
    root: whoever asks takes the first that was granted."""
    uid, word = chance.uid(), chance.word(_WORD)
    study = {_LEVEL: "STUDY", _STUDY_INSTANCE_UID: uid}
    patient = {_LEVEL: "STUDY", _PATIENT_ID: word, _STUDY_INSTANCE_UID: uid}
    worklist: Identifier = {_ACCESSION_NUMBER: word, _SCHEDULED_PROCEDURE_STEPS: ({},)}
    destination = caller.calling_ae_title
    return (
        ECHO,
        _question("C-FIND", Act.QUERY, CFindRq(message_id=2, affected_sop_class_uid=uids.STUDY_ROOT_FIND), study),
        _question("C-FIND", Act.QUERY, CFindRq(message_id=3, affected_sop_class_uid=uids.PATIENT_ROOT_FIND), patient),
        _question("C-GET", Act.RETRIEVE, CGetRq(message_id=4, affected_sop_class_uid=uids.STUDY_ROOT_GET), study),
        _question("C-GET", Act.RETRIEVE, CGetRq(message_id=5, affected_sop_class_uid=uids.PATIENT_ROOT_GET), patient),
        _question("C-MOVE", Act.RETRIEVE, _move(6, uids.STUDY_ROOT_MOVE, destination), study),
        _question("C-MOVE", Act.RETRIEVE, _move(7, uids.PATIENT_ROOT_MOVE, destination), patient),
        _question(
            "worklist C-FIND",
            Act.WORKLIST,
            CFindRq(message_id=8, affected_sop_class_uid=uids.MODALITY_WORKLIST_FIND),
            worklist,
        ),
    )


def _move(message_id: int, sop_class_uid: str, destination: str) -> CMoveRq:
    return CMoveRq(message_id=message_id, affected_sop_class_uid=sop_class_uid, move_destination=destination)
