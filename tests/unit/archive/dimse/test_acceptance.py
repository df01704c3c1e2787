"""What is accepted in an association, and how strangers are turned away."""

from __future__ import annotations

import pytest

from helpers.requests import IMPLICIT, association_request
from leadglass.archive.dimse.acceptance import OFFER, STORAGE_TRANSFER_SYNTAXES, rejection_for
from leadglass.dicom import uids
from leadglass.dicom.upperlayer import RoleSelection, negotiate
from leadglass.terms.outcome import RefusalReason, Refused


def test_every_storage_class_is_offered_in_every_transfer_syntax() -> None:
    for sop_class in uids.all_storage_sop_classes():
        assert OFFER[sop_class].transfer_syntaxes == STORAGE_TRANSFER_SYNTAXES
    assert set(STORAGE_TRANSFER_SYNTAXES) == set(uids.all_transfer_syntaxes())
    assert len(set(STORAGE_TRANSFER_SYNTAXES)) == len(STORAGE_TRANSFER_SYNTAXES)
    assert len(OFFER) == len(list(OFFER)) == len(set(OFFER))


def test_private_storage_is_taken_and_what_is_no_service_of_ours_is_not() -> None:
    assert "1.2.840.113619.4.30" in OFFER
    for sop_class in ("1.2.840.10008.5.1.4.31", "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.5.1.1.1", ""):
        assert sop_class not in OFFER


def test_uncompressed_comes_first_and_big_endian_last() -> None:
    assert STORAGE_TRANSFER_SYNTAXES[:2] == (uids.EXPLICIT_VR_LITTLE_ENDIAN, uids.IMPLICIT_VR_LITTLE_ENDIAN)
    assert STORAGE_TRANSFER_SYNTAXES[-1] == uids.EXPLICIT_VR_BIG_ENDIAN


def test_a_c_get_requestor_may_take_the_scp_role_of_storage_only() -> None:
    roles = [RoleSelection(syntax, scu=True, scp=True) for syntax in (uids.CT_IMAGE_STORAGE, uids.STUDY_ROOT_GET)]
    request = association_request(uids.STUDY_ROOT_GET, uids.CT_IMAGE_STORAGE, roles=roles)
    contexts = negotiate(request, OFFER).contexts
    assert (contexts[3].we_are_scu, contexts[3].we_are_scp) == (True, True)
    assert not contexts[1].we_are_scu
    assert contexts[3].transfer_syntax == IMPLICIT


@pytest.mark.parametrize("reason", RefusalReason)
def test_a_stranger_learns_no_more_than_no(reason: RefusalReason) -> None:
    said = rejection_for(Refused(reason))
    told = (said.result, said.source, said.reason)
    match reason:
        case RefusalReason.WRONG_CALLED_AE_TITLE:
            assert told == (1, 1, 7)
        case RefusalReason.IDENTITY_UNAVAILABLE | RefusalReason.LEDGER_UNAVAILABLE | RefusalReason.TOO_MANY_ATTEMPTS:
            assert told == (2, 3, 1)
        case _:
            assert told == (1, 1, 3)
