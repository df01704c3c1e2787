"""FTP lets anybody in."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen, attempt in opened(system, Act.ENTER, Act.QUERY, Act.RETRIEVE, Act.LIST, how=("FTP",)):
        yield Hit(Severity.HIGH, seen, attempt.how)


RULE = Rule("ftp-anonymous", _check)
