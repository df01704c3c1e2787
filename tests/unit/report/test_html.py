"""The HTML report: one file, escaped, with nothing from elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from helpers.report_world import model
from helpers.survey_world import certificate, handshake, system
from leadglass.report.charts import slopes
from leadglass.report.html import html_of
from leadglass.report.html.page import _hash, _script, _style
from leadglass.report.language import language
from leadglass.report.model import Four, TrendRow
from leadglass.report.words import one_line
from leadglass.survey.observation import Sign, Software
from leadglass.survey.target import Place

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\u202egnp.exe'


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_nothing_is_fetched_from_anywhere() -> None:
    text = html_of(model())
    elements = Elements(text)
    addresses = [a.get("src") or a.get("href") for _, a in elements.found if a.get("src") or a.get("href")]
    assert all(address and address.startswith("#") for address in addresses)
    assert set(re.findall(r"url\(\"?([a-z#]+)", text)) == {"data", "#hatch", "#frame"}
    assert not elements.named("link")
    assert not elements.named("iframe")
    assert "@import" not in text


def test_the_policy_allows_this_style_and_script_alone() -> None:
    text = html_of(model())
    elements = Elements(text)
    (policy,) = [m["content"] for m in elements.named("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert _hash(_style()) in policy
    assert _hash(_script()) in policy
    assert "unsafe" not in policy
    assert not [a for _, a in elements.found if any(name == "style" or name.startswith("on") for name in a)]
    assert f"<style>{_style()}</style>" in text
    assert f"<script>{_script()}</script>" in text


def test_hostile_names_stay_text() -> None:
    place = Place(organisation=HOSTILE, country="<b>", state=HOSTILE)
    runs = Software(product=HOSTILE, version=HOSTILE, toolkit=HOSTILE)
    shown = [handshake(certificate("aa", organisation=HOSTILE))]
    signs = [Sign(means="real", why=HOSTILE, weight=1)]
    text = html_of(model([system(place=place, software=runs, handshakes=shown, kinds=[HOSTILE], signs=signs)]))
    elements = Elements(text)
    assert len(elements.named("script")) == 1
    assert not elements.named("img")
    assert "\u202e" not in text
    assert "alert(1)" in text
    assert "49" not in re.findall(r"onerror=alert\(2\)&gt;(.{0,10})", text)[0]


def test_landmarks_headings_and_alternatives_are_there() -> None:
    elements = Elements(html_of(model()))
    assert len(elements.named("main")) == len(elements.named("h1")) == 1
    assert elements.named("html")[0]["lang"] == "en"
    assert len(elements.named("caption")) == len(elements.named("table"))
    for svg in elements.named("svg"):
        assert svg.get("aria-hidden") == "true" or (svg.get("role") == "img" and svg.get("aria-label"))
    assert all(head.get("scope") for head in elements.named("th"))
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_sections_that_hold_nothing_are_not_there() -> None:
    text = html_of(model([]))
    for part in ("trend", "software", "findings", "leaks", "cases"):
        assert f'id="{part}"' not in text
        assert f'href="#{part}"' not in text


def test_the_slopes_show_no_row_without_figures() -> None:
    def row(name: str, before: int | str, after: int | str) -> TrendRow:
        return TrendRow(code="", name=name, before=Four(records=before), after=Four(records=after), judgement="bad")

    drawn = slopes([row("A", 10, 0), row("B", "<5", 7), row("C <i>", 5, 900)], "then", "now", language("en"))
    assert "B" not in re.findall(r"aria-label=\"([^\"]*)\"", drawn)[0].split(": ", 1)[1]
    assert "C &lt;i&gt;" in drawn
    assert slopes([row("A", 1, 2)], "then", "now", language("en")) == ""
    long = replace(row("Vereinigte Staaten", 7, 9), code="US")
    drawn = slopes([long, row("A very long name indeed", 5, 3)], "then", "now", language("en"))
    assert re.findall(r'text-anchor="start">([^<]*)<', drawn) == ["9  US", "3  A very long n…"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (999_499, "999 k"),
        (999_600, "1.00 M"),
        (24_300_000, "24.3 M"),
        (737_000_000, "737 M"),
        (1_193_404_000, "1.19 bn"),
        ("<5", "<5"),
        ("", "–"),
    ],
)
def test_large_numbers_as_people_say_them(value: int | str, shown: str) -> None:
    assert language("en").compact(value).replace("\N{NO-BREAK SPACE}", " ") == shown


def test_shares_and_lines() -> None:
    share = language("en").share
    assert share(590, 2300).replace("\N{NO-BREAK SPACE}", " ") == "26 %"
    assert share(1, 300).replace("\N{NO-BREAK SPACE}", " ") == "0.3 %"
    assert share("<5", 10) == share(1, 0) == ""
    assert one_line("a\r\nb\u202e\u200fc\u2028d") == "a bc d"


def test_a_page_stays_readable_however_many_systems_there_are() -> None:
    place = [Place(organisation=f"Example {number}", country="IN") for number in range(600)]
    many = [system(f"10.0.{n // 250}.{n % 250}", place=place[n], number=n + 1) for n in range(600)]
    text = html_of(model(many))
    assert text.count("The first 500 of 600") == 2
    assert len(text) < 2_000_000
