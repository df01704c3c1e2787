"""Canonical JSON against the examples of RFC 8785."""

from __future__ import annotations

import pytest

from leadglass.gate.ledger.canonical import canonical, canonical_map


def test_strings_are_escaped_as_rfc_8785_says() -> None:
    # RFC 8785 §3.2.2.2: the string of its example
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"}
    assert canonical(value) == '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()


def test_keys_are_sorted_and_spaces_are_absent() -> None:
    assert canonical({"b": [1, True, None], "a": {"z": -1, "A": ""}}) == b'{"a":{"A":"","z":-1},"b":[1,true,null]}'


@pytest.mark.parametrize("value", [1.0, 2**53, b"bytes", object(), {"ö": 1}, {1: 1}, "\ud800"])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical({"key": value})  # type: ignore[dict-item]


def test_nesting_has_a_ceiling() -> None:
    deep: dict[str, object] = {}
    for _ in range(9):
        deep = {"x": deep}
    with pytest.raises(ValueError, match="nest"):
        canonical(deep)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data", [b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1.0}', b'{"a":"\\u0041"}', b"[1]", b"{", b'{"a":1}\n']
)
def test_other_forms_of_the_same_value_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        canonical_map(data)
