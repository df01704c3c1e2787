"""The PDF: tagged, titled, and text stays text."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

from helpers.report_world import model
from helpers.survey_world import SEEN, system
from leadglass.report.language import language
from leadglass.report.model import CaseRow
from leadglass.report.pdf import pdf_of
from leadglass.report.pdf.typesetting import _case
from leadglass.survey.observation import Software
from leadglass.survey.target import Place


def inside(document: bytes) -> bytes:
    """With its compressed streams opened."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL)
    opened = []
    for stream in streams:
        try:
            opened.append(zlib.decompress(stream))
        except zlib.error:
            opened.append(stream)
    return document + b"\n".join(opened)


def test_it_is_tagged_as_pdf_ua_1() -> None:
    text = inside(pdf_of(model()))
    assert re.search(rb"pdfuaid:part>\s*1\s*<", text)
    assert b"/StructTreeRoot" in text
    assert re.search(rb"/Marked true", text)
    assert re.search(rb"/Lang ?\(en\)", text)
    assert b"/TH" in text
    assert b"/Alt" in text


def test_names_are_never_markup() -> None:
    hostile = '#panic("x") *b* $ $ #include "/etc/passwd" <a> @b \\ `c`'
    place = Place(organisation=hostile, country="IN", state=hostile)
    assert pdf_of(model([system(place=place, software=Software(product=hostile))])).startswith(b"%PDF")


def test_what_is_withheld_is_set_too() -> None:
    assert pdf_of(model(min_cell=5, hides_addresses=True, hides_organisations=True)).startswith(b"%PDF")


def test_an_open_case_without_a_clock_is_not_called_closed() -> None:
    case = CaseRow(id="C-0001", organisation="", address="", state="open", opened=SEEN)
    assert _case(case, language("en"))[-1] == "–"
    assert (
        _case(replace(case, state="closed", closed=SEEN), language("en"))[-1]
        == "closed 14\N{NO-BREAK SPACE}Sep\N{NO-BREAK SPACE}2026"
    )
    assert (
        _case(replace(case, law="HIPAA", due=SEEN), language("en"))[-1]
        == "HIPAA: 14\N{NO-BREAK SPACE}Sep\N{NO-BREAK SPACE}2026, 08:30 UTC"
    )
