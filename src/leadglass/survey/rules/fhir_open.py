"""A FHIR server answers questions about patients without a login. Its statement of abilities is public by design."""

from __future__ import annotations

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import door_open

__all__ = ["RULE"]

RULE = door_open("fhir-open", Severity.CRITICAL, "FHIR", acts=(Act.QUERY, Act.RETRIEVE, Act.LIST))
