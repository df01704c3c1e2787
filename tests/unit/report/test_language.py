"""Every fixed word in every language, and no sentence of one in the pages of another."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from helpers.report_world import model
from helpers.survey_world import SEEN
from leadglass.report.geography import world
from leadglass.report.html import html_of
from leadglass.report.language import LANGUAGES, language
from leadglass.report.language.speaking import Word
from leadglass.report.model import Figure
from leadglass.survey.cases.case import CaseState
from leadglass.survey.cases.events import Event
from leadglass.survey.finding import Reality
from leadglass.survey.level import Level
from leadglass.survey.observation import Rung
from leadglass.survey.personal_data import KINDS

SOURCE = Path(__file__).parents[3] / "src" / "leadglass"


def holes(word: Word) -> set[str]:
    """What is put into it."""
    texts = [word] if isinstance(word, str) else list(word)
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_word_is_missing_in_any_language(code: str) -> None:
    ours, english = language(code).table.words, language("en").table.words
    assert {section: set(words) for section, words in ours.items()} == {s: set(w) for s, w in english.items()}
    for section, words in english.items():
        for name, word in words.items():
            assert holes(ours[section][name]) == holes(word), f"{section}.{name}"
    assert len(language(code).table.writing.months) == 12


BY_CODE = frozenset(
    [
        "rung",
        "rung_meaning",
        "level",
        "kind",
        "reality",
        "reality_meaning",
        "tls",
        "tls_meaning",
        "certificate",
        "class",
        "class_meaning",
        "severity",
        "case_state",
        "case_step",
        "part",
        "tile",
        "trend",
        "scope",
        "limits",
        "figures",
    ]
)
"""Sections whose words are chosen by a code of the survey's."""


def test_every_word_is_used_and_every_word_used_is_there() -> None:
    sources = [*SOURCE.glob("report/**/*.py"), *SOURCE.glob("report/**/*.html"), SOURCE / "app" / "reporting.py"]
    text = "".join(path.read_text() for path in sources)
    paper = (SOURCE / "report" / "pdf" / "report.typ").read_text()
    words = language("en").table.words
    keys = [f"{section}.{name}" for section in words if section not in BY_CODE for name in words[section]]
    assert [key for key in keys if not re.search(rf"[\"']{key}[\"']", text) and f"t.{key}" not in paper] == []
    used = {*re.findall(r"""(?:say|t)\(["']([a-z_]+\.[a-z_0-9]+)["']""", text)}
    used |= {f"{section}.{name}" for section, name in re.findall(r"\bt\.([a-z_]+)\.([a-z_]+)", paper)}
    assert len(used) > 100
    assert [key for key in used if not language("en").knows(key)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_that_a_survey_says_by_name_has_words(code: str) -> None:
    say = language(code)
    names = [f"kind.{kind}" for kind in KINDS] + [f"reality.{one}" for one in Reality]
    names += [f"rung.{int(rung)}" for rung in Rung] + [f"level.{int(level)}" for level in Level]
    names += [f"case_state.{state}" for state in CaseState]
    names += [f"case_step.{event.__struct_config__.tag}" for event in Event.__args__]  # type: ignore[attr-defined]
    assert [name for name in names if not say.knows(name)] == []


def reasons_in_source() -> Iterator[str]:
    """Every sentence that the survey gives as a sign, with "*" for what is put in."""
    for path in (SOURCE / "survey").rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                nodes = list(ast.walk(function))
                for given in filter(None, map(given_as_sign, nodes)):
                    yield from map(pattern, [given] if not isinstance(given, ast.Name) else assigned(given.id, nodes))


def given_as_sign(node: ast.AST) -> ast.expr | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    if node.func.id == "Fleet":
        return node.args[0]
    return next((k.value for k in node.keywords if k.arg == "why"), None) if node.func.id == "Sign" else None


def assigned(name: str, nodes: Sequence[ast.AST]) -> list[ast.expr]:
    found = [node for node in nodes if isinstance(node, ast.Assign)]
    return [one.value for one in found if any(isinstance(to, ast.Name) and to.id == name for to in one.targets)]


def pattern(value: ast.expr) -> str:
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)


def test_every_reason_can_be_said_in_german() -> None:
    said = {reason for reason in reasons_in_source() if " " in reason}
    assert len(said) > 12
    for reason in sorted(said):
        assert language("de").because(reason.replace("*", "50")) != reason.replace("*", "50"), reason
    assert language("de").because("3 systems in 4 networks show the same unrelated page at port 443") == (
        "3 Systeme in 4 Netzen zeigen an Port 443 dieselbe fremde Seite"
    )
    assert language("de").because("something new") == "something new"
    assert language("en").because("it holds nothing") == "it holds nothing"


def test_every_country_has_a_german_name() -> None:
    assert set(language("de").countries) == set(world().regions)


@pytest.mark.parametrize(
    ("value", "full", "spoken", "short"),
    [
        (9_999, "9.999", "9.999", "9.999"),
        (194_100, "194.100", "194.100", "194 Tsd."),
        (999_600, "999.600", "1,00 Millionen", "1,00 Mio."),
        (24_300_000, "24.300.000", "24,3 Millionen", "24,3 Mio."),
        (1_193_404_000, "1.193.404.000", "1,19 Milliarden", "1,19 Mrd."),
        ("<5", "<5", "weniger als 5", "<5"),
        ("withheld", "verdeckt", "eine nicht genannte Zahl", "verdeckt"),
        ("", "–", "–", "–"),
    ],
)
def test_numbers_as_german_readers_write_them(value: Figure, full: str, spoken: str, short: str) -> None:
    say = language("de")
    assert [
        text.replace("\N{NO-BREAK SPACE}", " ") for text in (say.figure(value), say.spoken(value), say.compact(value))
    ] == [
        full,
        spoken,
        short,
    ]


def test_dates_as_german_readers_write_them() -> None:
    say = language("de")
    assert say.moment(SEEN).replace("\N{NO-BREAK SPACE}", " ") == "14. September 2026, 08:30 UTC"
    assert (say.day(None), say.moment(None), say.share(1, 300)) == ("–", "–", "0,3\N{NO-BREAK SPACE}%")
    assert language("tlh").code == "en"


class Spoken(HTMLParser):
    """The texts of a page that are in its own language, with those that only some hear."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._foreign: list[bool] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.texts += [text for name in ("aria-label", "data-label") if (text := given.get(name))]
        if tag not in {"meta", "input", "rect", "path", "circle", "line", "br"}:
            self._foreign.append(tag in {"style", "script"} or ("lang" in given and tag != "html"))

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"meta", "input", "rect", "path", "circle", "line", "br"}:
            self._foreign.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._foreign):
            self.texts.append(data)


def test_a_german_page_holds_no_english() -> None:
    made = model(language="de")
    page = html_of(made)
    assert '<html lang="de">' in page
    found = " ".join(Spoken(page).texts)
    given = [part.name for part in made.reasons] + [credit.what for credit in made.credits]  # the survey's own texts
    given += [text for rule in made.rules for text in (rule.title, rule.what, rule.advice)]
    for text in sorted(given, key=len, reverse=True):
        found = found.replace(text, "")
    english = (
        r"\b(the|of|and|with|what|which|not|were|open|systems?|records|images|seen|then|now|before|withheld|after)\b"
    )
    assert [hit[0] for hit in re.finditer(rf".{{0,40}}{english}.{{0,40}}", found)] == []
    assert "Bildarchive wurden gefunden" in found
