"""Association negotiation as pure functions (PS3.8 §7.1.1, PS3.7 annex D.3).

`negotiate` is the acceptor's half: a request and an offer go in, the answer and the contexts it establishes
come out. `established_contexts` is the requestor's half: what an answer means for what we proposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from leadglass.dicom.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, IMPLICIT_VR_LITTLE_ENDIAN
from leadglass.dicom.upperlayer.items import (
    APPLICATION_CONTEXT,
    ContextResult,
    ExtendedNegotiation,
    NegotiationResult,
    ProposedContext,
    RoleSelection,
    UserInformation,
)
from leadglass.dicom.upperlayer.pdu import AssociateAc, AssociateRq
from leadglass.dicom.upperlayer.tlv import invalid
from leadglass.terms.ceilings import MAX_PDU_LENGTH_OFFERED
from leadglass.terms.errors import PeerAnswer, PeerViolation

__all__ = [
    "MIN_PEER_PDU_LENGTH",
    "NegotiatedContext",
    "Negotiation",
    "Offer",
    "OfferedSyntax",
    "established_contexts",
    "negotiate",
    "violation_of_request",
]


MIN_PEER_PDU_LENGTH = 128
"""A peer that takes only shorter P-DATA-TF than this would have us send mostly headers."""


@dataclass(frozen=True, slots=True)
class NegotiatedContext:
    """An accepted presentation context: what flows on it, in which form, and who plays which role."""

    presentation_context_id: int
    abstract_syntax: str
    transfer_syntax: str
    we_are_scu: bool
    we_are_scp: bool


@dataclass(frozen=True, slots=True)
class OfferedSyntax:
    """What an acceptor grants for one abstract syntax."""

    transfer_syntaxes: tuple[str, ...] | None = None
    """Ours, the one we like best first; None takes whatever the requestor names first."""
    peer_may_be_scu: bool = True
    peer_may_be_scp: bool = False
    """True where we may turn round and act as SCU towards the requestor: the storage classes of a C-GET."""
    extended_answer: bytes | None = None
    """Service class application information returned if the requestor asked for extended negotiation."""


Offer = Mapping[str, OfferedSyntax]
"""Abstract syntax → what we grant for it. One that is not in it is not supported."""


@dataclass(frozen=True, slots=True)
class Negotiation:
    """The answer to a request, and what it establishes: accepted contexts only, by id."""

    accept: AssociateAc
    contexts: dict[int, NegotiatedContext]


def violation_of_request(request: AssociateRq) -> PeerViolation | None:
    """Why no acceptor could serve this request, with the rejection owed to it (PS3.8 §9.3.4, AE-6); or None."""
    if not request.protocol_version & 1:
        return _unacceptable("the protocol version is not supported", (1, 2, 2), "PS3.8 §9.3.2")
    if request.application_context != APPLICATION_CONTEXT:
        return _unacceptable("the application context name is not supported", (1, 1, 2), "PS3.7 §A.2.1")
    if 0 < request.user_information.max_pdu_length < MIN_PEER_PDU_LENGTH:
        return _unacceptable("the maximum length received is too small to work with", (1, 3, 2), "PS3.8 §D.1")
    return None


def _unacceptable(what: str, reject: tuple[int, int, int], clause: str) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(reject=reject), clause=clause)


def negotiate(
    request: AssociateRq,
    offer: Offer,
    max_pdu_length: int = MAX_PDU_LENGTH_OFFERED,
    *,
    identity_response: bytes | None = None,
    implementation_class_uid: str = IMPLEMENTATION_CLASS_UID,
    implementation_version_name: str = IMPLEMENTATION_VERSION_NAME,
) -> Negotiation:
    """The acceptor's answer to `request`. Every proposed context gets a result; none accepted is still an answer.

    `max_pdu_length` is the longest P-DATA-TF we want to receive. `identity_response` is sent only if the
    requestor asked for one (PS3.7 §D.3.3.7.2). The operations window is always (1, 1): one operation at a time.
    """
    roles = dict(_answered_roles(request.user_information, offer))
    contexts: dict[int, NegotiatedContext] = {}
    results: list[ContextResult] = []
    for proposed in request.contexts:
        outcome = _judge(proposed, offer, roles)
        if isinstance(outcome, NegotiatedContext):
            contexts[outcome.presentation_context_id] = outcome
            results.append(ContextResult(outcome.presentation_context_id, 0, outcome.transfer_syntax))
        else:
            results.append(_rejected(proposed, outcome))
    asked = request.user_information
    identity = asked.user_identity
    answer = UserInformation(
        max_pdu_length=max_pdu_length,
        implementation_class_uid=implementation_class_uid,
        implementation_version_name=implementation_version_name,
        async_window=(1, 1) if asked.async_window is not None else None,
        roles=tuple(roles.values()),
        extended=tuple(_answered_extensions(asked, offer)),
        identity_response=identity_response if identity is not None and identity.response_requested else None,
    )
    accept = AssociateAc(
        called_ae_title=request.called_ae_title,
        calling_ae_title=request.calling_ae_title,
        contexts=tuple(results),
        user_information=answer,
        application_context=request.application_context,
    )
    return Negotiation(accept, contexts)


def _by_class(roles: Iterable[RoleSelection]) -> dict[str, RoleSelection]:
    """Both ends must read a repeated proposal the same way: the first one for a SOP class counts."""
    first: dict[str, RoleSelection] = {}
    for role in roles:
        first.setdefault(role.sop_class_uid, role)
    return first


def _answered_roles(asked: UserInformation, offer: Offer) -> Iterator[tuple[str, RoleSelection]]:
    """A role is granted only if it was proposed and we grant it (PS3.7 §D.3.3.4)."""
    for sop_class_uid, role in _by_class(asked.roles).items():
        offered = offer.get(sop_class_uid)
        if offered is not None:
            scu = role.scu and offered.peer_may_be_scu
            scp = role.scp and offered.peer_may_be_scp
            yield sop_class_uid, RoleSelection(sop_class_uid, scu, scp)


def _answered_extensions(asked: UserInformation, offer: Offer) -> Iterator[ExtendedNegotiation]:
    for extension in asked.extended:
        offered = offer.get(extension.sop_class_uid)
        if offered is not None and offered.extended_answer is not None:
            yield ExtendedNegotiation(extension.sop_class_uid, offered.extended_answer)


def _judge(
    proposed: ProposedContext, offer: Offer, roles: Mapping[str, RoleSelection]
) -> NegotiatedContext | NegotiationResult:
    offered = offer.get(proposed.abstract_syntax)
    if offered is None:
        return NegotiationResult.ABSTRACT_SYNTAX_NOT_SUPPORTED
    transfer_syntax = _chosen(proposed.transfer_syntaxes, offered.transfer_syntaxes)
    if transfer_syntax is None:
        return NegotiationResult.TRANSFER_SYNTAXES_NOT_SUPPORTED
    role = roles.get(proposed.abstract_syntax)
    peer_is_scu = role.scu if role is not None else offered.peer_may_be_scu
    peer_is_scp = role.scp if role is not None else False
    if not (peer_is_scu or peer_is_scp):
        return NegotiationResult.USER_REJECTION
    return NegotiatedContext(
        presentation_context_id=proposed.presentation_context_id,
        abstract_syntax=proposed.abstract_syntax,
        transfer_syntax=transfer_syntax,
        we_are_scu=peer_is_scp,
        we_are_scp=peer_is_scu,
    )


def _chosen(proposed: tuple[str, ...], ours: tuple[str, ...] | None) -> str | None:
    if ours is None:
        return next(iter(proposed), None)
    return next((syntax for syntax in ours if syntax in proposed), None)


def _rejected(proposed: ProposedContext, result: NegotiationResult) -> ContextResult:
    """A rejection still carries a transfer syntax sub-item, whose value means nothing (PS3.8 §9.3.3.2)."""
    named = next(iter(proposed.transfer_syntaxes), IMPLICIT_VR_LITTLE_ENDIAN)
    return ContextResult(proposed.presentation_context_id, result, named)


def established_contexts(request: AssociateRq, accept: AssociateAc) -> dict[int, NegotiatedContext]:
    """What the acceptor's answer means to us, the requestor: the accepted contexts, by id.

    Raises PeerViolation if a context was accepted with a transfer syntax we did not propose, or if the acceptor
    takes next to nothing at a time. Results for ids we did not propose say nothing about us and are passed over;
    proposals without a result are rejected.
    """
    if 0 < accept.user_information.max_pdu_length < MIN_PEER_PDU_LENGTH:
        raise invalid("the maximum length received is too small to work with", "PS3.8 §D.1")
    proposed_by_id = {context.presentation_context_id: context for context in request.contexts}
    asked = _by_class(request.user_information.roles)
    answered = _by_class(accept.user_information.roles)
    contexts: dict[int, NegotiatedContext] = {}
    for result in accept.contexts:
        proposed = proposed_by_id.get(result.presentation_context_id)
        if proposed is None or not result.is_accepted:
            continue
        if result.transfer_syntax not in proposed.transfer_syntaxes:
            raise invalid("a context was accepted with a transfer syntax that was not proposed", "PS3.8 §9.3.3.2")
        ours, theirs = asked.get(proposed.abstract_syntax), answered.get(proposed.abstract_syntax)
        contexts[proposed.presentation_context_id] = NegotiatedContext(
            presentation_context_id=proposed.presentation_context_id,
            abstract_syntax=proposed.abstract_syntax,
            transfer_syntax=result.transfer_syntax,
            we_are_scu=(ours.scu and theirs.scu) if ours is not None and theirs is not None else True,
            we_are_scp=(ours.scp and theirs.scp) if ours is not None and theirs is not None else False,
        )
    return contexts
