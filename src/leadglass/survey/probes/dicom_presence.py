"""The conversation of level 4: which attributes of a patient a few records have filled in, and never with what.

A value lives in one function, `filled_in`, which looks whether it is blank. Nothing is transcribed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CCancelRq, CFindRq
from leadglass.dicom.dimse.statuses import is_pending
from leadglass.dicom.identifier import decode_identifier, encode_identifier
from leadglass.survey.level import Level
from leadglass.survey.personal_data import kinds_of_fields
from leadglass.survey.probe import Caller
from leadglass.survey.probes.dicom_association import ABORT, RELEASE, AssociationTalk
from leadglass.survey.probes.dicom_reading import Command
from leadglass.survey.probes.dicom_request import COUNTING
from leadglass.survey.probes.dicom_slices import Slice
from leadglass.terms.ceilings import MAX_IDENTIFIER_COUNTED
from leadglass.terms.errors import PeerViolation

__all__ = ["PresenceTalk"]

_KEYWORDS: Final = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "OtherPatientIDs",
    "PatientBirthDate",
    "PatientSex",
    "PatientMotherBirthName",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "InsurancePlanIdentification",
    "PatientComments",
    "AdditionalPatientHistory",
    "AdmittingDiagnosesDescription",
    "ReferringPhysicianName",
    "NameOfPhysiciansReadingStudy",
)
_TAGS: Final = {tag_of(keyword): keyword for keyword in _KEYWORDS}
_IDENTITY_REMOVED: Final = 0x00120062
_LEVEL, _DATE, _TIME, _UID = 0x00080052, 0x00080020, 0x00080030, 0x0020000D
_CONTEXT_ID: Final = 1
_MESSAGE_ID: Final = 1
_FIND: Final = encode_command(CFindRq(message_id=_MESSAGE_ID, affected_sop_class_uid=uids.STUDY_ROOT_FIND))
_CANCEL: Final = encode_command(CCancelRq(message_id_being_responded_to=_MESSAGE_ID))
_MAX_AFTER_CANCEL: Final = 1000


class PresenceTalk(AssociationTalk):
    """Looks at no more than `cap` studies of a slice of time that has some."""

    kind: ClassVar[str] = "dicom presence"
    level: ClassVar[Level] = Level.KINDS

    def __init__(self, called_ae_title: str, caller: Caller, when: Slice, cap: int) -> None:
        super().__init__(called_ae_title, caller, COUNTING)
        self.present: frozenset[str] = frozenset()
        """Keywords of attributes that had a value in one of the records."""
        self.is_deidentified = False
        self._when = when
        self._left = cap
        self._data = b""
        self._after_cancel = 0

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the attributes present."""
        return kinds_of_fields(self.present)

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {"present": " ".join(sorted(self.present)), "is_deidentified": self.is_deidentified}

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.present = frozenset(str(tally["present"]).split())
        self.is_deidentified = bool(tally["is_deidentified"])

    def established(self) -> bytes:
        assert self.accept is not None
        if not self.accept.granted:
            return RELEASE
        keys = {
            _LEVEL: "STUDY",
            _DATE: self._when.study_date,
            _UID: "",
            **dict.fromkeys(_TAGS, ""),
            _IDENTITY_REMOVED: "",
        }
        if self._when.study_time:
            keys[_TIME] = self._when.study_time
        return self.framed(_CONTEXT_ID, _FIND, encode_identifier(keys, uids.IMPLICIT_VR_LITTLE_ENDIAN))

    def commanded(self, context_id: int, command: Command) -> bytes:  # noqa: ARG002 - there is but one
        if not is_pending(command.status):
            return RELEASE
        if self._left > 0:
            return b""
        self._after_cancel += 1
        if self._after_cancel == 1:
            return self.framed(_CONTEXT_ID, _CANCEL, None)
        self.is_over = self._after_cancel > _MAX_AFTER_CANCEL
        return ABORT if self.is_over else b""

    def informed(self, data: bytes, *, is_last: bool) -> None:
        if self._left <= 0:
            return
        self._data += data[: MAX_IDENTIFIER_COUNTED - len(self._data)]
        if is_last:
            self._left -= 1
            present, is_deidentified = filled_in(self._data)
            self._data = b""
            self.present |= present
            self.is_deidentified = self.is_deidentified or is_deidentified


def filled_in(answer: bytes) -> tuple[frozenset[str], bool]:
    """The keywords of those attributes of an answer that are not blank, and whether it says that the patient's identity
    was removed. What they say is forgotten here."""
    try:
        read = decode_identifier(answer, uids.IMPLICIT_VR_LITTLE_ENDIAN)
    except PeerViolation:
        return frozenset(), False
    present = {keyword for tag, keyword in _TAGS.items() if (text := read.get(tag)) and str(text).strip(" ^=\0\\")}
    return frozenset(present), read.get(_IDENTITY_REMOVED) == "YES"
