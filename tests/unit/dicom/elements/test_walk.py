"""The hot loop: what it looks for, where it ends. Its readings are compared with pydicom's in `test_header.py`."""

from __future__ import annotations

import pytest

from helpers.samples import explicit, identifying, implicit
from leadglass.dicom.elements.encoding import Encoding
from leadglass.dicom.elements.index_tags import IDENTIFYING, SPECIFIC_CHARACTER_SET
from leadglass.dicom.elements.walk import Walk, plan_of

PATIENT_ID = 0x00100020
WANTED = frozenset([PATIENT_ID])
EXPLICIT, IMPLICIT = Encoding(False), Encoding(True)
BEYOND = explicit(0x00200001, "OB", b"\0\0")


def test_a_plan_knows_tags_as_they_lie_on_the_wire() -> None:
    assert plan_of(WANTED, True).tags == {0x00200010: PATIENT_ID, 0x00050008: SPECIFIC_CHARACTER_SET}
    assert plan_of(WANTED, False).tags == {PATIENT_ID: PATIENT_ID, SPECIFIC_CHARACTER_SET: SPECIFIC_CHARACTER_SET}


def test_a_plan_ends_after_its_last_group_and_insists_on_the_uids_it_wants() -> None:
    assert plan_of(WANTED, True).last_group == 0x0010
    assert plan_of(WANTED, True).identifying == ()
    assert set(plan_of(frozenset(IDENTIFYING.values()), True).identifying) == set(IDENTIFYING.values())


def test_the_walk_ends_at_the_first_element_beyond_the_wanted_ones() -> None:
    data = explicit(PATIENT_ID, "LO", b"42") + BEYOND + b"anything"
    walk = Walk(data, EXPLICIT, plan_of(WANTED, True))
    assert walk.explicit()
    assert walk.found == {PATIENT_ID: (b"LO", b"42")}
    assert walk.pos == 10


def test_implicit_vr_has_no_vr_to_tell() -> None:
    walk = Walk(implicit(PATIENT_ID, b"42") + implicit(0x00200001), IMPLICIT, plan_of(WANTED, True))
    assert walk.implicit()
    assert walk.found == {PATIENT_ID: (b"", b"42")}


@pytest.mark.parametrize("size", [0, 5, 9, 10])
def test_bytes_that_end_first_leave_the_walk_unfinished(size: int) -> None:
    assert not Walk((explicit(PATIENT_ID, "LO", b"42") + BEYOND)[:size], EXPLICIT, plan_of(WANTED, True)).explicit()


def test_without_its_uids_a_walk_goes_on_to_pixel_data() -> None:
    plan = plan_of(frozenset(IDENTIFYING.values()), True)
    some = b"".join(identifying(StudyInstanceUID=""))
    walk = Walk(some + explicit(0x00540001, "OB", b"\0\0") + explicit(0x7FE00010, "OW"), EXPLICIT, plan)
    assert walk.explicit()
    assert walk.pos == len(some) + 14
