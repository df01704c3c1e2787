"""What a visit amounts to: tries, facts, software."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leadglass.survey.fingerprint import software_of
from leadglass.survey.observation import Act, DicomFacts, Sighting, Try, Verdict
from leadglass.survey.probes.dicom_association import AssociationTalk
from leadglass.survey.probes.dicom_reading import Acceptance
from leadglass.survey.probes.dicom_request import TAKEN_BACK
from leadglass.survey.probes.dicom_signs import signs_of
from leadglass.survey.probes.dicom_talk import Asking
from leadglass.survey.probes.dicom_visit import Visit

__all__ = ["sighting_of"]

_CALLING_AE_TITLE, _CALLED_AE_TITLE = 3, 7  # reasons of a service-user that tell which name it did not know
_TRANSIENT: Final = 2
_ANY_USER_NAME: Final = "any user name"


def sighting_of(visit: Visit, named: AssociationTalk | None = None) -> Sighting:
    """The whole of it. `named` is the association on which a user name was shown, if one was."""
    talk = visit.talk
    facts = _facts(talk, named.accept if named else None)
    tries = tuple(_tries(visit, talk, facts))
    return Sighting(
        ending=visit.outcomes[0].ending,
        tries=tries,
        facts=facts,
        software=software_of(facts.implementation_class_uid, facts.implementation_version_name, tries),
        counts=visit.counts,
        kinds=visit.kinds,
        signs=(*signs_of(facts, visit.target.port), *visit.signs),
        handshakes=visit.handshakes,
        speaks_tls=_speaks_tls(visit),
    )


def _speaks_tls(visit: Visit) -> bool | None:
    """None if it said nothing at all."""
    if any(handshake.version for handshake in visit.handshakes):
        return True
    if any(talk.language == "TLS" for talk in visit.talks):
        return True
    return False if any(talk.has_heard for talk in visit.talks) else None


def _facts(talk: Asking, named: Acceptance | None) -> DicomFacts:
    accept = talk.accept or named
    information = accept.information if accept else None
    return DicomFacts(
        association=talk.association,
        reject=talk.reject,
        abort=talk.abort,
        checks_ae_titles=_checks_ae_titles(talk, accept),
        demands_user_identity=talk.accept is None if accept and accept.granted else None,
        answers_user_identity=named.information.identity_response is not None if named else None,
        implementation_class_uid=information.implementation_class_uid if information else "",
        implementation_version_name=information.implementation_version_name if information else "",
        max_pdu_length=information.max_pdu_length if information else None,
        storage=talk.accept.storage if talk.accept else (),
        query_classes=talk.accept.query_classes if talk.accept else (),
    )


def _checks_ae_titles(talk: Asking, accept: Acceptance | None) -> bool | None:
    if talk.reject and accept is None:
        _, source, reason = talk.reject
        return True if source == 1 and reason in (_CALLING_AE_TITLE, _CALLED_AE_TITLE) else None
    return False if accept and accept.granted else None


def _tries(visit: Visit, talk: Asking, facts: DicomFacts) -> Iterator[Try]:
    how = "A-ASSOCIATE"
    if not talk.association:
        is_other = bool(talk.language)
        yield Try(
            act=Act.SPEAK,
            how=how,
            verdict=Verdict.NOT_OFFERED if is_other else Verdict.UNCLEAR,
            code=talk.language or talk.fault or str(visit.outcomes[0].ending),
        )
        return
    yield Try(act=Act.SPEAK, how=how, verdict=Verdict.OPEN)
    if facts.demands_user_identity:
        yield Try(act=Act.ENTER, how=how, verdict=Verdict.OPEN, code=_ANY_USER_NAME)
    elif talk.reject:
        verdict = Verdict.UNCLEAR if talk.reject[0] == _TRANSIENT else Verdict.CLOSED
        yield Try(act=Act.ENTER, how=how, verdict=verdict, code="rejected {}/{}/{}".format(*talk.reject))
    elif talk.accept is None:
        code = "aborted {}/{}".format(*talk.abort) if talk.abort else ""
        yield Try(act=Act.ENTER, how=how, verdict=Verdict.CLOSED, code=code)
    else:
        yield Try(act=Act.ENTER, how=how, verdict=Verdict.OPEN if talk.granted else Verdict.UNCLEAR)
        yield from visit.tries
        if len(talk.proposal.contexts) > 1:
            yield Try(act=Act.WRITE, how="C-STORE", verdict=_write(facts))


def _write(facts: DicomFacts) -> Verdict:
    """Whether it would take images: it granted a storage class for which nothing but that was asked for."""
    takes = any(context.abstract_syntax not in TAKEN_BACK for context in facts.storage)
    return Verdict.OPEN if takes else Verdict.NOT_OFFERED
