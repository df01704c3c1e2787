"""Entries and their one encoding."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.ledgers import START
from leadglass.gate.ledger import Disclosed, Entry, Event, Outcome, in_parts
from leadglass.gate.ledger.entry import EntryUnfit, encode_entry, number, time_of, time_text
from leadglass.terms.ceilings import MAX_LEDGER_ENTRY
from leadglass.terms.errors import LedgerFault

FULL = Entry(
    at=START,
    event=Event.QUERIED,
    outcome=Outcome.REFUSED,
    principal="usr-1",
    name='Jürgen "Jim" Weiß\n',
    roles=("auditor", "clinician"),
    strength="strong",
    door="dicom-tls",
    address="::1",
    action="query",
    reason="no grant covers it",
    study_instance_uid="1.2.3",
    patient="ab" * 16,
    disclosed=(Disclosed("1.2.3", "ab" * 16), Disclosed("", "cd" * 16)),
    counts={"instances": 3, "bytes": 2**40},
    because=("g-1",),
    episode="e1",
    clock="stepped back",
    detail={"level": "STUDY", "paged": True, "page": 2},
)
text = st.text(st.characters(exclude_categories=["Cs"]))


def test_the_encoding_is_the_documented_one() -> None:
    entry = Entry(at=START, event=Event.REFUSED, outcome=Outcome.REFUSED, reason="no", address="10.0.0.1")
    assert number(encode_entry(entry), 7) == (
        b'{"address":"10.0.0.1","at":"2026-03-01T08:00:00.000000Z","event":"refused","outcome":"refused",'
        b'"reason":"no","tree_index":7}'
    )


def test_what_was_encoded_is_decoded() -> None:
    assert Entry.decode(number(encode_entry(FULL), 12)) == replace(FULL, tree_index=12)


def test_the_number_may_be_put_at_the_end_because_its_name_sorts_last() -> None:
    assert max(field.name for field in fields(Entry)) == "tree_index"


@given(name=text, reason=text, detail=st.dictionaries(st.text("abc_"), text | st.booleans() | st.integers(-9, 9**9)))
def test_the_encoding_is_that_of_an_independent_encoder(name: str, reason: str, detail: dict[str, str]) -> None:
    data = number(encode_entry(Entry(at=START, event="x", name=name, reason=reason, detail=detail)), 3)
    again = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == data
    decoded = Entry.decode(data)
    assert (decoded.name, decoded.reason, decoded.detail) == (name, reason, detail)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"event":"x"}',
        b'{"at":"2026-03-01T08:00:00.000000Z"}',
        b'{"at":"2026-03-01T08:00:00Z","event":"x"}',
        b'{"at":"2026-03-01T08:00:00.000000Z", "event":"x"}',
        b'{"event":"x","at":"2026-03-01T08:00:00.000000Z"}',
        b'{"at":"2026-03-01T08:00:00.000000Z","event":1}',
        b'{"at":"2026-03-01T08:00:00.000000Z","event":"x","tree_index":"1"}',
        b'{"at":"2026-03-01T08:00:00.000000Z","event":"x","roles":"a"}',
        b'{"at":"2026-03-01T08:00:00.000000Z","disclosed":[["a"]],"event":"x"}',
        b'{"at":"2026-03-01T08:00:00.000000Z","at":"2026-03-01T08:00:00.000000Z","event":"x"}',
    ],
)
def test_other_bytes_are_not_an_entry(data: bytes) -> None:
    with pytest.raises(ValueError):
        Entry.decode(data)


def test_fields_of_a_later_version_are_left_aside() -> None:
    data = b'{"at":"2026-03-01T08:00:00.000000Z","event":"x","later":{"a":1}}'
    assert Entry.decode(data) == Entry(at=START, event="x")


def test_the_longest_entry_fits_and_one_byte_more_does_not() -> None:
    bare = Entry(at=START, event="x", reason="")
    room = MAX_LEDGER_ENTRY - len(number(encode_entry(replace(bare, reason="r")), 10**15)) + 1
    fitting = replace(bare, reason="r" * (room - 16))
    assert len(number(encode_entry(fitting), 10**15)) <= MAX_LEDGER_ENTRY
    with pytest.raises(EntryUnfit, match="over the ceiling"):
        encode_entry(replace(bare, reason="r" * (room + 1)))


@pytest.mark.parametrize(
    "odd",
    [
        {"reason": "\ud800"},
        {"counts": {"bytes": 2**53}},
        {"detail": {"ä": 1}},
        {"detail": {"x": 1.5}},
        {"at": datetime(2026, 1, 1)},
    ],
)
def test_what_has_no_encoding_counts_as_a_ledger_that_cannot_be_written(odd: dict[str, object]) -> None:
    with pytest.raises(LedgerFault):
        encode_entry(replace(Entry(at=START, event="x"), **odd))


def test_a_page_of_the_longest_answers_fits_one_entry() -> None:
    answers = tuple(Disclosed("1" * 64, f"{i:032x}") for i in range(500))
    encode_entry(replace(FULL, disclosed=answers))


def test_long_disclosures_are_split_without_loss() -> None:
    answers = tuple(Disclosed(f"1.{i}") for i in range(1201))
    parts = in_parts(dataclasses.replace(FULL, disclosed=answers))
    assert [len(part.disclosed) for part in parts] == [500, 500, 201]
    assert tuple(d for part in parts for d in part.disclosed) == answers
    assert in_parts(FULL) == [FULL]


def test_times_are_written_in_utc_and_sort_as_text() -> None:
    east = START.astimezone(timezone(timedelta(hours=5)))
    assert time_text(east) == time_text(START) == "2026-03-01T08:00:00.000000Z"
    assert time_of(time_text(START + timedelta(microseconds=1))) == START + timedelta(microseconds=1)
