"""Writing by the book refuses what does not fit, as our own mistake. What it writes is held to pynetdicom in
test_codec.py and to the vectors in test_vectors.py."""

from __future__ import annotations

import pytest

from helpers.pair import a_request
from leadglass.dicom.upperlayer import (
    Abort,
    AssociateRj,
    PDataTf,
    Pdu,
    PresentationDataValue,
    ProposedContext,
    encode_pdu,
)
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import LocalViolation


@pytest.mark.parametrize(
    "pdu",
    [
        Abort(256),
        AssociateRj(1, -1, 1),
        PDataTf((PresentationDataValue(256, False, True, b""),)),
        a_request(protocol_version=65536),
        a_request(called_ae_title=AETitle(b"SHORT")),
        a_request(calling_ae_title=AETitle(b"MUCH TOO LONG FOR IT")),
        a_request(contexts=(ProposedContext(1, "1.2" * 40000, ()),)),
        a_request(application_context="1.2.∞"),
    ],
)
def test_values_that_do_not_fit_are_our_own_mistake(pdu: Pdu) -> None:
    with pytest.raises(LocalViolation):
        encode_pdu(pdu)
