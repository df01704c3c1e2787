"""A file share lets anybody in without a name."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen, attempt in opened(system, Act.ENTER, Act.QUERY, Act.RETRIEVE, Act.LIST, how=("SMB",)):
        yield Hit(Severity.HIGH, seen, attempt.how)


RULE = Rule("smb-null-session", _check)
