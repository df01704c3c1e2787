"""A database answers without a password."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]

_WAYS = ("Elasticsearch", "CouchDB", "MongoDB", "PostgreSQL", "MySQL", "Redis")


def _check(system: System) -> Iterator[Hit]:
    for seen, attempt in opened(system, Act.ENTER, Act.QUERY, Act.LIST, how=_WAYS):
        yield Hit(Severity.CRITICAL, seen, attempt.how)


RULE = Rule("database-without-password", _check)
