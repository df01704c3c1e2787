"""Reading the query parameters of a search (PS3.18 §8.3.4): which attributes must match what, and what is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from leadglass.archive.finding import SEQUENCE_ITEMS
from leadglass.archive.matching import parse_match
from leadglass.dicom.dictionary import keyword_of, tag_of, vr_of
from leadglass.store.index.attributes import ATTRIBUTES, Kind, supports
from leadglass.store.index.matching import AnyOf, Empty, Fuzzy, Items, Match, QueryLevel, Single, Universal
from leadglass.terms.ceilings import MAX_IDENTIFIER, MAX_SEARCH_ANSWERS, MAX_SEARCH_PARAMETERS, MAX_SEARCH_VALUE
from leadglass.terms.errors import CeilingReached, PeerAnswer, PeerViolation
from leadglass.terms.ids import is_uid

__all__ = ["SearchRequest", "read_search_request"]

_SWITCHES: Final = ("fuzzymatching", "emptyvaluematching", "multiplevaluematching")
_NUMBERS: Final = ("limit", "offset")
_ELSEWHERE: Final = ("accept", "charset")  # of the media type, not of the search
_ITEMS: Final = "RequestAttributesSequence"
_ABOVE: Final = {
    QueryLevel.STUDY: (),
    QueryLevel.SERIES: ("PatientName",),
    QueryLevel.IMAGE: ("PatientName", "Modality"),
}
"""One attribute of each level above brings all the others with it."""
_LARGEST_NUMBER: Final = 1_000_000_000
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}\Z")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_KEY_OF: Final = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID"}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search, understood."""

    level: QueryLevel
    keys: Mapping[str, Match]
    include: frozenset[str] = frozenset()
    """Keywords asked for beyond what every answer of the level holds."""
    offset: int = 0
    limit: int = MAX_SEARCH_ANSWERS
    notes: tuple[str, ...] = ()
    """What was not done as asked, in words for the caller (header Warning 299); never a value from the request."""


def read_search_request(
    level: QueryLevel, parameters: Sequence[tuple[str, str]], within: Mapping[str, str]
) -> SearchRequest:
    """The search that `parameters` ask for, below what the path names (`within`: "study" and "series" → UID).

    Where the path names no study the search is relational, and its answers hold the levels above, too (§10.6.3.3).
    PeerViolation names the parameter and the rule, never the value; CeilingReached if there are too many or too long.
    """
    if len(parameters) > MAX_SEARCH_PARAMETERS:
        raise _too_much("MAX_SEARCH_PARAMETERS", MAX_SEARCH_PARAMETERS, len(parameters))
    said = _Said(level)
    for name, value in parameters:
        said.read_setting(name, value)
    for name, value in parameters:
        said.read_key(name, value)
    for level_name, uid in within.items():
        said.lie_within(_KEY_OF[level_name], uid)
    if "study" not in within:
        said.include.update(_ABOVE[level])
    return said.request()


@dataclass(slots=True)
class _Said:
    """What has been read so far."""

    level: QueryLevel
    keys: dict[str, Match] = field(default_factory=dict)
    include: set[str] = field(default_factory=set)
    switches: dict[str, bool] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    unmatched: list[str] = field(default_factory=list)  # attributes that are no keys of this level
    unknown: int = 0

    def read_setting(self, name: str, value: str) -> None:
        """limit, offset, includefield and the switches: they may come after the keys they speak of."""
        if name == "includefield":
            self._include(value)
        elif name in _SWITCHES:
            self._once(name)
            if value not in ("true", "false"):
                raise _violation(f"{name} must be true or false", "PS3.18 §8.3.4")
            self.switches[name] = value == "true"
        elif name in _NUMBERS:
            self._once(name)
            if not (value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= _LARGEST_NUMBER):
                raise _violation(f"{name} must be a number from 0 to {_LARGEST_NUMBER}", "PS3.18 §8.3.4.4")
            self.numbers[name] = int(value)

    def read_key(self, name: str, value: str) -> None:
        if name == "includefield" or name in _SWITCHES or name in _NUMBERS or name in _ELSEWHERE:
            return
        path = [_keyword(part) for part in name.split(".")]
        if not all(path):
            self.unknown += 1
            return
        keyword = ".".join(path)
        self._once(keyword)
        match path:
            case [only] if supports(only, self.level) and only != _ITEMS and _is_matched(only):
                self.keys[only] = self._match(only, value)
            case [sequence, item] if (
                sequence == _ITEMS and item in SEQUENCE_ITEMS[_ITEMS] and supports(_ITEMS, self.level)
            ):
                before = self.keys.get(_ITEMS)
                others = before.keys if isinstance(before, Items) else {}
                self.keys[_ITEMS] = Items({**others, item: self._match(item, value)})
            case _:
                self.unmatched.append(keyword)

    def lie_within(self, keyword: str, uid: str) -> None:
        """The path says the same as a key would; if there is such a key, too, they must agree."""
        said = self.keys.get(keyword, Universal())
        agree = (
            said.value == uid if isinstance(said, Single) else uid in said.values if isinstance(said, AnyOf) else True
        )
        if not agree:
            raise _violation(f"{keyword} is another one than the path names", "PS3.18 §10.6.1.2.1")
        self.keys[keyword] = Single(uid)

    def request(self) -> SearchRequest:
        asked = self.numbers.get("limit", MAX_SEARCH_ANSWERS)
        keys = {keyword: match for keyword, match in self.keys.items() if not isinstance(match, Universal)}
        limit = min(asked, MAX_SEARCH_ANSWERS)
        return SearchRequest(
            self.level, keys, frozenset(self.include), self.numbers.get("offset", 0), limit, tuple(self._notes())
        )

    def _notes(self) -> list[str]:
        notes = []
        if self.unmatched:
            more = f" and {len(self.unmatched) - 8} more" if len(self.unmatched) > 8 else ""
            notes.append(f"Not matched at this level and passed over: {', '.join(self.unmatched[:8])}{more}")
        if self.unknown:
            notes.append(f"{self.unknown} query parameters are no attributes and were passed over")
        return notes

    def _include(self, value: str) -> None:
        """One attribute, several with commas between, or all (§8.3.4.3). What is not kept is not there to include."""
        if len(value) > MAX_SEARCH_VALUE:
            raise _too_much("MAX_SEARCH_VALUE", MAX_SEARCH_VALUE, len(value))
        if value == "all":
            self.include.update(keyword for keyword in ATTRIBUTES if supports(keyword, self.level))
            return
        for name in value.split(","):
            keyword = _keyword(name.strip())
            if supports(keyword, self.level):
                self.include.add(keyword)

    def _match(self, keyword: str, value: str) -> Match:
        vr = vr_of(tag_of(keyword))
        most = MAX_IDENTIFIER if vr == "UI" else MAX_SEARCH_VALUE
        if len(value) > most:
            raise _too_much("MAX_IDENTIFIER" if vr == "UI" else "MAX_SEARCH_VALUE", most, len(value))
        if _CONTROL.search(value):
            raise _violation(f"{keyword} holds a control character", "PS3.5 §6.2")
        if value == '""' and self.switches.get("emptyvaluematching"):
            return Empty()
        if ATTRIBUTES[keyword].kind in (Kind.PATIENT_NAME, Kind.NAME) and self.switches.get("fuzzymatching"):
            return Fuzzy(value) if value.strip() else Universal()
        if vr in ("UI", "CS"):  # whose values hold no comma: a list (§8.3.4.1)
            value = value.replace(",", "\\")
        match = parse_match(keyword, vr, value)
        if vr == "UI" and not all(map(is_uid, _values(match))):
            raise _violation(f"{keyword} is not a list of UIDs", "PS3.5 §9.1")
        return match

    def _once(self, name: str) -> None:
        if name in self.seen:
            raise _violation(f"{name} is given more than once", "PS3.18 §8.3.4.1")
        self.seen.add(name)


def _values(match: Match) -> tuple[str, ...]:
    return (match.value,) if isinstance(match, Single) else match.values if isinstance(match, AnyOf) else ()


def _is_matched(keyword: str) -> bool:
    """False for what can be answered, but not asked for: the counts."""
    return ATTRIBUTES[keyword].column != ""


def _keyword(name: str) -> str:
    """The keyword that a keyword or a tag of eight hex digits means; "" if the dictionary knows no such attribute."""
    if _TAG.match(name):
        return keyword_of(int(name, 16))
    try:
        tag_of(name)
    except KeyError:
        return ""
    return name


def _violation(what: str, clause: str) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(), clause=clause)


def _too_much(ceiling: str, limit: int, seen: int) -> CeilingReached:
    return CeilingReached(ceiling, limit, seen, answer=PeerAnswer())
