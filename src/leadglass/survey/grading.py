"""Grades from A to F of systems, organisations and regions. The table is data: `grades.toml`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

from leadglass.survey.finding import Finding, Severity
from leadglass.survey.observation import Rung
from leadglass.survey.system import System

__all__ = ["Grade", "grade_of_group", "grade_of_system"]


class Grade(StrEnum):
    """A is the best."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rung: dict[str, Grade]
    severity: dict[str, Grade]
    rule: dict[str, Grade | dict[str, Grade]]
    tolerated: dict[str, dict[Grade, float]]


_RUNG_NAMES: Final = {rung: rung.name.lower().replace("_", " ") for rung in Rung}


def grade_of_system(system: System, findings: Iterable[Finding]) -> Grade:
    """The worst that its rungs and its own findings (those of other addresses are passed over) give it."""
    table = _table()
    grades = [table.rung[_RUNG_NAMES[rung]] for rung in system.rungs]
    grades += [_of_finding(finding) for finding in findings if finding.address == system.address]
    return max(grades, default=Grade.A)


def grade_of_group(grades: Collection[Grade], kind: Literal["organisation", "region"]) -> Grade:
    """The best grade that no more of the group's systems than the table tolerates fall short of. A if it has none."""
    tolerated: Mapping[Grade, float] = _table().tolerated[kind]
    for grade, share in tolerated.items():
        if sum(one > grade for one in grades) <= share * len(grades):
            return grade
    return Grade.F


def _of_finding(finding: Finding) -> Grade:
    table = _table()
    special = table.rule.get(finding.rule)
    if isinstance(special, Grade):
        return special
    words = Severity(finding.severity).name.lower()
    return (special or {}).get(words, table.severity[words])


@cache
def _table() -> _Table:
    return msgspec.toml.decode(files(__package__).joinpath("grades.toml").read_bytes(), type=_Table)
