"""Categories of statuses against pynetdicom's tables."""

from __future__ import annotations

import pytest
from pynetdicom.status import (
    GENERAL_STATUS,
    QR_FIND_SERVICE_CLASS_STATUS,
    QR_GET_SERVICE_CLASS_STATUS,
    QR_MOVE_SERVICE_CLASS_STATUS,
    STORAGE_SERVICE_CLASS_STATUS,
)

from leadglass.dicom.dimse.statuses import Status, StatusCategory, category_of, is_pending

ORACLE = {
    **GENERAL_STATUS,
    **STORAGE_SERVICE_CLASS_STATUS,
    **QR_FIND_SERVICE_CLASS_STATUS,
    **QR_GET_SERVICE_CLASS_STATUS,
    **QR_MOVE_SERVICE_CLASS_STATUS,
}


def test_the_categories_are_the_oracles() -> None:
    assert {s: category_of(s).name.title() for s in ORACLE} == {s: entry[0] for s, entry in ORACLE.items()}


@pytest.mark.parametrize("status", list(Status))
def test_every_status_with_a_name_is_known_to_the_oracle(status: Status) -> None:
    assert status in ORACLE


def test_what_nobody_knows_is_a_failure() -> None:
    assert category_of(0x7777) is StatusCategory.FAILURE


def test_pending_means_more_follows() -> None:
    assert [status.name for status in Status if is_pending(status)] == ["PENDING", "PENDING_OPTIONAL_KEYS_UNSUPPORTED"]
