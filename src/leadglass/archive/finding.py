"""The deed of finding: one SQL query under the caller's visibility, a page at a time, each page written down first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.levels import IDENTIFIER_DOES_NOT_MATCH, QUERY_RETRIEVE_LEVEL, UNIQUE_KEY, Root, read_level
from leadglass.archive.matching import parse_match
from leadglass.dicom.dictionary import keyword_of, vr_of
from leadglass.dicom.identifier import Identifier
from leadglass.gate.door import Disclosed
from leadglass.store.index.attributes import supports
from leadglass.store.index.matching import AnyOf, Items, Match, QueryLevel, Single, Universal
from leadglass.store.index.queries import find
from leadglass.terms.ceilings import MAX_FIND_PAGE
from leadglass.terms.errors import PeerAnswer, PeerViolation
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["SEQUENCE_ITEMS", "Answer", "FindRequest", "find_pages", "may_find", "read_find_request"]

_SPECIFIC_CHARACTER_SET = 0x0008_0005
_TIMEZONE_OFFSET = 0x0008_0201

Answer = Mapping[str, str]
"""One match: keyword → value, several values joined by backslash. A sequence is answered by the attributes of its
items (`SEQUENCE_ITEMS`), one value an item."""

SEQUENCE_ITEMS = {"RequestAttributesSequence": ("RequestedProcedureID", "ScheduledProcedureStepID")}


@dataclass(frozen=True, slots=True)
class FindRequest:
    """A query, understood. `returns` are the keywords asked for that we can answer, in the order they came."""

    root: Root
    level: QueryLevel
    keys: Mapping[str, Match]
    returns: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    """Keywords of optional keys we do not keep: the answer then says so with status FF01 (PS3.4 §C.4.1.1.4)."""


def read_find_request(identifier: Identifier, root: Root) -> FindRequest:
    """The query in an identifier. PeerViolation (A900) says what is wrong with it."""
    level = read_level(identifier, root)
    keys: dict[str, Match] = {}
    returns: list[str] = []
    ignored: list[str] = []
    for tag, value in identifier.items():
        if tag in (QUERY_RETRIEVE_LEVEL, _SPECIFIC_CHARACTER_SET, _TIMEZONE_OFFSET) or tag & 0xFFFF == 0:
            continue
        keyword = keyword_of(tag)
        if not supports(keyword, level):
            ignored.append(keyword or f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
            continue
        returns.append(keyword)
        match = parse_match(keyword, vr_of(tag), value) if isinstance(value, str) else _items_match(value)
        if not isinstance(match, Universal):
            keys[keyword] = match
    _check_upper_levels(keys, level, root)
    return FindRequest(root, level, keys, tuple(returns), tuple(ignored))


def _items_match(items: Sequence[Identifier]) -> Match:
    """Sequence matching: what the one item of the key says (§C.2.2.2.6)."""
    if not items:
        return Universal()
    keys = {
        keyword_of(tag): parse_match(keyword_of(tag), vr_of(tag), value)
        for tag, value in items[0].items()
        if isinstance(value, str) and keyword_of(tag)
    }
    asked = {keyword: match for keyword, match in keys.items() if not isinstance(match, Universal)}
    return Items(asked) if asked else Universal()


def _check_upper_levels(keys: Mapping[str, Match], level: QueryLevel, root: Root) -> None:
    """Hierarchical search wants the unique key of each level above (§C.4.1.2.1).

    A list is taken too, and none at all where it does not hurt: many clients ask so, and visibility bounds the answer.
    """
    for upper in QueryLevel:
        if not root.top <= upper < level:
            continue
        match = keys.get(UNIQUE_KEY[upper], Universal())
        if not isinstance(match, Single | AnyOf | Universal):
            raise PeerViolation(
                f"{UNIQUE_KEY[upper]} must be a single value or a list in a {level.name} level query",
                answer=PeerAnswer(status=IDENTIFIER_DOES_NOT_MATCH),
                clause="PS3.4 §C.4.1",
            )


async def find_pages(archive: Archive, caller: Caller, request: FindRequest) -> AsyncIterator[Sequence[Answer]]:
    """The matches the caller may see, in pages; each page is in the ledger before it is yielded.

    An empty answer is written down too. Raises LedgerFault (nothing was yielded for it) or StorageFault. The gate
    must have said before that the caller may query at all.
    """
    gate, database = archive.gate, archive.database
    visibility = await gate.visibility(caller.principal, Action.QUERY)
    wanted = [keyword for name in request.returns for keyword in SEQUENCE_ITEMS.get(name, (name,))]
    page: list[dict[str, str]] | None = None
    while page is None or len(page) == MAX_FIND_PAGE:
        after = page[-1] if page else None
        page = await database.read(find, request.level, request.keys, wanted, visibility, after)
        disclosed = [
            Disclosed(row["PatientID"], row["IssuerOfPatientID"], row.get("StudyInstanceUID", "")) for row in page
        ]
        await gate.record_query(
            caller.principal, caller.door, caller.address, request.level.name, sorted(request.keys), disclosed
        )
        if page:
            yield page


async def may_find(archive: Archive, caller: Caller) -> Refused | None:
    """None if the caller may query at all; otherwise the refusal, which is in the ledger."""
    decision = await archive.gate.admit(caller.principal, Action.QUERY)
    if not isinstance(decision, Refused):
        return None
    await archive.gate.refused(decision, caller.door, caller.address)
    return decision
