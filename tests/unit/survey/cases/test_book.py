from __future__ import annotations

from pathlib import Path

import pytest

from helpers.leaks import NOON
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.case import CaseState
from leadglass.survey.cases.events import Closed, Event, Leak, NoticeSent, NoticeWritten, Opened, OwnerFound
from leadglass.terms.errors import UserFault

OPENED = Opened(case="C-0001", at=NOON, run="r", address="192.0.2.7", rung=5, records=7, leaks=(Leak(rule="a"),))
EVENTS: list[Event] = [
    OPENED,
    OwnerFound(case="C-0001", at=NOON, source="scope", name="Example Clinic"),
    NoticeWritten(case="C-0001", at=NOON, language="de", digest="0" * 64),
    NoticeSent(case="C-0001", at=NOON, to="it@example.org"),
    Closed(case="C-0001", at=NOON, run="s", because="nothing answers there any more"),
]


def test_what_was_added_is_read_again(tmp_path: Path) -> None:
    book = CaseBook(tmp_path)
    for event in EVENTS:
        book.add([event])
    again = CaseBook(tmp_path)
    assert again.case("C-0001").history == EVENTS == book.case("c-0001").history
    assert again.case("C-0001").state is CaseState.CLOSED
    again.add([])
    assert CaseBook(tmp_path).case("C-0001").history == EVENTS


def test_an_empty_book(tmp_path: Path) -> None:
    assert CaseBook(tmp_path / "none yet").cases == {}


def test_no_such_case(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="no case C-0009"):
        CaseBook(tmp_path).case("C-0009")


def _cut(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


def _altered(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b"192.0.2.7", b"192.0.2.8"), *lines[1:]]


def _swapped(lines: list[bytes]) -> list[bytes]:
    return [lines[1], lines[0], *lines[2:]]


def _garbage(lines: list[bytes]) -> list[bytes]:
    return [*lines, b"{"]


def _no_utf_8(lines: list[bytes]) -> list[bytes]:
    return [*lines, b'{"\x80": 1}']


def _bottomless(lines: list[bytes]) -> list[bytes]:
    return [*lines, b'{"previous": "", "x": ' + b"[" * 100_000]


def _without_zone(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'Z"', b'"', 1), *lines[1:]]


@pytest.mark.parametrize("harm", [_cut, _altered, _swapped, _garbage, _no_utf_8, _bottomless, _without_zone])
def test_a_book_that_was_cut_or_altered_is_refused(tmp_path: Path, harm: object) -> None:
    CaseBook(tmp_path).add(EVENTS)
    path = tmp_path / "cases.jsonl"
    lines = path.read_bytes().splitlines()
    assert callable(harm)
    path.write_bytes(b"\n".join(harm(lines)) + b"\n")
    with pytest.raises(UserFault, match=r"cut or altered"):
        CaseBook(tmp_path)


def test_two_programs_do_not_write_over_each_other(tmp_path: Path) -> None:
    one, other = CaseBook(tmp_path), CaseBook(tmp_path)
    one.add(EVENTS[:1])
    with pytest.raises(UserFault, match="changed by another program"):
        other.add(EVENTS[1:2])
    assert CaseBook(tmp_path).case("C-0001").history == EVENTS[:1]
