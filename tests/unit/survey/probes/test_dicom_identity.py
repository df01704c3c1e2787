"""Invariant: one made-up user name, without a passcode, and only where it can tell whether identity is demanded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.surveying import CALLER, Played, local, play_in_memory, replay
from leadglass.dicom.upperlayer import Abort, AssociateRj, AssociateRq, Pdu, decode_pdu, encode_pdu
from leadglass.dicom.upperlayer.pdu import PduType
from leadglass.range.law import Law
from leadglass.range.manner import HangUp
from leadglass.range.manners import dicom_products as products
from leadglass.range.manners.dicom import DicomManner, DicomSite
from leadglass.range.manners.dicom_admitting import Admitting
from leadglass.range.manners.dicom_conduct import Conduct
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, DicomFacts, Verdict
from leadglass.survey.probes.dicom import dicom
from leadglass.survey.probes.dicom_identity import IdentityTalk, user_name
from leadglass.survey.probes.dicom_request import USER_NAME_LENGTH

NAME = "N" * USER_NAME_LENGTH
SITE = DicomSite(name="127.1.0.1", admitting=Admitting(products.IDENTITY_ANY))


class Refusing(DicomManner):
    """Says this to whoever shows no user name."""

    def __init__(self, law: Law, answer: Pdu) -> None:
        super().__init__(law, SITE)
        self.answer = encode_pdu(answer)

    def received(self, data: bytes):  # type: ignore[no-untyped-def]
        if data[0] == PduType.ASSOCIATE_RQ:
            request = decode_pdu(data)
            assert isinstance(request, AssociateRq)
            if request.user_information.user_identity is None:
                return (self.answer, HangUp())
        return super().received(data)


def entered(played: Played) -> tuple[Verdict, str]:
    (entering,) = (done for done in played.sighting.tries if done.how == "A-ASSOCIATE" and done.act is Act.ENTER)
    return entering.verdict, entering.code


def facts_of(played: Played) -> DicomFacts:
    assert isinstance(played.sighting.facts, DicomFacts)
    return played.sighting.facts


def named(played: Played) -> int:
    """How often a user name was shown."""
    return sum(call.talk.kind == "dicom identity" for call, _, _ in played.calls)


def test_the_request_shows_one_name_and_no_passcode() -> None:
    request = decode_pdu(IdentityTalk("RANDOM", CALLER, NAME).begin())
    assert isinstance(request, AssociateRq)
    identity = request.user_information.user_identity
    assert identity is not None
    assert (identity.kind, identity.primary, identity.secondary) == (1, NAME.encode(), b"")
    assert identity.response_requested
    assert len(request.contexts) == 1


@pytest.mark.parametrize(
    ("conduct", "demands", "answers", "names", "entering"),
    [
        (products.DCM4CHEE, False, None, 0, (Verdict.OPEN, "")),
        (products.ORTHANC, False, None, 0, (Verdict.OPEN, "")),
        (products.IDENTITY_ANSWERING, False, None, 0, (Verdict.OPEN, "")),
        (products.IDENTITY_ANY, True, True, 1, (Verdict.OPEN, "any user name")),
        (replace(products.IDENTITY_ANY, answers_user_identity=False), True, False, 1, (Verdict.OPEN, "any user name")),
        (products.IDENTITY_DEMANDING, None, None, 1, (Verdict.CLOSED, "rejected 1/1/1")),
    ],
)
@pytest.mark.parametrize("portion", [1, 1 << 16])
def test_what_it_tells(
    conduct: Conduct,
    demands: bool | None,
    answers: bool | None,
    names: int,
    entering: tuple[Verdict, str],
    portion: int,
) -> None:
    law, whom = Law(), local(104, Level.ACCESS)
    played = play_in_memory(dicom, whom, DicomSite(name="x", admitting=Admitting(conduct)), law, portion)
    facts = facts_of(played)
    assert (facts.demands_user_identity, facts.answers_user_identity, entered(played)) == (demands, answers, entering)
    assert named(played) == names == law.asked[2, "user identity without a passcode"]
    assert law.above(2) == {}
    assert replay(dicom, played, whom) == played.sighting


def test_a_system_sees_one_name_at_all_its_doors_and_each_time() -> None:
    law = Law()
    for port in (104, 11112, 104):
        play_in_memory(dicom, local(port, Level.ACCESS), SITE, law)
    assert law.asked[2, "user identity without a passcode"] == 3
    assert law.above(2) == {}
    assert user_name(CALLER, "192.0.2.1") != user_name(CALLER, "192.0.2.2")


def test_at_level_1_no_name_is_shown() -> None:
    law = Law()
    played = play_in_memory(dicom, local(104, Level.PRESENCE), SITE, law)
    assert facts_of(played).demands_user_identity is facts_of(played).answers_user_identity is None
    assert law.above(1) == {}


def test_who_lets_in_any_user_name_says_what_it_is() -> None:
    facts = facts_of(play_in_memory(dicom, local(104, Level.ACCESS), SITE, Law()))
    assert facts.reject == (1, 1, 1)
    assert facts.checks_ae_titles is False
    assert facts.implementation_version_name == products.IDENTITY_ANY.implementation_version_name


@pytest.mark.parametrize("refusal", [AssociateRj(1, 1, 1), AssociateRj(1, 2, 1), AssociateRj(2, 2, 1), Abort(2, 0)])
def test_a_refusal_that_gives_no_reason_may_be_for_want_of_a_name(refusal: Pdu) -> None:
    played = play_in_memory(dicom, local(104, Level.ACCESS), lambda law: Refusing(law, refusal), Law())
    assert facts_of(played).demands_user_identity is True
    assert named(played) == 1


@pytest.mark.parametrize(
    "refusal",
    [AssociateRj(1, 1, 2), AssociateRj(1, 1, 3), AssociateRj(1, 1, 7), AssociateRj(2, 3, 1), AssociateRj(2, 3, 2)],
)
def test_a_refusal_that_says_why_is_believed(refusal: Pdu) -> None:
    played = play_in_memory(dicom, local(104, Level.ACCESS), lambda law: Refusing(law, refusal), Law())
    assert facts_of(played).demands_user_identity is None
    assert named(played) == 0
