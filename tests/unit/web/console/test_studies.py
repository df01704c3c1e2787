from __future__ import annotations

import pytest

from leadglass.archive.searching import QueryLevel, read_search_request
from leadglass.web.console.studies import Asked


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        ({}, []),
        ({"name": "phan"}, [("PatientName", "phan*")]),
        ({"name": "Phantom, Ada"}, [("PatientName", "Phantom^Ada*")]),
        ({"name": "Phantom,"}, [("PatientName", "Phantom*")]),
        ({"name": "*tom*"}, [("PatientName", "*tom*")]),
        ({"patient": " LG-1 ", "accession": "A"}, [("PatientID", "LG-1*"), ("AccessionNumber", "A*")]),
        ({"since": "2026-01-02"}, [("StudyDate", "20260102-")]),
        ({"until": "2026-01-02"}, [("StudyDate", "-20260102")]),
        ({"since": "2026-01-02", "until": "2026-02-01"}, [("StudyDate", "20260102-20260201")]),
        ({"modality": "CT"}, [("ModalitiesInStudy", "CT")]),
        ({"csrf": "x", "other": "y", "limit": "9999"}, []),
    ],
)
def test_what_a_form_asks_for(form: dict[str, str], keys: list[tuple[str, str]]) -> None:
    asked = Asked.in_form(form)
    assert asked.keys == keys
    assert asked.is_empty == (not keys)
    read_search_request(QueryLevel.STUDY, asked.keys, {})  # is legal


def test_what_is_typed_has_an_end() -> None:
    assert len(Asked.in_form({"name": "x" * 10_000}).name) == 64
