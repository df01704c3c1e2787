"""Orthanc's REST interface is open: read, change and delete everything."""

from __future__ import annotations

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import door_open

__all__ = ["RULE"]

RULE = door_open("orthanc-rest-open", Severity.CRITICAL, "Orthanc REST")
