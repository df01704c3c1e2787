"""Levels and roots of the information models."""

from __future__ import annotations

import pytest

from leadglass.archive.levels import PATIENT_ROOT, QUERY_RETRIEVE_LEVEL, STUDY_ROOT, UNIQUE_KEY, Root, read_level
from leadglass.store.index.matching import QueryLevel
from leadglass.terms.errors import PeerViolation


@pytest.mark.parametrize("level", QueryLevel)
def test_every_level_has_a_unique_key_and_is_read(level: QueryLevel) -> None:
    assert UNIQUE_KEY[level]
    assert read_level({QUERY_RETRIEVE_LEVEL: f"{level.name} "}, PATIENT_ROOT) is level


@pytest.mark.parametrize(
    ("root", "said"),
    [(STUDY_ROOT, "PATIENT"), (PATIENT_ROOT, ""), (PATIENT_ROOT, "study"), (STUDY_ROOT, "WORLD"), (STUDY_ROOT, None)],
)
def test_a_level_the_root_does_not_have_is_refused(root: Root, said: str | None) -> None:
    with pytest.raises(PeerViolation) as refused:
        read_level({} if said is None else {QUERY_RETRIEVE_LEVEL: said}, root)
    assert refused.value.answer.status == 0xA900
    assert root.name in str(refused.value)


def test_a_level_that_is_a_sequence_is_refused() -> None:
    with pytest.raises(PeerViolation):
        read_level({QUERY_RETRIEVE_LEVEL: ({QUERY_RETRIEVE_LEVEL: "STUDY"},)}, STUDY_ROOT)
