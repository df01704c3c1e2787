"""The conversations of levels 1 and 2: associate, ask, release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from leadglass.dicom.dimse.statuses import is_pending
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Try, Verdict
from leadglass.survey.probe import Caller
from leadglass.survey.probes.dicom_association import ABORT, RELEASE, AssociationTalk
from leadglass.survey.probes.dicom_questions import ECHO, Question
from leadglass.survey.probes.dicom_reading import Command
from leadglass.survey.probes.dicom_request import ACCESS, PRESENCE, Proposal
from leadglass.survey.probes.dicom_verdicts import ANSWERS_WITHOUT_MATCHING, verdict_of

__all__ = ["AccessTalk", "Asking", "EchoTalk"]

_RESPONSE: Final = 0x8000


class Asking(AssociationTalk):
    """Asks one question after another, then releases."""

    def __init__(self, called_ae_title: str, caller: Caller, proposal: Proposal, questions: Sequence[Question]) -> None:
        super().__init__(called_ae_title, caller, proposal)
        self.tries: list[Try] = []
        self.unasked = list(questions)
        """Questions that were not put: the association ended before."""
        self.granted: Mapping[str, tuple[int, str]] = {}
        """Abstract syntax → presentation context id and transfer syntax it was granted."""
        self._question: Question | None = None

    def established(self) -> bytes:
        assert self.accept is not None
        self.granted = self.accept.granted
        return self._next()

    def commanded(self, context_id: int, command: Command) -> bytes:
        asked = self._question
        if asked is None or context_id != self.granted[asked.abstract_syntax][0]:
            return self.violated("a message that nobody asked for")
        if not command.field & _RESPONSE:  # an image is on its way to us: C-STORE within C-GET
            return self._stop_liar(asked)
        if command.responds_to != asked.message_id:
            return self.violated("an answer to another message")
        if is_pending(command.status):
            is_harmless = asked.how == "C-GET" and not command.has_data_set
            return b"" if is_harmless else self._stop_liar(asked)
        implementation = self.accept.information.implementation_class_uid if self.accept else ""
        verdict = verdict_of(asked.how, command.status, implementation)
        self._answered(Try(act=asked.act, how=asked.how, verdict=verdict, code=f"0x{command.status & 0xFFFF:04X}"))
        return self._next()

    def broken_off(self, code: str) -> None:
        if self._question:
            verdict = Verdict.CLOSED if code.startswith("aborted") else Verdict.UNCLEAR
            self._answered(Try(act=self._question.act, how=self._question.how, verdict=verdict, code=code))

    def _next(self) -> bytes:
        """The next question that was granted a context; without one, what was not offered, and A-RELEASE-RQ."""
        for question in self.unasked:
            if question.abstract_syntax in self.granted:
                return self._ask(question)
        names = {question.how: question.act for question in self.unasked}
        self.tries += [Try(act=act, how=how, verdict=Verdict.NOT_OFFERED) for how, act in names.items()]
        self.unasked.clear()
        return RELEASE

    def _ask(self, question: Question) -> bytes:
        self._question = question
        return self.framed(self.granted[question.abstract_syntax][0], question.command, question.identifier)

    def _answered(self, answer: Try) -> None:
        self.tries.append(answer)
        self._question = None
        self.unasked = [question for question in self.unasked if question.how != answer.how]

    def _stop_liar(self, asked: Question) -> bytes:
        """It hands out what was not asked for. Nothing of it is looked at, and no more of it is taken."""
        verdict = Verdict.UNCLEAR if asked.act is Act.ENTER else Verdict.OPEN
        self._answered(Try(act=asked.act, how=asked.how, verdict=verdict, code=ANSWERS_WITHOUT_MATCHING))
        self.is_over = True
        return ABORT


class EchoTalk(Asking):
    """Is DICOM spoken there, and is a stranger let in?"""

    kind: ClassVar[str] = "dicom echo"

    def __init__(self, called_ae_title: str, caller: Caller) -> None:
        super().__init__(called_ae_title, caller, PRESENCE, (ECHO,))


class AccessTalk(Asking):
    """Would it serve a stranger?"""

    kind: ClassVar[str] = "dicom access"
    level: ClassVar[Level] = Level.ACCESS

    def __init__(self, called_ae_title: str, caller: Caller, questions: Sequence[Question]) -> None:
        super().__init__(called_ae_title, caller, ACCESS, questions)
