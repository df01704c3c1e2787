"""A database answers without a password."""

from __future__ import annotations

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import door_open

__all__ = ["RULE"]

RULE = door_open(
    "database-without-password",
    Severity.CRITICAL,
    "Elasticsearch",
    "CouchDB",
    "MongoDB",
    "PostgreSQL",
    "MySQL",
    "Redis",
)
