"""The DICOM probe: is it spoken, is a stranger let in, would he be served, how much is there, of which kinds.

    level 1   one association with Verification, between a made-up AE title and ours
    level 2   one association with everything, and a question to each service; another one after each abort;
              if a stranger is refused, perhaps one under a made-up user name (`dicom_identity.py`)
    level 3   counts (`dicom_census.py`)
    level 4   kinds (`dicom_kinds.py`)

AE title and user name are without meaning: neither is anybody's.
"""

from __future__ import annotations

from typing import Final

from leadglass.net.conversing import Ending, TlsOffer
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Sighting, Verdict
from leadglass.survey.probe import Caller, Chance, Probe
from leadglass.survey.probes.dicom_census import census
from leadglass.survey.probes.dicom_identity import show_a_user_name
from leadglass.survey.probes.dicom_kinds import look_for_kinds
from leadglass.survey.probes.dicom_questions import Question, questions
from leadglass.survey.probes.dicom_sighting import sighting_of
from leadglass.survey.probes.dicom_talk import AccessTalk, Asking, EchoTalk
from leadglass.survey.probes.dicom_verdicts import ANSWERS_WITHOUT_MATCHING
from leadglass.survey.probes.dicom_visit import Calls, Visit
from leadglass.survey.probes.handshake import HandshakeTalk
from leadglass.survey.target import Target

__all__ = ["dicom"]

_AE_TITLE: Final = 12  # letters and digits of the one we call
_NO_CONNECTION: Final = frozenset({Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE})
_BROKEN: Final = frozenset({Ending.RESET, Ending.HUNG_UP})
_MAX_ASSOCIATIONS: Final = 6  # for the questions of level 2: one each, if every single one is met with an abort


def dicom(target: Target, caller: Caller, chance: Chance) -> Probe:
    """The prober of `Service.DICOM`."""
    visit = Visit(target, caller, chance.word(_AE_TITLE))
    asked = questions(caller, chance) if target.level >= Level.ACCESS else ()
    yield from visit.ask(_talk(visit, asked))
    if visit.ending in _NO_CONNECTION:
        return Sighting(ending=visit.ending)
    if visit.talk.language == "TLS" or not visit.talk.has_heard:
        yield from _try_tls(visit, asked)
    if asked and visit.talk.accept is None and _was_broken_off(visit):  # perhaps it was the size of our request
        yield from visit.ask(_talk(visit, ()))
    yield from _ask_on(visit)
    named = (yield from show_a_user_name(visit)) if asked else None
    if target.level >= Level.COUNTS and _can_count(visit):
        yield from census(visit, chance)
        if target.level >= Level.KINDS:
            yield from look_for_kinds(visit)
    return sighting_of(visit, named)


def _talk(visit: Visit, asked: tuple[Question, ...]) -> Asking:
    if asked:
        return AccessTalk(visit.called_ae_title, visit.caller, asked)
    return EchoTalk(visit.called_ae_title, visit.caller)


def _try_tls(visit: Visit, asked: tuple[Question, ...]) -> Calls:
    """What TLS it takes: that of today, and that which was retired."""
    visit.tls = TlsOffer.MODERN
    yield from visit.ask(_talk(visit, asked))
    if visit.ending is Ending.TLS_FAILED:
        visit.tls = TlsOffer.RETIRED
        yield from visit.ask(_talk(visit, asked))
    elif visit.ending not in _NO_CONNECTION:
        yield from visit.call(HandshakeTalk(), TlsOffer.RETIRED)
    if not any(handshake.version for handshake in visit.handshakes):
        visit.tls = None


def _was_broken_off(visit: Visit) -> bool:
    talk = visit.talks[-1]
    if talk.association:
        return talk.association == "aborted"
    ending = visit.outcomes[0].ending if visit.tls is None else visit.ending
    return ending in _BROKEN


def _ask_on(visit: Visit) -> Calls:
    """The questions that were not put because a peer broke the association off at an earlier one."""
    talk = visit.talk
    for _ in range(_MAX_ASSOCIATIONS):
        is_liar = any(done.code == ANSWERS_WITHOUT_MATCHING for done in talk.tries)
        if talk.accept is None or not talk.unasked or is_liar or talk.fault:
            return
        if visit.ending not in (Ending.OVER, Ending.HUNG_UP, Ending.RESET):
            return
        talk = AccessTalk(visit.called_ae_title, visit.caller, talk.unasked)
        yield from visit.ask(talk)


def _can_count(visit: Visit) -> bool:
    """Whether it answers a C-FIND, and by what was asked for."""
    return any(
        done.act is Act.QUERY and done.verdict is Verdict.OPEN and done.code != ANSWERS_WITHOUT_MATCHING
        for done in visit.tries
    )
