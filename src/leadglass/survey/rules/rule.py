"""What a rule is: a name, and a function from a system to hits. Most are about one way in that stands open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act, Observation, Try, Verdict
from leadglass.survey.system import System

__all__ = ["Hit", "Rule", "door_open", "opened"]

_GETTING_AT_DATA: Final = (Act.ENTER, Act.QUERY, Act.RETRIEVE, Act.LIST)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule applies to one door of a system."""

    severity: Severity
    seen: Observation
    product: str = ""  # whose words of advice; "": those of the system's software
    cves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong. Pure: the same system gives the same hits."""

    name: str  # as in `words/`, and for ever: cases and reports go by it
    check: Callable[[System], Iterator[Hit]]


def opened(system: System, *acts: Act, how: Collection[str] = ()) -> Iterator[tuple[Observation, Try]]:
    """Each door once that let a stranger do one of `acts`, by one of the ways `how` (any if there is none)."""
    for seen in system.observations:
        for attempt in seen.sighting.tries:
            if attempt.act in acts and attempt.verdict is Verdict.OPEN and (not how or attempt.how in how):
                yield seen, attempt
                break


def door_open(name: str, severity: Severity, *ways: str, acts: Collection[Act] = _GETTING_AT_DATA) -> Rule:
    """The rule that a stranger can do one of `acts` by one of these ways; the advice is that for the way."""

    def check(system: System) -> Iterator[Hit]:
        for seen, attempt in opened(system, *acts, how=ways):
            yield Hit(severity, seen, attempt.how)

    return Rule(name, check)
