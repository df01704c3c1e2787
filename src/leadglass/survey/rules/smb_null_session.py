"""A file share lets anybody in without a name."""

from __future__ import annotations

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import door_open

__all__ = ["RULE"]

RULE = door_open("smb-null-session", Severity.HIGH, "SMB")
