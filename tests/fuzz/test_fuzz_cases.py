"""Invariant: whatever stands in a book of cases it is read or refused with words; what sources of owners say is clean.

LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from helpers.surveying import CALLER
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.owners import Owner, owners_in_rdap, owners_in_security_txt
from leadglass.survey.cases.security_txt import contacts_in, security_txt_talk
from leadglass.terms.errors import UserFault

_KINDS = ("opened", "seen", "reopened", "moved", "closed", "unanswered", "dismissed", "owner", "notice sent", "other")
_MOMENTS = ("2026-11-01T10:00:00Z", "2026-11-20T10:00:00+05:30", "0001-01-01T00:00:00Z", "2026-11-01T10:00:00")
_ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just("2026-11-01T10:00:00"))
_WHOLE: dict[str, Any] = {
    "run": "r",
    "address": "192.0.2.7",
    "rung": 4,
    "before": "192.0.2.8",
    "because": "x",
    "source": "scope",
    "to": "it@example.org",
    "records": 5,
    "doors": [{"port": 104, "service": "dicom"}],
}
_ENTITIES = st.recursive(
    st.one_of(_ODD, st.sampled_from(("abuse", "registrant", "fn", "email", "tel", "vcard", "a\u202eb\nc"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(st.sampled_from(("entities", "roles", "vcardArray", "name")), inner, max_size=4),
        st.fixed_dictionaries({"roles": st.just(["abuse"]), "vcardArray": inner, "entities": inner}),
    ),
    max_leaves=30,
)
_LINES = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from((b"Contact: mailto:a@example.org", b"CONTACT:\t\xff\xfe x", b"contact: https://example.org\r")),
        st.binary(max_size=12).map(lambda value: b"Contact: " + value),
    ),
    max_size=14,
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    case, at = draw(st.sampled_from(("C-0001", "C-0002", ""))), draw(st.sampled_from(_MOMENTS))
    event = {**_WHOLE, "event": draw(st.sampled_from(_KINDS)), "case": case, "at": at}
    return event | draw(st.dictionaries(st.sampled_from(sorted(event)), _ODD, max_size=1))


def looked_at(data: bytes) -> None:
    with TemporaryDirectory() as name:
        Path(name, "cases.jsonl").write_bytes(data)
        with suppress(UserFault):
            for number, case in CaseBook(Path(name)).cases.items():
                assert case.id == number
                assert case.history
                assert isinstance(case.days_open, int)
                assert case.features
                assert case.silent_since is None or case.silent_since.tzinfo


@fuzz_for(share=0.4)
@given(st.lists(events(), max_size=8))
def test_books_of_made_up_events(happened: list[dict[str, Any]]) -> None:
    previous, lines = "", []
    for event in happened:
        lines.append(msgspec.json.encode({"previous": previous, "event": event}))
        previous = sha256(lines[-1]).hexdigest()
    looked_at(b"\n".join(lines))


@fuzz_for(share=0.2)
@given(st.lists(events(), min_size=1, max_size=4), st.floats(0, 1), st.binary(max_size=6))
def test_damaged_books(happened: list[dict[str, Any]], where: float, what: bytes) -> None:
    data = b"\n".join(msgspec.json.encode({"previous": "", "event": event}) for event in happened)
    at = int(where * len(data))
    looked_at(data[:at] + what + data[at + len(what) :])
    looked_at(data[:at])


@fuzz_for(share=0.2)
@given(_ENTITIES)
def test_rdap_of_any_shape(document: Any) -> None:
    clean(owners_in_rdap(document))


@fuzz_for(share=0.2)
@given(_LINES, st.sampled_from((b"\n", b"\r\n", b"\r")), st.integers(1, 40))
def test_any_security_txt(lines: list[bytes], end: bytes, portion: int) -> None:
    body = end.join(lines)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    talk = security_txt_talk("http://192.0.2.7", CALLER)
    for at in range(0, len(answer), portion):
        talk.receive(answer[at : at + portion])
    contacts = contacts_in(talk)
    again = security_txt_talk("http://192.0.2.7", CALLER)
    again.receive(talk.reduced(answer))
    assert contacts_in(again) == contacts
    clean(owners_in_security_txt(contacts))


def clean(owners: list[Owner]) -> None:
    assert len(owners) <= 10
    for owner in owners:
        for text in (owner.name, owner.contact):
            assert len(text) <= 200
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
