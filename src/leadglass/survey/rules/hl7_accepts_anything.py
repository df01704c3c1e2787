"""An HL7 listener takes messages from anybody: admissions, merges, orders."""

from __future__ import annotations

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import door_open

__all__ = ["RULE"]

RULE = door_open("hl7-accepts-anything", Severity.HIGH, "MLLP", acts=(Act.ENTER, Act.WRITE))
