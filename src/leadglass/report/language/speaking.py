"""A language: words by their key, numbers and dates as its readers write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from leadglass.report.model import NOT_MEASURED, Figure, Four

__all__ = ["LANGUAGES", "Language", "language"]

LANGUAGES: Final = ("en", "de")
_HERE: Final = Path(__file__).parent
_NBSP: Final = "\N{NO-BREAK SPACE}"
_SIZES: Final = (10**9, 10**6, 10**3)

Word: TypeAlias = str | tuple[str, str]


class _Writing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How numbers and dates are written."""

    thousands: str
    decimal: str
    units: tuple[str, str, str]  # of 10⁹, 10⁶, 10³
    spelt: tuple[str, str]  # the first two in full
    months: tuple[str, ...]
    day: str
    moment: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    writing: _Writing
    words: dict[str, dict[str, Word]]
    reasons: dict[str, str] = {}  # by the survey's own sentence, where "*" stands for what differs


@dataclass(frozen=True, slots=True)
class Language:
    """Say a word by calling it with its key: `say("map.heading")`."""

    code: str
    table: _Table
    countries: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: str, n: Figure | None = None, **values: object) -> str:
        """The words of a key, with `n` and other values put in. KeyError for a key that there is not."""
        section, _, name = key.partition(".")
        word = self.table.words[section][name]
        if isinstance(word, tuple):
            word = word[0] if n == 1 else word[1]
        if n is None and not values:
            return word
        filled = {name: self.figure(value) if isinstance(value, int) else value for name, value in values.items()}
        return word.format(n="" if n is None else self.spoken(n), **filled)

    def knows(self, key: str) -> bool:
        """Whether it has the word."""
        section, _, name = key.partition(".")
        return name in self.table.words.get(section, ())

    def named(self, section: str, name: str) -> str:
        """The word for a name of the survey's; the name itself where it is a stranger's."""
        return self(f"{section}.{name}") if self.knows(f"{section}.{name}") else name

    def because(self, reason: str) -> str:
        """A sentence of the survey, said in this language; as it is if it is unknown."""
        for pattern, words in self.table.reasons.items():
            if found := re.fullmatch("(.*)".join(map(re.escape, pattern.split("*"))), reason):
                return words.format(*found.groups())
        return reason

    def country(self, code: str, otherwise: str) -> str:
        """Of ISO 3166-1 alpha-2."""
        return self.countries.get(code, otherwise)

    def figure(self, value: Figure) -> str:
        """In full: "24,300,000", "<5", "–" for what was not measured."""
        if isinstance(value, int):
            return f"{value:,}".replace(",", self.table.writing.thousands)
        return self("figures.none") if value == NOT_MEASURED else self.named("figures", value)

    def spoken(self, value: Figure) -> str:
        """In a sentence: "194,100", "24.3 million", "fewer than 5"."""
        if isinstance(value, int):
            spelt = self.table.writing.spelt
            return self._scaled(value, spelt, least=999_500) or self.figure(value)
        if value.startswith("<"):
            return self("figures.fewer", int(value[1:]))
        return self.figure(value) if value == NOT_MEASURED else self("figures.untold")

    def systems(self, value: Figure) -> str:
        """ "12 systems", or what stands in place of their number."""
        return self("figures.systems", value) if isinstance(value, int) else self.figure(value)

    def compact(self, value: Figure) -> str:
        """For headlines: "24.3 M", "737 M", "1.19 bn"; three digits that count."""
        if not isinstance(value, int):
            return self.figure(value)
        return self._scaled(value, self.table.writing.units, least=10_000) or self.figure(value)

    def _scaled(self, value: int, units: tuple[str, ...], *, least: int) -> str:
        for size, unit in zip(_SIZES, units, strict=False):
            if value >= max(size * 0.9995, least):
                scaled = value / size
                digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
                return f"{self.decimal(scaled, digits)}{_NBSP}{unit}"
        return ""

    def decimal(self, value: float, digits: int = 1) -> str:
        """ "9.8"."""
        return f"{value:.{digits}f}".replace(".", self.table.writing.decimal)

    def bound(self, four: Four, name: str) -> str:
        """What stands before that count: "≥ " if it is a lower bound, else nothing."""
        return f"≥{_NBSP}" if name in four.at_least else ""

    def share(self, part: Figure, whole: Figure) -> str:
        """In percent, "" if it cannot be said."""
        if not isinstance(part, int) or not isinstance(whole, int) or not whole:
            return ""
        percent = 100 * part / whole
        return f"{self.decimal(percent, 0 if percent >= 10 or not part else 1)}{_NBSP}%"

    def day(self, at: datetime | None) -> str:
        """ "14 Sep 2026"."""
        if at is None:
            return self("figures.none")
        utc, writing = at.astimezone(UTC), self.table.writing
        return writing.day.format(day=utc.day, month=writing.months[utc.month - 1], year=utc.year)

    def moment(self, at: datetime | None) -> str:
        """ "14 Sep 2026, 08:30 UTC"."""
        if at is None:
            return self("figures.none")
        return self.table.writing.moment.format(day=self.day(at), time=f"{at.astimezone(UTC):%H:%M}")


@cache
def language(code: str) -> Language:
    """The first of all where there is none of that code."""
    code = code if code in LANGUAGES else LANGUAGES[0]
    table = msgspec.toml.decode((_HERE / f"{code}.toml").read_bytes(), type=_Table)
    names = _HERE / "countries" / f"{code}.toml"
    countries = msgspec.toml.decode(names.read_bytes(), type=dict[str, str]) if names.exists() else {}
    return Language(code, table, countries)
