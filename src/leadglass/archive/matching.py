"""Reading one query key: which kind of matching its text asks for (PS3.4 §C.2.2.2)."""

from __future__ import annotations

import re

from leadglass.archive.levels import IDENTIFIER_DOES_NOT_MATCH
from leadglass.store.index.matching import AnyOf, Match, Range, Single, Universal, Wildcard
from leadglass.terms.errors import PeerAnswer, PeerViolation

__all__ = ["parse_match"]

_RANGED = {
    "DA": re.compile(r"\d{8}\Z|\d{4}\.\d{2}\.\d{2}\Z"),
    "TM": re.compile(r"\d{2}(:?\d{2}(:?\d{2}(\.\d{1,6})?)?)?\Z"),
    "DT": re.compile(r"\d{4,14}(\.\d{1,6})?([+-]\d{4})?\Z"),
}
# VRs whose values may hold wild cards (§C.2.2.2.4): text, but not dates, numbers or UIDs.
_WITH_WILDCARDS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})


def parse_match(keyword: str, vr: str, text: str) -> Match:
    """The matching that `text` asks for. PeerViolation (A900) names the attribute if it is not a legal key."""
    if text == "":
        return Universal()
    if vr in _RANGED:
        return _date_or_time(keyword, vr, text)
    if vr == "UI" or "\\" in text:
        return _list(vr, text)
    if vr in _WITH_WILDCARDS and ("*" in text or "?" in text):
        return Universal() if set(text) == {"*"} else Wildcard(text)
    return Single(text)


def _list(vr: str, text: str) -> Match:
    values = tuple(value.strip(" \0") for value in text.split("\\"))
    kept = tuple(value for value in values if value)
    if not kept:
        return Universal()
    if vr == "UI" and kept == ("*",):  # not in the standard, but a common way to ask for all
        return Universal()
    return Single(kept[0]) if len(kept) == 1 else AnyOf(kept)


def _date_or_time(keyword: str, vr: str, text: str) -> Match:
    bare = text.strip()
    if bare in ("", "*", "-"):
        return Universal()
    one = _RANGED[vr]
    if one.match(bare):
        return Single(_compact(vr, bare))
    # A DT may carry a negative offset, so every hyphen is tried as the one between the two ends.
    for hyphen in (found.start() for found in re.finditer("-", bare)):
        first, last = bare[:hyphen].strip(), bare[hyphen + 1 :].strip()
        if (not first or one.match(first)) and (not last or one.match(last)):
            return Range(_compact(vr, first), _compact(vr, last))
    raise PeerViolation(
        f"the query key {keyword} is neither a value nor a range of its VR {vr}",
        answer=PeerAnswer(status=IDENTIFIER_DOES_NOT_MATCH),
        clause="PS3.4 §C.2.2.2.5",
    )


def _compact(vr: str, value: str) -> str:
    """Without the separators of ACR-NEMA 2.0 dates and times, which PS3.5 §6.2 still lets readers meet."""
    if vr == "DA":
        return value.replace(".", "")
    return value.replace(":", "") if vr == "TM" else value
