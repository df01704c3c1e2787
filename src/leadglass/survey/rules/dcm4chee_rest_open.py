"""The REST interface of dcm4chee is open: read, change and reject studies."""

from __future__ import annotations

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import door_open

__all__ = ["RULE"]

RULE = door_open("dcm4chee-rest-open", Severity.CRITICAL, "dcm4chee REST")
