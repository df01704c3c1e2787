"""What a report is built from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from leadglass.report.model import CaseRow, Credit, Cve, RunFacts, Shown
from leadglass.survey.finding import Confidence, Finding, Reality
from leadglass.survey.observation import Software
from leadglass.survey.system import System

__all__ = ["Before", "Common", "Ingredients", "Judged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A system, and what the rules say of it."""

    system: System
    findings: tuple[Finding, ...]
    confidence: Confidence
    grade: str

    @property
    def counts(self) -> bool:
        """Whether it counts as exposure: traps and test data are shown apart."""
        return self.confidence.reality in {Reality.REAL, Reality.UNKNOWN}

    @property
    def leaks(self) -> bool:
        """Whether it counts, and a stranger gets at data."""
        return self.counts and self.system.is_open


@dataclass(frozen=True, slots=True)
class Common:
    """Of how many systems that two runs found it is known that both would have seen them."""

    both: int
    all: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The run before: what of it counted and can be compared."""

    started: datetime
    systems: Sequence[System]
    is_measured: bool = True  # whether it counted records at all
    comparable: frozenset[str] | None = None  # addresses of today's run that it may be compared with; None: all
    common: Common | None = None  # if that is not all


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """All of it. The two functions are the survey's: grade of a group of systems, known flaws of software."""

    run: RunFacts
    judged: Sequence[Judged]
    made_at: datetime
    grade_of_group: GroupGrade
    known_flaws: KnownFlaws
    shown: Shown = field(default_factory=Shown)
    before: Before | None = None
    cases: Sequence[CaseRow] = ()
    credits: Sequence[Credit] = ()


GroupGrade: TypeAlias = Callable[[Sequence[Judged], Literal["organisation", "region"]], str]
KnownFlaws: TypeAlias = Callable[[Software], Sequence[Cve]]
