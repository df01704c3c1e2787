"""Elasticsearch and OpenSearch: names of indexes at level 2, counts of documents at level 3, kinds of their fields at
level 4.

A mapping holds no document. But an index that maps whatever comes has fields named after data.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Final

import msgspec

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Collection, Counts, Sign, Software
from leadglass.survey.personal_data import UNSAID
from leadglass.survey.probe import Call
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_judging import asked
from leadglass.survey.probes.http_keeping import names, read
from leadglass.survey.probes.http_kinds import Kinds, mapping_kinds
from leadglass.survey.probes.http_visit import Found, Look, Visit
from leadglass.terms.ceilings import MAX_LANDING_PAGE

__all__ = ["is_likely", "look"]

_HOW: Final = "Elasticsearch"
_PAGES: Final = frozenset({"Elasticsearch", "OpenSearch"})
_MAX_MAPPINGS: Final = 5
_MOST: Final = 10**15 - 1
_TEST: Final = ("synthea", "mimic", "tcia", "demo", "sample", "test", "dummy")


class _Row(msgspec.Struct, rename={"documents": "docs.count"}, omit_defaults=True):
    """A row of GET /_cat/indices."""

    index: str
    documents: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,15}$")] | None = None


def _rows(body: bytes) -> bytes:
    """Rows of plain names; one of all others together. Names that begin with a dot are the product's own."""
    found = {row.index: row for row in read(body, list[_Row]) or ()}
    if not found:
        return b""
    plain = names(found)
    others = [row for name, row in found.items() if name not in plain and not name.startswith(".")]
    counted = [int(row.documents) for row in others if row.documents]
    together = _Row(index=UNSAID, documents=str(min(sum(counted), _MOST)) if counted else None)
    return msgspec.json.encode([*(found[name] for name in plain), *([together] if others else [])])


def is_likely(visit: Visit) -> bool:
    """Its banner, or the realm of its login."""
    realm = visit.landing.headers.get("www-authenticate", "")
    return visit.page.kind in _PAGES or 'realm="security"' in realm or "OpenSearch" in realm


def look(visit: Visit) -> Look:
    """Whether strangers are let in, what is there by name and kind, and how much."""
    entry = asked(Act.ENTER, _HOW, visit.landing, is_open=visit.landing.status == 200)
    if visit.page.kind not in _PAGES:
        return Found(tries=(entry,), software=Software(product="Elasticsearch", proof="the realm of its login"))
    software = Software(product=visit.page.kind, version=visit.page.version or "", proof="its banner")
    if not visit.may(Level.ACCESS):
        return Found(tries=(entry,), software=software)
    asks = Ask("/_cat/indices?format=json&h=index", _rows, limit=MAX_LANDING_PAGE)
    (answer,) = yield from visit.ask(asks, level=Level.ACCESS)
    listed = asked(Act.LIST, _HOW, answer, is_open=answer.status == 200)
    rows = read(answer.body, list[_Row]) or []
    collections = [Collection(name=row.index) for row in rows if row.index != UNSAID]
    if visit.may(Level.KINDS):
        collections = yield from _with_kinds(visit, collections)
    counts = None
    if visit.may(Level.COUNTS) and rows:
        documents = yield from _documents(visit)
        collections = [replace(c, records=documents.get(c.name)) for c in collections]
        counts = Counts(records=sum(documents.values()), how=_HOW)
    return Found(
        tries=(entry, listed),
        software=software,
        counts=counts,
        collections=tuple(collections),
        signs=tuple(_signs(collections)),
    )


def _with_kinds(visit: Visit, collections: list[Collection]) -> Generator[Call, Outcome, list[Collection]]:
    first, rest = collections[:_MAX_MAPPINGS], collections[_MAX_MAPPINGS:]
    asks = [Ask(f"/{c.name}/_mapping", mapping_kinds, limit=MAX_LANDING_PAGE) for c in first]
    answers = yield from visit.ask(*asks, level=Level.KINDS)
    found = [read(answer.body, Kinds) for answer in answers]
    return [replace(c, kinds=kinds.kinds if kinds else ()) for c, kinds in zip(first, found, strict=True)] + rest


def _documents(visit: Visit) -> Generator[Call, Outcome, Mapping[str, int]]:
    ask = Ask("/_cat/indices?format=json&h=index,docs.count", _rows, limit=MAX_LANDING_PAGE)
    (answer,) = yield from visit.ask(ask, level=Level.COUNTS)
    return {row.index: int(row.documents or 0) for row in read(answer.body, list[_Row]) or ()}


def _signs(collections: Iterable[Collection]) -> Iterable[Sign]:
    for word in _TEST:
        if any(word in collection.name.lower() for collection in collections):
            yield Sign(means="test data", why=f"an index is named after {word} data", weight=2)
