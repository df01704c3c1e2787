"""A disk that takes half a line: what was in the book stays, and the next line has its place."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.scopes import NOW
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.events import Event, NoticeSent, Opened
from leadglass.terms.errors import UserFault

OPENED = Opened(case="C-0001", at=NOW, run="r", address="192.0.2.7", rung=5)
TOLD: list[Event] = [NoticeSent(case="C-0001", at=NOW, to="it@example.org"), NoticeSent(case="C-0001", at=NOW, to="x")]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may become longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("more", [1, 40, 300])  # 300: the first of two lines fits, the second does not
def test_what_does_not_fit_leaves_the_book_as_it_was(tmp_path: Path, more: int) -> None:
    book = CaseBook(tmp_path)
    book.add([OPENED])
    before = (tmp_path / "cases.jsonl").read_bytes()
    with room_for(len(before) + more), pytest.raises(OSError, match="File too large"):
        book.add(TOLD)
    assert (tmp_path / "cases.jsonl").read_bytes() == before
    assert book.case("C-0001").history == [OPENED]
    book.add(TOLD)
    assert CaseBook(tmp_path).case("C-0001").history == [OPENED, *TOLD]


def test_a_line_that_a_power_cut_ended_is_passed_over_and_replaced(tmp_path: Path) -> None:
    CaseBook(tmp_path).add([OPENED, *TOLD])
    path = tmp_path / "cases.jsonl"
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        book = CaseBook(tmp_path)
        assert book.case("C-0001").history == [OPENED, TOLD[0]]
        book.add(TOLD[1:])
        assert path.read_bytes() == whole


def test_a_file_is_no_folder_of_cases(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserFault, match="is no folder"):
        CaseBook(tmp_path / "file")
