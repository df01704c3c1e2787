"""What lies open speaks of people: names of fields, or presence of attributes, never a value."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import DatabaseFacts, HttpFacts, Observation
from leadglass.survey.rules.rule import Hit, Rule
from leadglass.survey.system import System

__all__ = ["RULE", "kinds_seen"]

_GRAVE = frozenset({"national id", "diagnosis", "notes", "insurance"})


def kinds_seen(seen: Observation) -> frozenset[str]:
    """Kinds of personal data that one door shows."""
    facts = seen.sighting.facts
    named = facts.collections if isinstance(facts, DatabaseFacts | HttpFacts) else ()
    return frozenset(seen.sighting.kinds).union(*(collection.kinds for collection in named))


def _check(system: System) -> Iterator[Hit]:
    for seen in system.observations:
        if kinds := kinds_seen(seen):
            yield Hit(Severity.CRITICAL if kinds & _GRAVE else Severity.HIGH, seen)


RULE = Rule("personal-data-fields-exposed", _check)
