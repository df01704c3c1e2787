"""Asking the deed of searching, and reading its DICOM JSON (PS3.18 §F.2) back into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.searching import QueryLevel, read_search_request, search
from leadglass.dicom.dictionary import tag_of
from leadglass.terms.outcome import Refused

__all__ = ["Answers", "Found", "find_all", "find_some"]


class Found:
    """One answer."""

    def __init__(self, json: bytes) -> None:
        self._attributes: Mapping[str, Any] = msgspec.json.decode(json)

    def all(self, keyword: str) -> Sequence[str]:
        """The values of an attribute as text; of a person name the written form, groups joined by "="."""
        values = self._attributes.get(f"{tag_of(keyword):08X}", {}).get("Value", ())
        return [_text(value) for value in values if value is not None]

    def one(self, keyword: str) -> str:
        """The first value, "" if there is none."""
        return next(iter(self.all(keyword)), "")

    def number(self, keyword: str, otherwise: int = 0) -> int:
        """The first value as a number; `otherwise` if it is none."""
        text = self.one(keyword)
        return int(text) if text.lstrip("-").isdecimal() and len(text) < 12 else otherwise


@dataclass(frozen=True, slots=True)
class Answers:
    """One page of answers; each was in the ledger before it came here."""

    found: Sequence[Found]
    has_more: bool


async def find_some(
    archive: Archive, caller: Caller, level: QueryLevel, asked: Sequence[tuple[str, str]], within: Mapping[str, str]
) -> Answers | Refused:
    """The answers to `asked` (keywords and values as in QIDO-RS, `limit` and `offset` among them), the newest study
    first, below what `within` names ("study", "series").

    PeerViolation says what cannot be asked; LedgerFault or StorageFault: nothing was disclosed.
    """
    answer = await search(archive, caller, read_search_request(level, asked, within))
    if isinstance(answer, Refused):
        return answer
    found = [Found(json) async for page in answer.pages for json in page]
    return Answers(found, answer.has_more)


async def find_all(
    archive: Archive, caller: Caller, level: QueryLevel, include: Sequence[str], within: Mapping[str, str], most: int
) -> Sequence[Found] | Refused:
    """Everything of a level below an entity, up to `most`."""
    asked = [("limit", str(most)), *(("includefield", keyword) for keyword in include)]
    answers = await find_some(archive, caller, level, asked, within)
    return answers if isinstance(answers, Refused) else answers.found


def _text(value: object) -> str:
    if isinstance(value, dict):
        groups = [str(value.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(groups).rstrip("=")
    return str(value)
