"""Invariant: whatever is said to a simulated archive, in any portions, it answers actions and raises nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpers.dicom_words import CONTEXTS, request, say
from helpers.fuzzing import fuzz_for
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CEchoRq, CFindRq, CGetRq
from leadglass.dicom.upperlayer import ReleaseRq, encode_pdu
from leadglass.range.law import Law
from leadglass.range.manner import HangUp
from leadglass.range.manners import dicom_products as products
from leadglass.range.manners.dicom import DicomSite
from leadglass.range.manners.dicom_admitting import Admitting
from leadglass.range.manners.studies import Shelf

WORDS = (
    request(),
    say(CEchoRq(message_id=1)),
    say(
        CFindRq(message_id=2, affected_sop_class_uid=uids.STUDY_ROOT_FIND),
        {0x00080052: "STUDY", 0x0020000D: "", 0x00080020: "20150101-20150301", 0x00080030: "0700-"},
    ),
    say(CGetRq(message_id=3, affected_sop_class_uid=uids.STUDY_ROOT_GET), {0x0020000D: "2.25.1"}),
    encode_pdu(ReleaseRq()),
)
SITES = [
    DicomSite(name="x", admitting=Admitting(conduct), shelf=Shelf(seed=1, records=500, images=900))
    for conduct in (products.DCM4CHEE, products.ORTHANC, products.LIMITED, products.WORKLIST)
]
assert CONTEXTS


@fuzz_for(share=1.0)
@given(st.data())
def test_nothing_is_raised(data: st.DataObject) -> None:
    words = [WORDS[0], *data.draw(st.lists(st.sampled_from(WORDS), max_size=4))]
    said = bytearray(b"".join(words))
    for _ in range(data.draw(st.integers(0, 6))):
        said[data.draw(st.integers(0, len(said) - 1))] = data.draw(st.integers(0, 255))
    said += data.draw(st.binary(max_size=40))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=5)))
    manner = data.draw(st.sampled_from(SITES))(Law())
    assert not list(manner.opened())
    for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True):
        for action in manner.received(bytes(said[start:end])):
            assert isinstance(action, bytes | HangUp)
            if isinstance(action, HangUp):
                return
