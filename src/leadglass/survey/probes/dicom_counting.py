"""The conversation of level 3: how many studies, slice by slice of time, by nothing but their UIDs and sizes.

What is asked for: Study Instance UID and Number of Study Related Instances (0020,1208), restricted by Study Date. A UID
is an identifier still, so it is hashed as it is read; the bytes are never transcribed.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import ClassVar, Final

from leadglass.dicom import uids
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CCancelRq, CFindRq
from leadglass.dicom.dimse.statuses import StatusCategory, category_of, is_pending
from leadglass.dicom.identifier import encode_identifier
from leadglass.survey.level import Level
from leadglass.survey.probe import Caller
from leadglass.survey.probes.dicom_association import ABORT, RELEASE, AssociationTalk
from leadglass.survey.probes.dicom_count import Count
from leadglass.survey.probes.dicom_reading import Command
from leadglass.survey.probes.dicom_request import COUNTING
from leadglass.survey.probes.dicom_slices import Slice
from leadglass.terms.ceilings import (
    MAX_ANSWERS_AFTER_CANCEL,
    MAX_COUNTING_BYTES,
    MAX_IDENTIFIER_COUNTED,
    MAX_RECORDS_PER_ASSOCIATION,
)

__all__ = ["CountTalk"]

_LEVEL, _DATE, _TIME, _UID, _SIZE = 0x00080052, 0x00080020, 0x00080030, 0x0020000D, 0x00201208
_UID_TAG: Final = b"\x20\x00\x0d\x00"  # as it begins an element; no text holds it
_SIZE_TAG: Final = b"\x20\x00\x08\x12"
_ANSWER: Final = Struct(">BxIIBB")  # PDU type and length; item length, context id and control of its one PDV
_P_DATA_TF: Final = 4
_WHOLE_DATA: Final = 2  # the control of a data set in one piece
_WHOLE_COMMAND: Final = 3
_CONTEXT_ID: Final = 1
_MESSAGE_ID: Final = 1  # of every question, one at a time: all answers then begin with the same bytes
_FIND: Final = encode_command(CFindRq(message_id=_MESSAGE_ID, affected_sop_class_uid=uids.STUDY_ROOT_FIND))
_CANCEL: Final = encode_command(CCancelRq(message_id_being_responded_to=_MESSAGE_ID))
_RESPONSE: Final = 0x8000


class CountTalk(AssociationTalk):
    """One association's share of a count."""

    kind: ClassVar[str] = "dicom count"
    level: ClassVar[Level] = Level.COUNTS
    ceiling = MAX_COUNTING_BYTES

    def __init__(self, called_ae_title: str, caller: Caller, count: Count) -> None:
        super().__init__(called_ae_title, caller, COUNTING)
        self.count = count
        self._ends_at = count.records + MAX_RECORDS_PER_ASSOCIATION
        self._slice: Slice | None = None
        self._data = b""  # fragments of an answer
        self._heading = b"\0"  # the PDU before each answer; nothing begins like this, until one was seen
        self._settled: Mapping[str, int | bool | str] | None = None
        self._after_cancel: int | None = None  # answers since C-CANCEL was sent

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return self.count.tally if self._settled is None else self._settled

    def settle(self) -> None:
        """The connection is over: what was counted until now is its tally, whatever others add."""
        self._settled = dict(self.count.tally)

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.count.recall(tally)

    def established(self) -> bytes:
        assert self.accept is not None
        if not self.accept.granted:
            self.count.give_up("not offered")
        return self._next()

    def commanded(self, context_id: int, command: Command) -> bytes:
        done = self._slice
        if done is None or context_id != _CONTEXT_ID or not command.field & _RESPONSE:
            return self.violated("a message that nobody asked for")
        if is_pending(command.status):
            return self._cancel() if self.count.is_full else b""
        self._slice = None
        if self._after_cancel is not None:
            self.count.give_up()
        else:
            category = category_of(command.status)
            if category is not StatusCategory.SUCCESS:
                self.count.code = f"0x{command.status & 0xFFFF:04X}"
            self.count.end(done, is_complete=category is StatusCategory.SUCCESS)
        return self._next()

    def informed(self, data: bytes, *, is_last: bool) -> None:
        self._data += data[: MAX_IDENTIFIER_COUNTED - len(self._data)]
        if is_last:
            answer, self._data = self._data, b""
            if self._slice and self._after_cancel is None:
                self.count.add(_value(answer, _UID_TAG) or b"", _value(answer, _SIZE_TAG))

    def broken_off(self, code: str) -> None:
        self.count.code = code
        if self._after_cancel is not None:
            self.count.give_up()
        elif self._slice:
            self.count.end(self._slice, is_complete=False)

    def skimmed(self, buffer: bytes, at: int = 0) -> int:
        """The quick way over answers that look as nearly all do: a PDU with the command, a PDU with the data set."""
        heading, count, end = self._heading, self.count, len(buffer)
        skip = len(heading) + _ANSWER.size
        while end - at > skip and buffer.startswith(heading, at) and not count.is_full:
            kind, pdu_length, length, _, control = _ANSWER.unpack_from(buffer, at + skip - _ANSWER.size)
            until = at + skip + length - 2
            if kind != _P_DATA_TF or control != _WHOLE_DATA or pdu_length != length + 4 or until > end:
                break
            uid = buffer.find(_UID_TAG, at + skip, until - 4)
            if uid < 0:
                break
            value = uid + 8 + buffer[uid + 4]
            size = buffer.find(_SIZE_TAG, value, until - 4)
            count.add(buffer[uid + 8 : value], buffer[size + 8 : size + 8 + buffer[size + 4]] if size > 0 else None)
            at = until
        return at

    def _pdu(self, pdu: bytes) -> bytes:
        said = super()._pdu(pdu)
        is_pending_alone = self._slice and len(pdu) > 12 and pdu[0] == _P_DATA_TF and pdu[11] == _WHOLE_COMMAND
        if is_pending_alone and not said and int.from_bytes(pdu[6:10], "big") + 10 == len(pdu):
            self._heading = pdu
        return said

    def _next(self) -> bytes:
        if self.count.is_full and self.count.pending:
            self.count.give_up()
        if not self.count.pending or self.count.records >= self._ends_at:
            return RELEASE
        self._slice = self.count.begin()
        keys = {_DATE: self._slice.study_date, _LEVEL: "STUDY", _UID: "", _SIZE: ""}
        if self._slice.study_time:
            keys[_TIME] = self._slice.study_time
        return self.framed(_CONTEXT_ID, _FIND, encode_identifier(keys, uids.IMPLICIT_VR_LITTLE_ENDIAN))

    def _cancel(self) -> bytes:
        """The cap is reached: C-CANCEL, once, and the end if nobody listens to it."""
        if self._after_cancel is None:
            self._after_cancel = 0
            return self.framed(_CONTEXT_ID, _CANCEL, None)
        self._after_cancel += 1
        if self._after_cancel < MAX_ANSWERS_AFTER_CANCEL:
            return b""
        self.is_over = True
        self.count.give_up()
        return ABORT


def _value(answer: bytes, tag: bytes) -> bytes | None:
    at = answer.find(tag)
    return answer[at + 8 : at + 8 + answer[at + 4]] if 0 <= at < len(answer) - 8 else None
