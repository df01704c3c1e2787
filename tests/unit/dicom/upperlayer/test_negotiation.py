"""Negotiation is a pure function: what was proposed, what is offered, what comes of it, seen from both ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.pair import CT_IMAGE_STORAGE, EXPLICIT, IMPLICIT, OFFER, VERIFICATION, a_request
from helpers.pdus import requests
from leadglass.dicom.upperlayer import (
    AssociateRq,
    ContextResult,
    ExtendedNegotiation,
    NegotiatedContext,
    NegotiationResult,
    OfferedSyntax,
    ProposedContext,
    RoleSelection,
    UserInformation,
    decode_pdu,
    encode_pdu,
    established_contexts,
    negotiate,
)
from leadglass.dicom.upperlayer.negotiation import MIN_PEER_PDU_LENGTH, violation_of_request
from leadglass.terms.errors import PeerViolation
from leadglass.terms.evidence import UserIdentity

PRIVATE = "1.2.3.4.5"
JPEG = "1.2.840.10008.1.2.4.50"


def proposing(*contexts: ProposedContext, **information: object) -> AssociateRq:
    user_information = replace(a_request().user_information, **information)  # type: ignore[arg-type]
    return a_request(contexts=contexts, user_information=user_information)


def with_roles(*roles: RoleSelection) -> AssociateRq:
    return proposing(ProposedContext(1, CT_IMAGE_STORAGE, (IMPLICIT,)), roles=roles)


def test_each_context_gets_its_own_answer() -> None:
    request = proposing(
        ProposedContext(1, VERIFICATION, (IMPLICIT,)),
        ProposedContext(3, CT_IMAGE_STORAGE, (JPEG, IMPLICIT, EXPLICIT)),
        ProposedContext(5, CT_IMAGE_STORAGE, (JPEG,)),
        ProposedContext(7, PRIVATE, (IMPLICIT,)),
        ProposedContext(9, VERIFICATION, ()),
    )
    negotiation = negotiate(request, OFFER)
    assert negotiation.accept.contexts == (
        ContextResult(1, NegotiationResult.ACCEPTANCE, IMPLICIT),
        ContextResult(3, NegotiationResult.ACCEPTANCE, EXPLICIT),  # the one we like best of those proposed
        ContextResult(5, NegotiationResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, JPEG),
        ContextResult(7, NegotiationResult.ABSTRACT_SYNTAX_NOT_SUPPORTED, IMPLICIT),
        ContextResult(9, NegotiationResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, IMPLICIT),
    )
    assert negotiation.contexts == {
        1: NegotiatedContext(1, VERIFICATION, IMPLICIT, we_are_scu=False, we_are_scp=True),
        3: NegotiatedContext(3, CT_IMAGE_STORAGE, EXPLICIT, we_are_scu=False, we_are_scp=True),
    }


def test_any_transfer_syntax_takes_what_the_requestor_names_first() -> None:
    request = proposing(ProposedContext(1, PRIVATE, (JPEG, IMPLICIT)))
    assert negotiate(request, {PRIVATE: OfferedSyntax(None)}).contexts[1].transfer_syntax == JPEG


@pytest.mark.parametrize(
    ("proposed", "peer_may_be_scu", "peer_may_be_scp", "answered", "ours"),
    [
        # the requestor's (scu, scp), what we grant, the answer's (scu, scp), our (scu, scp) or None if rejected
        (None, True, True, None, (False, True)),
        ((True, True), True, True, (True, True), (True, True)),
        ((False, True), True, True, (False, True), (True, False)),  # C-GET
        ((True, True), True, False, (True, False), (False, True)),
        ((False, True), True, False, (False, False), None),
        ((True, False), True, True, (True, False), (False, True)),
        ((False, False), True, True, (False, False), None),
        ((True, True), False, True, (False, True), (True, False)),
        (None, False, True, None, None),
    ],
)
def test_roles(
    proposed: tuple[bool, bool] | None,
    peer_may_be_scu: bool,
    peer_may_be_scp: bool,
    answered: tuple[bool, bool] | None,
    ours: tuple[bool, bool] | None,
) -> None:
    request = with_roles(*([RoleSelection(CT_IMAGE_STORAGE, *proposed)] if proposed else []))
    offer = {CT_IMAGE_STORAGE: OfferedSyntax((IMPLICIT,), peer_may_be_scu, peer_may_be_scp)}
    negotiation = negotiate(request, offer)
    wanted = (RoleSelection(CT_IMAGE_STORAGE, *answered),) if answered else ()
    assert negotiation.accept.user_information.roles == wanted
    context = negotiation.contexts.get(1)
    assert (context and (context.we_are_scu, context.we_are_scp)) == ours
    if ours is None:
        assert negotiation.accept.contexts[0].result == NegotiationResult.USER_REJECTION
        assert established_contexts(request, negotiation.accept) == {}
    else:  # the other end comes to the same, the other way round
        theirs = established_contexts(request, negotiation.accept)[1]
        assert (theirs.we_are_scp, theirs.we_are_scu) == ours


def test_roles_of_what_we_do_not_offer_get_no_answer() -> None:
    assert negotiate(with_roles(RoleSelection(PRIVATE, True, True)), OFFER).accept.user_information.roles == ()


def test_of_two_proposals_for_one_class_the_first_counts() -> None:
    request = with_roles(RoleSelection(CT_IMAGE_STORAGE, True, False), RoleSelection(CT_IMAGE_STORAGE, True, True))
    negotiation = negotiate(request, OFFER)
    assert negotiation.accept.user_information.roles == (RoleSelection(CT_IMAGE_STORAGE, True, False),)
    assert not established_contexts(request, negotiation.accept)[1].we_are_scp
    turned = with_roles(RoleSelection(CT_IMAGE_STORAGE, False, True), RoleSelection(CT_IMAGE_STORAGE, True, False))
    assert established_contexts(turned, negotiate(turned, OFFER).accept)[1].we_are_scp


@pytest.mark.parametrize(
    ("asked", "ours"),
    [
        ((), (True, False)),
        ((False, True), (False, True)),
        ((True, False), (True, False)),
        ((False, False), (False, False)),
    ],
)
def test_roles_that_were_not_asked_for_are_not_taken(asked: tuple[bool, ...], ours: tuple[bool, bool]) -> None:
    """An acceptor that grants both roles, whatever was proposed."""
    request = with_roles(*([RoleSelection(CT_IMAGE_STORAGE, *asked)] if asked else []))
    accept = negotiate(with_roles(), OFFER).accept
    granted = replace(accept.user_information, roles=(RoleSelection(CT_IMAGE_STORAGE, True, True),))
    context = established_contexts(request, replace(accept, user_information=granted))[1]
    assert (context.we_are_scu, context.we_are_scp) == ours


def test_user_information_of_the_answer() -> None:
    asked = UserInformation(
        async_window=(0, 0),
        extended=(ExtendedNegotiation(VERIFICATION, b"\1"), ExtendedNegotiation(CT_IMAGE_STORAGE, b"\1")),
        user_identity=UserIdentity(1, b"ann", b"", response_requested=True),
    )
    offer = {VERIFICATION: OfferedSyntax(extended_answer=b"\0"), CT_IMAGE_STORAGE: OfferedSyntax()}
    negotiation = negotiate(a_request(user_information=asked), offer, 5000, identity_response=b"hello")
    answer = negotiation.accept.user_information
    assert answer.max_pdu_length == 5000
    assert answer.implementation_class_uid
    assert answer.implementation_version_name
    assert answer.async_window == (1, 1)
    assert answer.extended == (ExtendedNegotiation(VERIFICATION, b"\0"),)
    assert answer.identity_response == b"hello"


def test_what_was_not_asked_for_is_not_answered() -> None:
    answer = negotiate(a_request(), OFFER, identity_response=b"hello").accept.user_information
    assert (answer.async_window, answer.identity_response, answer.roles, answer.extended) == (None, None, (), ())


def test_the_titles_are_returned_as_they_came() -> None:
    request = a_request()
    accept = negotiate(request, {}).accept
    assert (accept.called_ae_title, accept.calling_ae_title) == (request.called_ae_title, request.calling_ae_title)


@pytest.mark.parametrize(
    ("changes", "reject"),
    [
        ({"protocol_version": 0}, (1, 2, 2)),
        ({"protocol_version": 2}, (1, 2, 2)),
        ({"application_context": "1.2.3"}, (1, 1, 2)),
        ({"application_context": ""}, (1, 1, 2)),
        ({"user_information": UserInformation(max_pdu_length=MIN_PEER_PDU_LENGTH - 1)}, (1, 3, 2)),
    ],
)
def test_requests_no_acceptor_could_serve(changes: dict[str, object], reject: tuple[int, int, int]) -> None:
    violation = violation_of_request(a_request(**changes))
    assert violation is not None
    assert violation.answer.reject == reject


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"protocol_version": 0xFFFF},  # only bit 0 is tested
        {"protocol_version": 3},
        {"user_information": UserInformation(max_pdu_length=0)},
        {"user_information": UserInformation(max_pdu_length=MIN_PEER_PDU_LENGTH)},
    ],
)
def test_requests_that_can_be_served(changes: dict[str, object]) -> None:
    assert violation_of_request(a_request(**changes)) is None


def test_an_answer_that_accepts_what_was_not_proposed() -> None:
    accept = replace(negotiate(a_request(), OFFER).accept, contexts=(ContextResult(1, 0, JPEG),))
    with pytest.raises(PeerViolation, match="not proposed"):
        established_contexts(a_request(), accept)


def test_an_acceptor_that_takes_next_to_nothing_at_a_time() -> None:
    assert established_contexts(a_request(), negotiate(a_request(), OFFER, MIN_PEER_PDU_LENGTH).accept)
    accept = negotiate(a_request(), OFFER, MIN_PEER_PDU_LENGTH - 1).accept
    with pytest.raises(PeerViolation, match="too small"):
        established_contexts(a_request(), accept)


def test_results_for_strange_ids_and_strange_results_establish_nothing() -> None:
    contexts = (ContextResult(1, 77, IMPLICIT), ContextResult(99, 0, IMPLICIT))
    accept = replace(negotiate(a_request(), OFFER).accept, contexts=contexts)
    assert established_contexts(a_request(), accept) == {}


@given(requests, st.data())
def test_both_ends_always_come_to_the_same(request_: AssociateRq, draw: st.DataObject) -> None:
    syntaxes = [context.abstract_syntax for context in request_.contexts]
    known = draw.draw(st.lists(st.sampled_from(syntaxes), unique=True)) if syntaxes else []
    offered = st.builds(OfferedSyntax, st.none(), st.booleans(), st.booleans())
    negotiation = negotiate(request_, {syntax: draw.draw(offered) for syntax in known})
    assert decode_pdu(encode_pdu(negotiation.accept)) == negotiation.accept
    assert len(negotiation.accept.contexts) == len(request_.contexts)
    mirrored = {
        number: NegotiatedContext(number, one.abstract_syntax, one.transfer_syntax, one.we_are_scp, one.we_are_scu)
        for number, one in established_contexts(request_, negotiation.accept).items()
    }
    assert mirrored == negotiation.contexts
