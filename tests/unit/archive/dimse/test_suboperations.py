"""The counters of sub-operations, the final status they make, and progress."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.archive_world import EXPLICIT
from leadglass.archive.dimse.suboperations import SubOperations
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.statuses import Status, StatusCategory
from leadglass.dicom.identifier import decode_identifier

S, W, F = StatusCategory.SUCCESS, StatusCategory.WARNING, StatusCategory.FAILURE


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ([], Status.SUCCESS),
        ([S, S], Status.SUCCESS),
        ([S, W], Status.COERCION_OF_DATA_ELEMENTS),
        ([W], Status.COERCION_OF_DATA_ELEMENTS),
        ([S, F], Status.COERCION_OF_DATA_ELEMENTS),
        ([F, F], Status.UNABLE_TO_PERFORM_SUBOPERATIONS),
    ],
)
def test_the_final_status(ended: list[StatusCategory], status: Status) -> None:
    counts = SubOperations(len(ended))
    for number, category in enumerate(ended):
        counts.count(f"1.2.{number}", category)
    assert counts.status is status
    assert counts.remaining == 0


@given(st.lists(st.sampled_from(list(StatusCategory))), st.integers(0, 5), st.integers(0, 5))
def test_nothing_is_counted_twice_or_lost(ended: list[StatusCategory], lost: int, unnamed: int) -> None:
    counts = SubOperations(len(ended) + lost + unnamed)
    for number, category in enumerate(ended):
        counts.count(f"1.2.{number}", category)
    assert counts.completed + counts.failed + counts.warning + counts.remaining == len(ended) + lost + unnamed
    counts.fail_rest([f"1.3.{number}" for number in range(lost)])
    counts.fail_rest_unnamed(unnamed)
    assert counts.remaining == 0
    assert counts.completed + counts.failed + counts.warning == len(ended) + lost + unnamed
    assert len(counts.failed_uids) == counts.failed - unnamed


def test_failures_are_named_and_without_any_there_is_no_identifier() -> None:
    counts = SubOperations(2)
    assert counts.failed_list(EXPLICIT) is None
    counts.fail_rest(["1.2.3", "1.2.4"])
    data = counts.failed_list(EXPLICIT)
    assert data is not None
    assert decode_identifier(data, EXPLICIT) == {tag_of("FailedSOPInstanceUIDList"): "1.2.3\\1.2.4"}
