"""The notice of a case as values, and the two forms it is written in."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final, Protocol

import msgspec
from minijinja import Environment
from msgspec import structs

from leadglass.survey.cases.case import Case
from leadglass.survey.cases.clocks import deadlines
from leadglass.survey.cases.notice.proving import commands
from leadglass.survey.scope.calling import caller_for
from leadglass.survey.scope.document import Authority

__all__ = ["LANGUAGES", "LeakWords", "Packet", "WordsFor", "write_packet"]

LANGUAGES: Final = ("en", "de")
_WIDTH: Final = 96


class LeakWords(Protocol):
    """What a rule says in one language."""

    @property
    def title(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def advice(self) -> str: ...


WordsFor = Callable[[str, str, str], LeakWords]
"""(rule, product, language) → its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A notice, ready to be sent."""

    language: str
    subject: str
    text: str
    html: str


def write_packet(case: Case, authority: Authority, words_for: WordsFor, *, language: str, now: datetime) -> Packet:
    """The notice of a case in one of LANGUAGES."""
    words = dict(_words(language))
    words["subject"] = words["subject"].format(address=case.address)
    words["greeting"] = words["greeting"].format(address=case.address)
    words["tell_us"] = words["tell_us"].format(contact=authority.contact.removeprefix("mailto:"))
    values = {"w": words, "n": _values(case, authority, words_for, words, language, now)}
    environment = _environment()
    return Packet(
        language=language,
        subject=words["subject"],
        text=environment.render_template("notice.txt", **values).rstrip() + "\n",
        html=environment.render_template("notice.html", **values),
    )


def _values(
    case: Case, authority: Authority, words_for: WordsFor, words: Mapping[str, str], language: str, now: datetime
) -> dict[str, Any]:
    seen = case.last_seen
    leaks = [words_for(leak.rule, leak.product, language) for leak in seen.leaks]
    return {
        "language": language,
        "case": case.id,
        "date": f"{now:%Y-%m-%d}",
        "organisation": case.opened.organisation,
        "address": case.address,
        "ports": ", ".join(map(str, seen.ports)),
        "product": seen.product,
        "since": f"{case.opened.at:%Y-%m-%d}",
        "last_seen": f"{seen.at:%Y-%m-%d %H:%M} UTC",
        "caller": asdict(caller_for(authority)),
        "is_archive": seen.is_archive,
        "records": _number(seen.records, words),
        "images": _number(seen.images, words),
        "leaks": [{"title": leak.title, "what": leak.what} for leak in leaks],
        "steps": list(dict.fromkeys(leak.advice for leak in leaks if leak.advice)),
        "commands": [command for door in seen.doors for command in commands(case.address, door)],
        "deadlines": _deadlines(case, words, language, now),
        "authority": structs.asdict(authority),
    }


def _number(count: int | None, words: Mapping[str, str]) -> str:
    return f"{words['at_least']} {count:,}".replace(",", words["thousands"]) if count else ""


def _deadlines(case: Case, words: Mapping[str, str], language: str, now: datetime) -> list[dict[str, str]]:
    told_at = case.noticed_at or now
    return [
        {
            "law": deadline.law,
            "what": deadline.what,
            "within": _span(deadline.within, words),
            "due": f"{deadline.due:%Y-%m-%d %H:%M} UTC" if deadline.due else "",
        }
        for deadline in deadlines(case.opened.country, case.last_seen.records, told_at, language)
    ]


def _span(within: timedelta, words: Mapping[str, str]) -> str:
    hours = int(within.total_seconds() // 3600)
    return f"{hours // 24} {words['days']}" if hours > 72 else f"{hours} {words['hours']}"


def _wrap(text: str, indent: int = 0, first: str = "") -> str:
    """On lines of a mail's width, indented; `first` stands in the margin of the first one."""
    margin = " " * indent
    return textwrap.fill(text, _WIDTH, initial_indent=first or margin, subsequent_indent=margin, break_on_hyphens=False)


@cache
def _words(language: str) -> Mapping[str, str]:
    return msgspec.toml.decode(files(__package__).joinpath(f"{language}.toml").read_bytes(), type=dict[str, str])


@cache
def _environment() -> Environment:
    environment = Environment(loader=lambda name: files(__package__).joinpath(name).read_text("utf-8"))
    environment.add_filter("wrap", _wrap)
    return environment
