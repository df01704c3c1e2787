"""Hypothesis strategies for PDUs, and the same PDUs built with pynetdicom's classes as the other opinion."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pynetdicom import pdu as theirs
from pynetdicom import pdu_items

from leadglass.dicom.upperlayer import (
    Abort,
    AssociateAc,
    AssociateRj,
    AssociateRq,
    CommonExtendedNegotiation,
    ContextResult,
    ExtendedNegotiation,
    PDataTf,
    Pdu,
    PresentationDataValue,
    ProposedContext,
    ReleaseRp,
    ReleaseRq,
    RoleSelection,
    UserInformation,
)
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import UserIdentity

__all__ = ["built_by_pynetdicom", "pdus"]

_byte = st.integers(0, 255)
_components = st.integers(0, 10**8).map(str)
uids = st.lists(_components, min_size=1, max_size=6).map(lambda parts: "1.2." + ".".join(parts))
ae_titles = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=1, max_size=16).map(AETitle.of)
_names = st.text("ABCabc0123._", min_size=1, max_size=16)
_some_bytes = st.binary(max_size=80)
_ids = st.lists(st.integers(0, 127).map(lambda n: 2 * n + 1), unique=True, max_size=6)

roles = st.builds(RoleSelection, uids, st.booleans(), st.booleans())
extensions = st.builds(ExtendedNegotiation, uids, _some_bytes)
common_extensions = st.builds(CommonExtendedNegotiation, uids, uids, st.lists(uids, max_size=3).map(tuple))
identities = st.builds(UserIdentity, st.integers(1, 5), st.binary(min_size=1, max_size=60), _some_bytes, st.booleans())


def user_information(*, requesting: bool) -> st.SearchStrategy[UserInformation]:
    return st.builds(
        UserInformation,
        max_pdu_length=st.integers(0, 2**32 - 1),
        implementation_class_uid=uids,
        implementation_version_name=st.one_of(st.just(""), _names),
        async_window=st.none() | st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
        roles=st.lists(roles, max_size=3).map(tuple),
        extended=st.lists(extensions, max_size=2).map(tuple),
        common_extended=st.lists(common_extensions, max_size=2).map(tuple) if requesting else st.just(()),
        user_identity=st.none() | identities if requesting else st.none(),
        identity_response=st.none() if requesting else st.none() | _some_bytes,
        unknown=st.just(()),
    )


_syntaxes = st.lists(uids, min_size=1, max_size=4).map(tuple)
requests = st.builds(
    AssociateRq,
    called_ae_title=ae_titles,
    calling_ae_title=ae_titles,
    contexts=_ids.flatmap(
        lambda ids: st.tuples(*(st.builds(ProposedContext, st.just(i), uids, _syntaxes) for i in ids))
    ),
    user_information=user_information(requesting=True),
    application_context=uids,
    protocol_version=st.integers(0, 65535),
)
accepts = st.builds(
    AssociateAc,
    called_ae_title=ae_titles,
    calling_ae_title=ae_titles,
    contexts=_ids.flatmap(
        lambda ids: st.tuples(*(st.builds(ContextResult, st.just(i), st.integers(0, 4), uids) for i in ids))
    ),
    user_information=user_information(requesting=False),
    application_context=uids,
    protocol_version=st.integers(0, 65535),
)
_values = st.builds(PresentationDataValue, _byte, st.booleans(), st.booleans(), st.binary(max_size=200))
p_data = st.lists(_values, min_size=1, max_size=4).map(lambda pdvs: PDataTf(tuple(pdvs)))
pdus: st.SearchStrategy[Pdu] = st.one_of(
    requests,
    accepts,
    st.builds(AssociateRj, st.integers(1, 2), st.integers(1, 3), st.integers(1, 10)),
    p_data,
    st.just(ReleaseRq()),
    st.just(ReleaseRp()),
    st.builds(Abort, st.sampled_from((0, 2)), st.integers(0, 6)),
)


def built_by_pynetdicom(pdu: Pdu) -> Any:
    """The same PDU as an object of pynetdicom's."""
    other: Any
    match pdu:
        case AssociateRq():
            other = theirs.A_ASSOCIATE_RQ()
            other.called_ae_title, other.calling_ae_title = pdu.called_ae_title.text, pdu.calling_ae_title.text
            return _with_items(other, pdu, [_proposed(context) for context in pdu.contexts])
        case AssociateAc():
            other = theirs.A_ASSOCIATE_AC()
            other.reserved_aet, other.reserved_aec = pdu.called_ae_title.text, pdu.calling_ae_title.text
            return _with_items(other, pdu, [_result(context) for context in pdu.contexts])
        case AssociateRj():
            other = theirs.A_ASSOCIATE_RJ()
            other.result, other.source, other.reason_diagnostic = pdu.result, pdu.source, pdu.reason
            return other
        case PDataTf():
            other = theirs.P_DATA_TF()
            other.presentation_data_value_items = [_value(pdv) for pdv in pdu.pdvs]
            return other
        case ReleaseRq():
            return theirs.A_RELEASE_RQ()
        case ReleaseRp():
            return theirs.A_RELEASE_RP()
        case Abort():
            other = theirs.A_ABORT_RQ()
            other.source, other.reason_diagnostic = pdu.source, pdu.reason
            return other


def _with_items(other: Any, pdu: AssociateRq | AssociateAc, contexts: list[Any]) -> Any:
    other.protocol_version = pdu.protocol_version
    application_context = pdu_items.ApplicationContextItem()
    application_context.application_context_name = pdu.application_context
    information = pdu_items.UserInformationItem()
    information.user_data = _user_data(pdu.user_information)
    other.variable_items = [application_context, *contexts, information]
    return other


def _proposed(context: ProposedContext) -> Any:
    abstract_syntax = pdu_items.AbstractSyntaxSubItem()
    abstract_syntax.abstract_syntax_name = context.abstract_syntax
    other = pdu_items.PresentationContextItemRQ()
    other.presentation_context_id = context.presentation_context_id
    syntaxes = [_transfer_syntax(name) for name in context.transfer_syntaxes]
    other.abstract_transfer_syntax_sub_items = [abstract_syntax, *syntaxes]
    return other


def _result(context: ContextResult) -> Any:
    other = pdu_items.PresentationContextItemAC()
    other.presentation_context_id = context.presentation_context_id
    other.result_reason = context.result
    other.transfer_syntax_sub_item = [_transfer_syntax(context.transfer_syntax)]
    return other


def _transfer_syntax(name: str) -> Any:
    other = pdu_items.TransferSyntaxSubItem()
    other.transfer_syntax_name = name
    return other


def _value(pdv: PresentationDataValue) -> Any:
    other = pdu_items.PresentationDataValueItem()
    other.presentation_context_id = pdv.presentation_context_id
    other.presentation_data_value = bytes([pdv.is_command | pdv.is_last << 1]) + pdv.data
    return other


def _user_data(information: UserInformation) -> list[Any]:
    data: list[Any] = [_item("MaximumLength", maximum_length_received=information.max_pdu_length)]
    data.append(_item("ImplementationClassUID", implementation_class_uid=information.implementation_class_uid))
    if information.async_window is not None:
        invoked, performed = information.async_window
        window = {"maximum_number_operations_invoked": invoked, "maximum_number_operations_performed": performed}
        data.append(_item("AsynchronousOperationsWindow", **window))
    for role in information.roles:
        values = {"sop_class_uid": role.sop_class_uid, "scu_role": int(role.scu), "scp_role": int(role.scp)}
        data.append(_item("SCP_SCU_RoleSelection", **values))
    if information.implementation_version_name:
        name = information.implementation_version_name
        data.append(_item("ImplementationVersionName", implementation_version_name=name))
    for extension in information.extended:
        values = {
            "sop_class_uid": extension.sop_class_uid,
            "service_class_application_information": extension.service_class_application_information,
        }
        data.append(_item("SOPClassExtendedNegotiation", **values))
    for common in information.common_extended:
        values = {
            "sop_class_uid": common.sop_class_uid,
            "service_class_uid": common.service_class_uid,
            "related_general_sop_class_identification": list(common.related_general_sop_class_uids),
        }
        data.append(_item("SOPClassCommonExtendedNegotiation", **values))
    if information.user_identity is not None:
        data.append(_identity(information.user_identity))
    if information.identity_response is not None:
        response = pdu_items.UserIdentitySubItemAC()
        response.server_response = information.identity_response
        data.append(response)
    return data


def _identity(identity: UserIdentity) -> Any:
    other = pdu_items.UserIdentitySubItemRQ()
    other.user_identity_type = identity.kind
    other.positive_response_requested = int(identity.response_requested)
    other.primary_field, other.secondary_field = identity.primary, identity.secondary
    return other


def _item(name: str, **values: object) -> Any:
    other = getattr(pdu_items, f"{name}SubItem")()
    for field, value in values.items():
        setattr(other, field, value)
    return other
