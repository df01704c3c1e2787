"""Parts: viewing order, whatever the order of arrival; small enough to be written anew; exactly what was put in."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.archive.metadata import parts as parts_module
from leadglass.archive.metadata.parts import Member, Part, fold
from leadglass.terms.errors import IntegrityFault


def member(number: int | str, uid: str = "", size: int = 10) -> Member:
    return Member(uid or f"1.2.{number}", str(number), json.dumps({"n": "x" * size}).encode())


def folded(parts: list[Part], *new: Member) -> list[Part]:
    kept, following = fold(parts, new)
    return [*parts[:kept], *following]


def numbers(parts: list[Part]) -> list[str]:
    return [number for part in parts for _, number, _ in part.names]


def test_a_run_is_a_list_of_json_once_brackets_are_put_around_it() -> None:
    part = Part.of([member(1), member(2)])
    assert json.loads(b"[" + part.run + b"]") == [{"n": "x" * 10}] * 2
    assert list(part.members()) == [member(1), member(2)]


def test_numbers_order_and_what_is_none_comes_last() -> None:
    [part] = folded([], member("10"), member("9"), member("", "1.2.4"), member("9", "1.2.3"))
    assert [uid for uid, _, _ in part.names] == ["1.2.3", "1.2.9", "1.2.10", "1.2.4"]


def test_what_comes_last_leaves_full_parts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "_MOST_INSTANCES", 2)
    parts = folded([], *map(member, range(1, 6)))
    assert [len(part.names) for part in parts] == [2, 2, 1]
    kept, following = fold(parts, [member(6), member(7)])
    assert (kept, numbers(following)) == (2, ["5", "6", "7"])
    kept, following = fold(parts, [member(3, "1.2.3.1")])
    assert (kept, numbers(following)) == (1, ["3", "3", "4", "5"])
    assert fold(parts, []) == (3, [])


def test_large_instances_make_parts_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "_MOST_BYTES", 100)
    parts = folded([], member(1, size=500), member(2), member(3), member(4, size=90))
    assert [len(part.names) for part in parts] == [1, 2, 1]


@given(st.lists(st.integers(0, 40), unique=True), st.data())
def test_any_order_of_arrival_gives_viewing_order(arriving: list[int], data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts_module, "_MOST_INSTANCES", 4)
        parts: list[Part] = []
        rest = list(arriving)
        while rest:
            size = data.draw(st.integers(1, len(rest)))
            parts, rest = folded(parts, *map(member, rest[:size])), rest[size:]
        assert numbers(parts) == [str(number) for number in sorted(arriving)]
        assert all(len(part.names) <= 4 for part in parts)
        assert [one for part in parts for one in part.members()] == [member(number) for number in sorted(arriving)]


def test_a_part_is_unpacked_as_it_was_packed() -> None:
    part = Part.of([member(1), Member("1.2.2", "", "\N{SNOWMAN}".encode())])
    packed, length = part.packed()
    assert Part.unpacked(packed, length) == part


LONG = zlib.compress(b"[]\n" + bytes(10**6))


@pytest.mark.parametrize("packed", [b"", b"no stream", zlib.compress(b"no line"), LONG])
def test_what_is_not_as_long_as_it_was_is_no_part(packed: bytes) -> None:
    with pytest.raises(IntegrityFault):
        Part.unpacked(packed, 8)
