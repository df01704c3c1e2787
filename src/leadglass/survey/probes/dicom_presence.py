"""The conversation of level 4: which attributes of a patient a few records have filled in, and never with what.

One question for each study, by its UID: no more studies are answered than were asked for. A value lives in one
function, `filled_in`, which looks whether it is blank. Nothing is transcribed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from leadglass.dicom import uids
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CFindRq
from leadglass.dicom.dimse.statuses import is_pending
from leadglass.dicom.identifier import decode_identifier, encode_identifier
from leadglass.survey.conversation import Talk
from leadglass.survey.level import Level
from leadglass.survey.personal_data import kinds_of_fields
from leadglass.survey.probe import Caller
from leadglass.survey.probes.dicom_association import ABORT, RELEASE, AssociationTalk
from leadglass.survey.probes.dicom_reading import Command
from leadglass.survey.probes.dicom_request import Proposal
from leadglass.survey.probes.personal_attributes import IDENTITY_REMOVED, PERSONAL
from leadglass.terms.ceilings import MAX_IDENTIFIER_COUNTED
from leadglass.terms.errors import PeerViolation

__all__ = ["PresenceTalk"]

_LEVEL, _UID = 0x00080052, 0x0020000D
_ONE_STUDY: Final = Proposal(((uids.STUDY_ROOT_FIND, (uids.IMPLICIT_VR_LITTLE_ENDIAN,)),))
"""Unlike a count's: PDUs in which there is no room for many answers."""
_CONTEXT_ID: Final = 1
_MESSAGE_ID: Final = 1
_FIND: Final = encode_command(CFindRq(message_id=_MESSAGE_ID, affected_sop_class_uid=uids.STUDY_ROOT_FIND))
_RESPONSE: Final = 0x8000


class PresenceTalk(AssociationTalk):
    """Looks at the studies with these UIDs, one after another."""

    kind: ClassVar[str] = "dicom presence"
    level: ClassVar[Level] = Level.KINDS

    def __init__(self, called_ae_title: str, caller: Caller, study_uids: Sequence[str]) -> None:
        super().__init__(called_ae_title, caller, _ONE_STUDY)
        self.ceiling = Talk.ceiling + len(study_uids) * MAX_IDENTIFIER_COUNTED
        self.present: frozenset[str] = frozenset()
        """Keywords of attributes that had a value in one of the records."""
        self.is_deidentified = False
        self.looked_at = 0
        """Answers that were read, or begun."""
        self._unasked = list(reversed(study_uids))  # the next one last
        self._is_asked = False
        self._is_answered = False
        self._data = b""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the attributes present."""
        return kinds_of_fields(self.present)

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {
            "present": " ".join(sorted(self.present)),
            "is_deidentified": self.is_deidentified,
            "looked_at": self.looked_at,
        }

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.present = frozenset(str(tally["present"]).split())
        self.is_deidentified = bool(tally["is_deidentified"])
        self.looked_at = int(tally.get("looked_at", 0))

    def established(self) -> bytes:
        assert self.accept is not None
        if not self.accept.granted:
            self._unasked.clear()
        return self._next()

    def commanded(self, context_id: int, command: Command) -> bytes:
        if not self._is_asked or context_id != _CONTEXT_ID or not command.field & _RESPONSE:
            return self.violated("a message that nobody asked for")
        if not is_pending(command.status):
            return self._next()
        if self._is_answered:  # it answers more than the study that was asked for: not a byte of it is looked at
            self.is_over = True
            return ABORT
        self._is_answered = True
        self.looked_at += 1
        return b""

    def informed(self, data: bytes, *, is_last: bool) -> None:
        self._data += data[: MAX_IDENTIFIER_COUNTED - len(self._data)]
        if is_last:
            present, is_deidentified = filled_in(self._data)
            self._data = b""
            self.present |= present
            self.is_deidentified = self.is_deidentified or is_deidentified

    def broken_off(self, code: str) -> None:  # noqa: ARG002 - however it was
        self._data = b""

    def _next(self) -> bytes:
        """Asks for the next study, or takes leave."""
        self._is_asked = bool(self._unasked)
        self._is_answered = False
        if not self._unasked:
            return RELEASE
        keys = {_LEVEL: "STUDY", _UID: self._unasked.pop(), **dict.fromkeys(PERSONAL, ""), IDENTITY_REMOVED: ""}
        return self.framed(_CONTEXT_ID, _FIND, encode_identifier(keys, uids.IMPLICIT_VR_LITTLE_ENDIAN))


def filled_in(answer: bytes) -> tuple[frozenset[str], bool]:
    """The keywords of those attributes of an answer that are not blank, and whether it says that the patient's identity
    was removed. What they say is forgotten here."""
    try:
        read = decode_identifier(answer, uids.IMPLICIT_VR_LITTLE_ENDIAN)
    except PeerViolation:
        return frozenset(), False
    present = {keyword for tag, keyword in PERSONAL.items() if (text := read.get(tag)) and str(text).strip(" ^=\0\\")}
    return frozenset(present), read.get(IDENTITY_REMOVED) == "YES"
