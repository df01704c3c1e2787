"""Presentation data values → whole commands and pieces of data sets (PS3.7 §6.3, PS3.8 annex E).

A message is a command, in one or more fragments, then, if the command says so, a data set on the same presentation
context. Commands are collected (they are short and have a ceiling); data sets never are: their pieces go straight
through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from leadglass.dicom.dimse.decode import decode_command
from leadglass.dicom.dimse.messages import Message
from leadglass.terms.ceilings import MAX_COMMAND_FRAGMENTS, MAX_COMMAND_SET, MAX_EMPTY_FRAGMENTS
from leadglass.terms.errors import CeilingReached, PeerAnswer, PeerViolation

__all__ = ["CommandReceived", "DataEnded", "DataReceived", "MessageAssembler", "Part"]

_UNEXPECTED = PeerAnswer(abort_reason=5)  # unexpected PDU parameter (PS3.8 §9.3.8)
_INVALID = PeerAnswer(abort_reason=6)  # invalid PDU parameter value


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A whole command. If `message.has_data_set`, pieces of its data set follow, then `DataEnded`."""

    presentation_context_id: int
    message: Message


@dataclass(frozen=True, slots=True)
class DataReceived:
    """A piece of a data set: a view, valid as long as what was fed."""

    presentation_context_id: int
    data: memoryview = field(repr=False)


@dataclass(frozen=True, slots=True)
class DataEnded:
    """The data set of the last command is complete."""

    presentation_context_id: int


Part = CommandReceived | DataReceived | DataEnded


class MessageAssembler:
    """The receiving side of one association. After a PeerViolation it must not be fed again."""

    __slots__ = ("_awaits_data_on", "_command", "_command_context", "_command_fragments", "_empty_fragments")

    def __init__(self) -> None:
        self._command = bytearray()
        self._command_context: int | None = None  # a command is under way on this context
        self._command_fragments = 0
        self._awaits_data_on: int | None = None  # a command has announced a data set on this context
        self._empty_fragments = 0

    @property
    def is_between_messages(self) -> bool:
        """True if no message is half received."""
        return self._command_context is None and self._awaits_data_on is None

    def feed(
        self,
        presentation_context_id: int,
        is_command: bool,
        is_last: bool,
        data: memoryview,
        begins_pdv: bool = True,
    ) -> Sequence[Part]:
        """What this piece of a PDV completes or carries: nothing, a command, or data and perhaps its end.

        Raises PeerViolation, with the abort reason owed, if the piece has no place here.
        """
        if data:
            self._empty_fragments = 0
        elif not is_last:
            self._count_empty()
        if is_command:
            return self._feed_command(presentation_context_id, is_last, data, begins_pdv)
        return self._feed_data(presentation_context_id, is_last, data)

    def _feed_command(
        self, presentation_context_id: int, is_last: bool, data: memoryview, begins_pdv: bool
    ) -> Sequence[Part]:
        if self._awaits_data_on is not None:
            raise PeerViolation("a command came within a data set", answer=_UNEXPECTED, clause="PS3.7 §6.3")
        if self._command_context is None:
            if is_last and begins_pdv:  # the whole command in one piece: nearly always
                return self._command_ended(presentation_context_id, bytes(data))
            self._command_context = presentation_context_id
        elif self._command_context != presentation_context_id:
            raise PeerViolation(
                "a command changes its presentation context", answer=_UNEXPECTED, clause="PS3.8 §9.3.5.1"
            )
        self._collect(data, begins_pdv)
        if not is_last:
            return ()
        whole = bytes(self._command)
        self._command.clear()
        self._command_context = None
        self._command_fragments = 0
        return self._command_ended(presentation_context_id, whole)

    def _collect(self, data: memoryview, begins_pdv: bool) -> None:
        self._command_fragments += begins_pdv
        if self._command_fragments > MAX_COMMAND_FRAGMENTS:
            raise CeilingReached(
                "MAX_COMMAND_FRAGMENTS", MAX_COMMAND_FRAGMENTS, self._command_fragments, answer=_INVALID
            )
        length = len(self._command) + len(data)
        if length > MAX_COMMAND_SET:
            raise CeilingReached("MAX_COMMAND_SET", MAX_COMMAND_SET, length, answer=_INVALID)
        self._command += data

    def _command_ended(self, presentation_context_id: int, command: bytes) -> Sequence[Part]:
        message = decode_command(command)
        if message.has_data_set:
            self._awaits_data_on = presentation_context_id
        return (CommandReceived(presentation_context_id, message),)

    def _feed_data(self, presentation_context_id: int, is_last: bool, data: memoryview) -> Sequence[Part]:
        if self._awaits_data_on != presentation_context_id:
            what = "was announced" if self._awaits_data_on is None else "was announced on this presentation context"
            raise PeerViolation(f"data came where none {what}", answer=_UNEXPECTED, clause="PS3.7 §6.3")
        if not is_last:
            return (DataReceived(presentation_context_id, data),) if data else ()
        self._awaits_data_on = None
        ended = DataEnded(presentation_context_id)
        return (DataReceived(presentation_context_id, data), ended) if data else (ended,)

    def _count_empty(self) -> None:
        self._empty_fragments += 1
        if self._empty_fragments > MAX_EMPTY_FRAGMENTS:
            raise CeilingReached("MAX_EMPTY_FRAGMENTS", MAX_EMPTY_FRAGMENTS, self._empty_fragments, answer=_INVALID)
