"""Web answers made up, cut and broken: never raised at, read alike in any portions, kept so as to say the same."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from helpers.web_visits import Pretender, replayed, visit
from leadglass.range.law import Law
from leadglass.survey.fingerprint_http import page_of
from leadglass.survey.observation import Act, Verdict
from leadglass.survey.personal_data import KINDS
from leadglass.survey.probes.http_asking import Answer, Ask
from leadglass.survey.probes.http_keeping import answers_shape, page
from leadglass.survey.probes.http_kinds import document_kinds, mapping_kinds, orthanc_kinds, patient_kinds, study_kinds
from leadglass.survey.probes.http_talk import HttpTalk
from leadglass.survey.probes.s3 import keys
from leadglass.terms.ceilings import MAX_COLLECTIONS

_PIECES = st.sampled_from(
    (
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 404 \n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"Content-Length: 4\r\n",
        b"Content-Length: 400\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Location: /login\r\n",
        b"Content-Type: application/json\r\n",
        b"Leadglass-Cut: 1\r\n",
        b"\r\n",
        b"\n",
        b"4\r\n",
        b"0\r\n\r\n",
        b"[]",
        b"[{",
        b'{"leadglass":"page","digest":"","kind":"OHIF","marks":[]}',
        b'{"kinds":["name"]}',
        b'{"ApiVersion":1,"Version":"1.2"}',
        b"<title>Index of /",
        b"<ListBucketResult><Contents><Key>",
        b"<title>OHIF Viewer</title>",
        b"\x15\x03\x01",
    )
)
_BYTES = st.lists(st.one_of(_PIECES, st.binary(max_size=6)), max_size=14).map(b"".join)
KINDS_OF = (document_kinds, mapping_kinds, orthanc_kinds, patient_kinds, study_kinds)
_NAMES = st.sampled_from(
    ("entry", "resource", "rows", "doc", "properties", "MainDicomTags", "PatientMainDicomTags", "PatientName", "name",
     "00100010", "00100030", "00120062", "Value", "vr", "birthDate", "kinds", "_id", "Doe")
)  # fmt: skip
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(("", " ", "^", "Doe^Anna", "YES", "name"))),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(_NAMES, below, max_size=4)),
    max_leaves=12,
)
_ASKS = (Ask("/", page, limit=200), Ask("/a", answers_shape, limit=200), Ask("/b", keys, limit=200))


def heard(data: bytes, portion: int) -> tuple[list[Answer], str, HttpTalk]:
    talk = HttpTalk(_ASKS, "http://h", "u")
    talk.begin()
    for start in range(0, len(data), portion):
        talk.receive(data[start : start + portion])
    talk.hung_up()
    return talk.answers, talk.language, talk


@fuzz_for(share=0.5)
@given(_BYTES, st.integers(1, 30))
def test_portions_make_no_difference_and_what_is_kept_says_the_same(data: bytes, portion: int) -> None:
    answers, _, talk = heard(data, len(data) + 1)
    assert heard(data, portion)[0] == answers == heard(data, 1)[0]
    kept = talk.reduced(data)
    again, _, twin = heard(kept, len(kept) + 1)
    assert again == answers
    assert twin.reduced(kept) == kept


@fuzz_for(share=0.3)
@given(_BYTES)
def test_a_visit_ends_whatever_is_said(data: bytes) -> None:
    played = visit(lambda _: Pretender(data), Law())
    assert len(played.calls) < 40
    assert all(
        t.act in (Act.SPEAK, Act.ENTER, Act.LIST, Act.QUERY) or t.verdict is not Verdict.OPEN
        for t in played.sighting.tries
    )
    assert replayed(played) == played.sighting


@fuzz_for(share=0.2)
@given(_BYTES)
def test_what_is_kept_of_a_body_is_short_and_final(body: bytes) -> None:
    for keep in (page, answers_shape, keys, *KINDS_OF):
        assert keep(keep(body)) == keep(body)
        assert len(keep(body)) < 400
    assert len(page_of(body).marks) < MAX_COLLECTIONS


@fuzz_for(share=0.2)
@given(_JSON, st.integers(0, 9))
def test_of_records_of_any_shape_only_words_of_ours_are_kept(records: object, cut: int) -> None:
    body = json.dumps(records).encode()
    for keep in KINDS_OF:
        kept = keep(body[: len(body) - cut])
        assert set(json.loads(kept)["kinds"]) <= set(KINDS)
        assert keep(kept) == kept
        assert b"Doe" not in kept
