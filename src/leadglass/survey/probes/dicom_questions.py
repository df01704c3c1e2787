"""What a stranger's association is asked: for things that nobody has ever issued.

An archive that would answer a stranger says "no matches"; one that would not says so. Neither moves a byte of anybody's
data (PS3.4 annexes C and K). What is asked for is drawn by chance; of return keys there are none beyond the unique one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Final

from leadglass.dicom import uids
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CEchoRq, CFindRq, CGetRq, CMoveRq
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
_HEAD: Final = Struct("<HHI")


@dataclass(frozen=True, slots=True)
class Question:
    """One DIMSE request, as it is asked on the context of its SOP class."""

    how: str
    act: Act
    abstract_syntax: str
    message_id: int
    command: bytes
    identifier: bytes | None = None


def _asking(how: str, act: Act, request: CEchoRq | CFindRq | CGetRq | CMoveRq) -> Callable[[bytes | None], Question]:
    """Makes the question of its identifier; the command is encoded once."""
    command, message_id, sop_class_uid = encode_command(request), request.message_id, request.affected_sop_class_uid
    return lambda identifier: Question(how, act, sop_class_uid, message_id, command, identifier)


def _find(how: str, act: Act, message_id: int, sop_class_uid: str) -> Callable[[bytes | None], Question]:
    return _asking(how, act, CFindRq(message_id=message_id, affected_sop_class_uid=sop_class_uid))


def _get(message_id: int, sop_class_uid: str) -> Callable[[bytes | None], Question]:
    return _asking("C-GET", Act.RETRIEVE, CGetRq(message_id=message_id, affected_sop_class_uid=sop_class_uid))


def _encoded(identifier: Identifier) -> bytes:
    return encode_identifier(identifier, uids.IMPLICIT_VR_LITTLE_ENDIAN)


def _element(tag: int, value: str) -> bytes:
    """Of such a data set; the value is of even length (PS3.5 §7.1.3)."""
    return _HEAD.pack(tag >> 16, tag & 0xFFFF, len(value)) + value.encode("ascii")


@lru_cache(maxsize=8)
def _move(message_id: int, sop_class_uid: str, destination: str) -> Callable[[bytes | None], Question]:
    request = CMoveRq(message_id=message_id, affected_sop_class_uid=sop_class_uid, move_destination=destination)
    return _asking("C-MOVE", Act.RETRIEVE, request)


ECHO: Final = _asking("C-ECHO", Act.ENTER, CEchoRq(message_id=1))(None)
_STUDY_FIND: Final = _find("C-FIND", Act.QUERY, 2, uids.STUDY_ROOT_FIND)
_PATIENT_FIND: Final = _find("C-FIND", Act.QUERY, 3, uids.PATIENT_ROOT_FIND)
_STUDY_GET: Final = _get(4, uids.STUDY_ROOT_GET)
_PATIENT_GET: Final = _get(5, uids.PATIENT_ROOT_GET)
_OF_A_STUDY: Final = _encoded({_LEVEL: "STUDY"})
_NOTHING_OF_THE_STEPS: Final = _encoded({_SCHEDULED_PROCEDURE_STEPS: ({},)})
_WORKLIST: Final = _find("worklist C-FIND", Act.WORKLIST, 8, uids.MODALITY_WORKLIST_FIND)


def questions(caller: Caller, chance: Chance) -> tuple[Question, ...]:
    """C-ECHO, C-FIND, C-GET, C-MOVE to ourselves, worklist C-FIND; each service by the study root and by the patient
    root: whoever asks takes the first that was granted."""
    uid, word = chance.uid(), chance.word(_WORD)
    unique = _element(_STUDY_INSTANCE_UID, uid + "\0" * (len(uid) % 2))
    study = _OF_A_STUDY + unique  # elements behind each other, in the order of their tags, are a data set
    patient = _OF_A_STUDY + _element(_PATIENT_ID, word) + unique
    worklist = _element(_ACCESSION_NUMBER, word) + _NOTHING_OF_THE_STEPS
    us = caller.calling_ae_title
    return (
        ECHO,
        _STUDY_FIND(study),
        _PATIENT_FIND(patient),
        _STUDY_GET(study),
        _PATIENT_GET(patient),
        _move(6, uids.STUDY_ROOT_MOVE, us)(study),
        _move(7, uids.PATIENT_ROOT_MOVE, us)(patient),
        _WORKLIST(worklist),
    )
