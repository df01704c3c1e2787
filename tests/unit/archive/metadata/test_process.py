"""The process that reads headers, in this process: each question has its answer, and nothing ends it but the end."""

from __future__ import annotations

import io
import json

from helpers.archive_world import EXPLICIT, data_set
from helpers.samples import explicit, implicit, item, sequence
from leadglass.archive.metadata.process import serve
from leadglass.archive.metadata.wire import ANSWER, QUESTION, Outcome, Verb
from leadglass.dicom.uids import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN

RENDER, LOCATE = Verb.RENDER, Verb.LOCATE
DONE, MORE, SO_FAR, FAILED = Outcome


def question(
    verb: Verb, given: bytes, length: int | None = None, argument: str = "", syntax: str = EXPLICIT, more: bool = True
) -> bytes:
    whole = len(given) if length is None else length
    head = QUESTION.pack(verb, syntax.encode(), whole, more, len(argument), len(given))
    return head + argument.encode() + given


def answers(*questions: bytes) -> list[tuple[Outcome, bytes]]:
    """The answers; the first word, that it is ready, is left out."""
    out = io.BytesIO()
    serve(io.BytesIO(b"".join(questions)), out)
    out.seek(0)
    found = []
    while head := out.read(ANSWER.size):
        outcome, length = ANSWER.unpack(head)
        found.append((Outcome(outcome), out.read(length)))
    assert found.pop(0) == (DONE, b"")
    return found


def test_a_header_is_rendered_and_its_pixels_are_a_uri_behind_the_mark() -> None:
    content = data_set()
    [(outcome, written)] = answers(question(RENDER, content, argument="/place/"))
    assert outcome is DONE
    assert b'"BulkDataURI":"\x01/place/7FE00010"' in written
    assert json.loads(written.replace(b"\x01", b"https://here"))["00100010"]["Value"] == [{"Alphabetic": "Doe^Jane"}]


def test_a_value_cannot_pass_itself_off_as_a_mark() -> None:
    [(_, written)] = answers(question(RENDER, data_set(PatientName="\x01/place/")))
    assert written.count(b"\x01") == 1, "the one before the URI of the pixels"


def test_native_pixels_need_not_be_given() -> None:
    content = data_set(pixels=bytes(5000))
    [(outcome, written)] = answers(question(RENDER, content[:300], len(content)))
    assert (outcome, json.loads(written.replace(b"\1", b""))["7FE00010"]["BulkDataURI"]) == (DONE, "7FE00010")


def test_what_may_stand_behind_the_pixels_is_asked_for_and_shown() -> None:
    content = data_set(pixels=bytes(5000)) + explicit(0xFFFAFFFA, "SQ")
    cut, whole = answers(question(RENDER, content[:300], len(content)), question(RENDER, content))
    assert (cut[0], whole[0]) == (SO_FAR, DONE)
    assert (b"FFFAFFFA" in cut[1], b"FFFAFFFA" in whole[1]) == (False, True)


def test_a_header_that_goes_on_wants_more_unless_there_is_no_more() -> None:
    content = data_set()
    beginning = content[:100]
    again, last = answers(
        question(RENDER, beginning, len(content)), question(RENDER, beginning, len(content), more=False)
    )
    assert again == (MORE, b"")
    assert last[0] is DONE
    deflated = answers(question(RENDER, b"\x4b", 100, syntax=DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN))
    assert deflated == [(MORE, b"")]


def test_what_cannot_be_read_fails_with_its_kind_alone_and_the_next_one_is_answered() -> None:
    no_data_set = explicit(0x00081140, "SQ", b"Doe^Jane" * 2)
    failed, fine = answers(question(RENDER, no_data_set), question(RENDER, data_set()))
    assert failed == (FAILED, b"PeerViolation")
    assert fine[0] is DONE
    assert answers(question(RENDER, data_set(), syntax="1.2.3.4"))[0][0] in (DONE, FAILED)


def test_values_are_located_by_their_paths() -> None:
    nested = sequence(0x00081140, item(explicit(0x00280010, "US", b"\1\0")), item(explicit(0x00091002, "OB", b"abcd")))
    content = nested + data_set()
    inside, pixels, text, absent, cut = answers(
        question(LOCATE, content, argument="00081140/1/00091002"),
        question(LOCATE, content, argument="7FE00010"),
        question(LOCATE, content, argument="00100010"),
        question(LOCATE, content, argument="00081140/5/00091002"),
        question(LOCATE, content[:60], len(content), argument="7FE00010"),
    )
    place = json.loads(inside[1])
    assert content[place["offset"] : place["offset"] + place["length"]] == b"abcd"
    assert json.loads(pixels[1])["offset"] == len(content) - 8
    assert (text, absent, cut) == ((DONE, b"null"), (DONE, b"null"), (MORE, b""))


def test_where_fragments_within_an_item_end_must_be_known() -> None:
    fragments = implicit(0xFFFEE000) + implicit(0xFFFEE000, b"ff") + implicit(0xFFFEE0DD)
    icon = explicit(0x7FE00010, "OB", fragments, length=0xFFFFFFFF)
    content = sequence(0x00880200, item(icon)) + data_set()
    cut, whole = answers(
        question(LOCATE, content[:40], len(content), argument="00880200/0/7FE00010"),
        question(LOCATE, content, argument="00880200/0/7FE00010"),
    )
    assert cut == (MORE, b"")
    place = json.loads(whole[1])
    assert (place["is_encapsulated"], place["length"]) == (True, len(fragments) - 8)
