"""A database answers without a password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leadglass.survey.finding import Severity
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Observation, Verdict
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]

_WAYS: Final = ("Elasticsearch", "CouchDB", "MongoDB", "PostgreSQL", "MySQL", "Redis")


def _check(system: System) -> Iterator[Hit]:
    for seen, attempt in opened(system, Act.ENTER, Act.QUERY, Act.LIST, how=_WAYS):
        yield Hit(Severity.HIGH if _gave_nothing(seen) else Severity.CRITICAL, seen, attempt.how)


def _gave_nothing(seen: Observation) -> bool:
    """Whether it let a stranger in and then, asked for what lies there, named and answered nothing."""
    got = {t.act for t in seen.sighting.tries if t.how in _WAYS and t.verdict is Verdict.OPEN}
    return seen.level >= Level.ACCESS and not got & {Act.LIST, Act.QUERY}


RULE = Rule("database-without-password", _check)
