"""A web server lists folders of medical files."""

from __future__ import annotations

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import door_open

__all__ = ["RULE"]

RULE = door_open("open-listing", Severity.HIGH, "listing")
