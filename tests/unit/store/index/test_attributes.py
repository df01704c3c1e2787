"""The table of attributes agrees with the tables of the database, and with the dictionary of the standard."""

from __future__ import annotations

import pytest
from pydicom.datadict import tag_for_keyword

from leadglass.store.index.attributes import ATTRIBUTES, UNIQUE_KEYS, Attribute, Kind, supports
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.tables import instances, request_attributes, series, studies

_TABLE = {
    QueryLevel.PATIENT: studies,
    QueryLevel.STUDY: studies,
    QueryLevel.SERIES: series,
    QueryLevel.IMAGE: instances,
}


@pytest.mark.parametrize("attribute", ATTRIBUTES.values(), ids=str)
def test_every_attribute_is_where_the_table_says(attribute: Attribute) -> None:
    assert tag_for_keyword(attribute.keyword) is not None
    if attribute.kind is Kind.ITEMS:
        assert attribute.column == ""
    elif attribute.kind is Kind.DERIVED:
        columns = {*series.c.keys(), *instances.c.keys(), *request_attributes.c.keys(), ""}
        assert attribute.column in columns
    else:
        assert attribute.column in _TABLE[attribute.level].c


def test_a_level_supports_itself_and_what_is_above() -> None:
    assert supports("PatientName", QueryLevel.IMAGE)
    assert supports("StudyDate", QueryLevel.STUDY)
    assert not supports("StudyDate", QueryLevel.PATIENT)
    assert not supports("PatientWeight", QueryLevel.IMAGE)


def test_unique_keys_belong_to_their_level() -> None:
    for level, keywords in UNIQUE_KEYS.items():
        assert {ATTRIBUTES[keyword].level for keyword in keywords} == {level}
