"""Reading query keys: each kind of matching of PS3.4 §C.2.2.2, and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.archive.matching import parse_match
from leadglass.store.index.matching import AnyOf, Match, Range, Single, Universal, Wildcard
from leadglass.terms.errors import PeerViolation

CASES: list[tuple[str, str, Match]] = [
    ("LO", "", Universal()),
    ("LO", "*", Universal()),
    ("LO", "***", Universal()),
    ("LO", "A B", Single("A B")),
    ("LO", "A*", Wildcard("A*")),
    ("PN", "Doe^J?ne", Wildcard("Doe^J?ne")),
    ("CS", "CT\\MR", AnyOf(("CT", "MR"))),
    ("CS", "CT\\", Single("CT")),
    ("IS", "1*", Single("1*")),  # numbers have no wild cards
    ("UI", "1.2.3", Single("1.2.3")),
    ("UI", "1.2.3\0", Single("1.2.3")),
    ("UI", "1.2\\1.3", AnyOf(("1.2", "1.3"))),
    ("UI", "*", Universal()),
    ("UI", "\\", Universal()),
    ("UI", "1.2.*", Single("1.2.*")),
    ("DA", "20260301", Single("20260301")),
    ("DA", "2026.03.01", Single("20260301")),
    ("DA", "20260301-", Range("20260301", "")),
    ("DA", "-20260301", Range("", "20260301")),
    ("DA", "20260301-20260302", Range("20260301", "20260302")),
    ("DA", "20260301 - 20260302", Range("20260301", "20260302")),
    ("DA", "-", Universal()),
    ("DA", "*", Universal()),
    ("TM", "10", Single("10")),
    ("TM", "10:30:15.5", Single("103015.5")),
    ("TM", "1000-1100", Range("1000", "1100")),
    ("DT", "20260301100000-0500", Single("20260301100000-0500")),
    ("DT", "20260301100000-0500-20260302", Range("20260301100000-0500", "20260302")),
]


@pytest.mark.parametrize(("vr", "text", "match"), CASES, ids=[f"{vr} {text!r}" for vr, text, _ in CASES])
def test_the_kind_of_matching(vr: str, text: str, match: Match) -> None:
    assert parse_match("Key", vr, text) == match


@pytest.mark.parametrize(
    ("vr", "text"), [("DA", "yesterday"), ("DA", "2026030"), ("TM", "1"), ("DT", "x-y"), ("DA", "--")]
)
def test_what_is_no_date_is_refused_without_quoting_it(vr: str, text: str) -> None:
    with pytest.raises(PeerViolation) as refused:
        parse_match("StudyDate", vr, text)
    assert refused.value.answer.status == 0xA900
    assert "StudyDate" in str(refused.value)
    assert text not in str(refused.value)


@given(st.sampled_from(["AE", "CS", "DA", "DT", "IS", "LO", "PN", "SH", "TM", "UI"]), st.text(max_size=30))
def test_any_text_is_a_match_or_a_refusal(vr: str, text: str) -> None:
    with contextlib.suppress(PeerViolation):
        assert isinstance(parse_match("Key", vr, text), AnyOf | Range | Single | Universal | Wildcard)
