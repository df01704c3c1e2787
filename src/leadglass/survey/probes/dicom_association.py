"""The survey's side of an association: asked for, used, released (PS3.8). What is said on it, subclasses know.

Leaner than `dicom.upperlayer.Association`, because it is the hot path: it is never an acceptor, keeps no timers, and
takes PDUs whole, as answers to our questions are short.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Final

from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.upperlayer import Abort, AbortSource, ReleaseRp, ReleaseRq, encode_pdu
from leadglass.dicom.upperlayer.pdu import PduType
from leadglass.survey.conversation import Said, Talk
from leadglass.survey.probe import Caller
from leadglass.survey.probes.dicom_evidence import reduced
from leadglass.survey.probes.dicom_reading import (
    LONGEST_SIGN,
    Acceptance,
    Command,
    acceptance_of,
    command_of,
    is_dicom,
    language_of,
)
from leadglass.survey.probes.dicom_request import Proposal, request
from leadglass.terms.ceilings import MAX_ASSOCIATE_PDU, MAX_COMMAND_SET
from leadglass.terms.errors import PeerViolation

__all__ = ["ABORT", "RELEASE", "AssociationTalk"]

RELEASE: Final = encode_pdu(ReleaseRq())
ABORT: Final = encode_pdu(Abort(AbortSource.SERVICE_USER))
_RELEASED: Final = encode_pdu(ReleaseRp())
_HEADER: Final = 6
_SHORT: Final = 10
_IS_COMMAND, _IS_LAST = 1, 2


class AssociationTalk(Talk):
    """One association with a peer that may be anything."""

    def __init__(self, called_ae_title: str, caller: Caller, proposal: Proposal, user_name: str = "") -> None:
        super().__init__()
        self.proposal = proposal
        self.association = ""  # "accepted", "rejected", "aborted", "" if it did not answer in DICOM
        self.accept: Acceptance | None = None
        self.reject: tuple[int, int, int] | None = None  # result, source, reason
        self.abort: tuple[int, int] | None = None  # source, reason
        self.language = ""  # which other one it speaks, if we know it
        self.fault = ""  # what it did that PS3.8 or PS3.7 forbids
        self.has_heard = False
        self._request = partial(request, called_ae_title, caller, proposal, user_name)  # kilobytes, for who is there
        self._buffer = b""
        self._taken = 0  # bytes of whole PDUs, or of another language's sign
        self._command = b""  # fragments of a command

    @abstractmethod
    def established(self) -> bytes:
        """The association was accepted. Returns what to say."""

    @abstractmethod
    def commanded(self, context_id: int, command: Command) -> bytes:
        """A whole command came. Returns what to say; sets `is_over` after `ABORT`."""

    def informed(self, data: bytes, *, is_last: bool) -> None:
        """A piece of a data set came."""

    def skimmed(self, buffer: bytes, at: int = 0) -> int:  # noqa: ARG002 - for those who override it
        """How far the buffer was read, in whole PDUs, by a quicker way than PDU by PDU."""
        return at

    def broken_off(self, code: str) -> None:
        """The association ended before its end; `code` is our word for how."""

    def begin(self) -> bytes:
        return self._request()

    def hung_up(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._taken = self._taken or len(self._buffer)  # less than any sign
            self.broken_off("no answer")

    def receive(self, data: bytes) -> bytes:
        if self.is_over or not data:
            return b""
        self.has_heard = True
        buffer = self._buffer + data if self._buffer else data
        if not self._taken and not is_dicom(buffer):
            return self._met_another_language(buffer)
        said, at, end = b"", self.skimmed(buffer), len(buffer)
        while end - at >= _HEADER and not self.is_over:
            until = at + _HEADER + int.from_bytes(buffer[at + 2 : at + _HEADER], "big")
            if until - at > MAX_ASSOCIATE_PDU:
                return said + self.violated("a PDU is longer than any we could have asked for")
            if until > end:
                break
            said += self._pdu(buffer[at:until])
            self._taken += until - at
            at = self.skimmed(buffer, until)
        self._buffer = buffer[at:]
        return said

    def framed(self, context_id: int, command: bytes, identifier: bytes | None) -> bytes:
        """A message as P-DATA-TF, in PDUs that the peer takes."""
        assert self.accept is not None
        try:
            return b"".join(frame_message(context_id, command, identifier, self.accept.information.max_pdu_length))
        except PeerViolation:
            return self.violated("a maximum length that leaves no room for data")

    def reduced(self, heard: bytes) -> bytes:
        """Without data sets, and without what of commands and of the acceptance does not decide."""
        return reduced(heard[: self._taken])

    def kept(self, said: Sequence[Said]) -> tuple[Said, ...]:
        """As PDUs may lie across turns, all that was heard is reduced at once."""
        whole, at, kept = self.reduced(b"".join([part.data for part in said if not part.by_us])), 0, []
        for part in said:
            if part.by_us:
                kept.append(part)
            elif heard := whole[at : at + len(part.data)]:
                kept.append(Said(by_us=False, data=heard))
                at += len(heard)
        return tuple(kept)

    def violated(self, rule: str) -> bytes:
        """The peer broke a rule: there is nothing more to say to it but A-ABORT."""
        self.fault = rule
        self.is_over = True
        self.broken_off(f"fault: {rule}")
        return ABORT

    def _met_another_language(self, first: bytes) -> bytes:
        self.language, sign = language_of(first)
        if self.language or len(first) >= LONGEST_SIGN:
            self._taken, self.is_over = sign, True
        self._buffer = first
        return b""

    def _pdu(self, pdu: bytes) -> bytes:
        kind = pdu[0]
        if kind == PduType.P_DATA_TF:
            return self._p_data(pdu) if self.accept else self.violated("P-DATA came before the association")
        if kind == PduType.ASSOCIATE_AC:
            if self.accept or not (accept := acceptance_of(pdu, self.proposal)):
                return self.violated("an A-ASSOCIATE-AC that cannot be read or came twice")
            self.association, self.accept = "accepted", accept
            return self.established()
        if len(pdu) != _SHORT:
            return self.violated("a PDU of a wrong type or length")
        self.is_over = True
        if kind == PduType.ASSOCIATE_RJ and not self.accept:
            self.association, self.reject = "rejected", (pdu[7], pdu[8], pdu[9])
        elif kind == PduType.ABORT:
            self.association, self.abort = self.association or "aborted", (pdu[8], pdu[9])
            self.broken_off(f"aborted {pdu[8]}/{pdu[9]}")
        elif kind == PduType.RELEASE_RQ:
            self.broken_off("released")
            return _RELEASED
        elif kind != PduType.RELEASE_RP:
            return self.violated("a PDU that has no place here")
        return b""

    def _p_data(self, pdu: bytes) -> bytes:
        said, at, end = b"", _HEADER, len(pdu)
        while at < end and not self.is_over:
            until = at + 4 + int.from_bytes(pdu[at : at + 4], "big")
            if until > end or until < at + _HEADER:
                return said + self.violated("a presentation data value does not fit its P-DATA-TF")
            if pdu[at + 5] & _IS_COMMAND:
                said += self._fragment(pdu[at + 4], pdu[at + _HEADER : until], pdu[at + 5] & _IS_LAST)
            else:
                self.informed(pdu[at + _HEADER : until], is_last=bool(pdu[at + 5] & _IS_LAST))
            at = until
        return said

    def _fragment(self, context_id: int, data: bytes, is_last: int) -> bytes:
        whole = self._command + data if self._command else data
        if len(whole) > MAX_COMMAND_SET:
            return self.violated("a command set without end")
        if not is_last:
            self._command = whole
            return b""
        self._command = b""
        command = command_of(whole)
        return self.commanded(context_id, command) if command else self.violated("a command set that cannot be read")
