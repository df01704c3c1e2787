"""The PDF: tagged, titled, and text stays text."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader

from helpers.report_world import model
from helpers.survey_world import SEEN, system
from leadglass.report.language import LANGUAGES, language
from leadglass.report.model import CaseRow
from leadglass.report.pdf import pdf_of
from leadglass.report.pdf.typesetting import _case
from leadglass.survey.observation import Software
from leadglass.survey.target import Place


def root_of(document: bytes) -> Any:
    return PdfReader(io.BytesIO(document)).root_object


def elements(node: Any) -> Iterator[Any]:
    """The structure tree (ISO 32000-1 §14.7), in reading order."""
    node = node.get_object()
    for child in node if isinstance(node, list) else [node]:
        if isinstance(child := child.get_object(), dict):
            if "/S" in child:
                yield child
            if "/K" in child:
                yield from elements(child["/K"])


@pytest.mark.parametrize("code", LANGUAGES)
def test_it_is_tagged_as_pdf_ua_1(code: str) -> None:
    made = model(language=code)
    root = root_of(pdf_of(made))
    assert re.search(rb"pdfuaid:part>\s*1\s*<", root["/Metadata"].get_object().get_data())
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == (code, True)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert PdfReader(io.BytesIO(pdf_of(made))).metadata.title == made.title  # type: ignore[union-attr]


def test_its_structure_can_be_heard() -> None:
    found = list(elements(root_of(pdf_of(model()))["/StructTreeRoot"]))
    tags = Counter(one["/S"] for one in found)
    assert tags["/Figure"] == 2
    assert all(len(one["/Alt"]) > 40 for one in found if one["/S"] == "/Figure")
    assert tags["/Table"] == tags["/THead"] == 9
    assert all(one["/A"][0]["/Scope"] == "/Column" for one in found if one["/S"] == "/TH")
    levels = [int(one["/S"][2:]) for one in found if re.fullmatch(r"/H\d", one["/S"])]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(page["/Tabs"] == "/S" for page in PdfReader(io.BytesIO(pdf_of(model()))).pages)


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
