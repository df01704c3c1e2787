"""What a peer is told."""

from __future__ import annotations

from leadglass.dicom.elements.refusals import EndsTooEarly, malformed, mismatch, tag_text, too_much
from leadglass.terms.errors import CeilingReached, PeerViolation


def test_each_refusal_knows_its_status() -> None:
    assert malformed("x").answer.status == 0xC000
    assert mismatch("x", "PS3.5").answer.status == 0xA900
    assert EndsTooEarly(5).answer.status == 0xC000
    assert too_much("MAX_X", 1, 2).answer.status == 0xC000


def test_refusals_are_violations_and_ceilings() -> None:
    assert isinstance(EndsTooEarly(5), PeerViolation)
    assert EndsTooEarly(5).needed == 5
    reached = too_much("MAX_X", 1, 2)
    assert isinstance(reached, CeilingReached)
    assert str(reached) == "MAX_X: 2 is over the ceiling of 1"


def test_tags_are_written_as_people_do() -> None:
    assert tag_text(0x0020000D) == "(0020,000D)"
