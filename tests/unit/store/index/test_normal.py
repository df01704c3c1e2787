"""The normalised form of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.store.index.normal import normal_name, normal_name_groups, normal_text


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("", ("", "", "")),
        ("DOE^JANE", ("doe^jane", "", "")),
        ("  Doe ^ Jane  Mary^^^ ", ("doe^jane mary", "", "")),
        ("^Jane", ("^jane", "", "")),
        ("A=B=C", ("a", "b", "c")),
        ("A=B=C=D", ("a", "b", "c")),
        ("==C^", ("", "", "c")),
        ("STRASSE", ("strasse", "", "")),
        ("Straße", ("strasse", "", "")),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ", ("ヤマダ^タロウ", "", "")),
        ("O\u0308zg\u00fcr", ("\u00f6zg\u00fcr", "", "")),
    ],
)
def test_component_groups(name: str, groups: tuple[str, str, str]) -> None:
    assert normal_name_groups(name) == groups


def test_a_physician_is_named_by_the_first_group_that_says_anything() -> None:
    assert normal_name("House^Greg=x") == "house^greg"
    assert normal_name("=山田^太郎") == "山田^太郎"
    assert normal_name("^^=  ") == ""


@given(st.text())
def test_what_differs_only_in_case_and_spaces_is_the_same(text: str) -> None:
    assert normal_text(f"  {text} ") == normal_text(text)
    assert len(normal_text(text)) <= 256


@given(st.text(st.characters(codec="ascii")))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normal_text(normal_text(text)) == normal_text(text)
    assert normal_name(normal_name(text)) == normal_name(text)
