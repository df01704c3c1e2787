"""CouchDB: names of databases at level 2, counts of documents at level 3, kinds of their fields at level 4."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Annotated, Final

import msgspec

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Collection, Counts, Software
from leadglass.survey.personal_data import UNSAID
from leadglass.survey.probe import Call
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_judging import asked
from leadglass.survey.probes.http_keeping import names, read, shaped
from leadglass.survey.probes.http_kinds import Kinds, document_kinds
from leadglass.survey.probes.http_visit import Found, Look, Visit
from leadglass.terms.ceilings import MAX_LANDING_PAGE

__all__ = ["is_likely", "look"]

_HOW: Final = "CouchDB"
_MAX_COUNTED: Final = 10
_FIRST: Final = "_all_docs?include_docs=true&limit=1&startkey=%220%22"
"""A document, not a design: those sort before everything else."""


class _Database(msgspec.Struct, rename={"documents": "doc_count"}):
    """GET /{db}."""

    documents: Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]


def _names(body: bytes) -> bytes:
    """Plain names; UNSAID behind them, if there are others that are not the product's own."""
    found = read(body, list[str])
    if found is None:
        return b""
    plain = names(found)
    others = {name for name in found if not name.startswith("_")} - set(plain)
    return msgspec.json.encode([*plain, UNSAID] if others else plain)


def is_likely(visit: Visit) -> bool:
    """Its banner."""
    return visit.page.kind == "CouchDB"


def look(visit: Visit) -> Look:
    """Whether it names its databases to strangers, and how much they hold. Its banner is shown to everybody."""
    software = Software(product="CouchDB", version=visit.page.version or "", proof="its banner")
    if not visit.may(Level.ACCESS):
        return Found(software=software)
    (answer,) = yield from visit.ask(Ask("/_all_dbs", _names, limit=MAX_LANDING_PAGE), level=Level.ACCESS)
    is_open = answer.status == 200 and answer.body != b""
    tries = tuple(asked(act, _HOW, answer, is_open=is_open) for act in (Act.ENTER, Act.LIST))
    named = read(answer.body, list[str]) or ()
    collections = [Collection(name=name) for name in named if name != UNSAID]
    counts = None
    if visit.may(Level.COUNTS) and collections:
        collections = yield from _counted(visit, collections)
        is_at_least = UNSAID in named or any(c.records is None for c in collections)
        counts = Counts(records=sum(c.records or 0 for c in collections), is_at_least=is_at_least, how=_HOW)
        collections = yield from _with_kinds(visit, collections)
    return Found(tries=tries, software=software, counts=counts, collections=tuple(collections))


def _counted(visit: Visit, collections: list[Collection]) -> Generator[Call, Outcome, list[Collection]]:
    first, rest = collections[:_MAX_COUNTED], collections[_MAX_COUNTED:]
    answers = yield from visit.ask(*(Ask(f"/{c.name}", shaped(_Database)) for c in first), level=Level.COUNTS)
    found = [read(answer.body, _Database) for answer in answers]
    return [replace(c, records=db.documents if db else None) for c, db in zip(first, found, strict=True)] + rest


def _with_kinds(visit: Visit, collections: list[Collection]) -> Generator[Call, Outcome, list[Collection]]:
    """Of one document each, which fields have something filled in."""
    first, rest = collections[: visit.samples], collections[visit.samples :]
    asks = [Ask(f"/{c.name}/{_FIRST}", document_kinds, limit=MAX_LANDING_PAGE) for c in first]
    answers = yield from visit.ask(*asks, level=Level.KINDS)
    found = [read(answer.body, Kinds) for answer in answers]
    return [replace(c, kinds=kinds.kinds if kinds else ()) for c, kinds in zip(first, found, strict=True)] + rest
