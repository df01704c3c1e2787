"""Buckets in the manner of S3 that list themselves to strangers. Keys are counted (level 3), never kept."""

from __future__ import annotations

from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Counts
from leadglass.survey.probes.http_keeping import Keys, keys, read
from leadglass.survey.probes.http_talk import Ask
from leadglass.survey.probes.http_visit import Found, Look, Visit, asked
from leadglass.terms.ceilings import MAX_COUNTED_LISTING

__all__ = ["is_likely", "look"]

_HOW: Final = "S3"
_FIRST_PAGE: Final = "/?list-type=2&max-keys=1000"


def is_likely(visit: Visit) -> bool:
    """The first page is a list of keys, or says in its manner that there is none for strangers."""
    return visit.page.kind in ("S3 listing", "S3 refusal")


def look(visit: Visit) -> Look:
    """Open if the first page is a list; how many keys its first page has, and whether there are more."""
    is_open = visit.page.kind == "S3 listing" and visit.landing.status == 200
    tries = tuple(asked(act, _HOW, visit.landing, is_open=is_open) for act in (Act.ENTER, Act.LIST))
    if not is_open or not visit.may(Level.COUNTS):
        return Found(tries=tries)
    (answer,) = yield from visit.ask(Ask(_FIRST_PAGE, keys, limit=MAX_COUNTED_LISTING), level=Level.COUNTS)
    found = read(answer.body, Keys)
    if found is None:
        return Found(tries=tries)
    is_at_least = found.is_truncated or not answer.is_whole
    return Found(tries=tries, counts=Counts(records=found.keys, is_at_least=is_at_least, how=_HOW))
