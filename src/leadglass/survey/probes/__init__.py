"""The probes, one small file each, and which begins with which service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadglass.survey.probe import Prober
from leadglass.survey.probes.http import web_port
from leadglass.survey.services import Service

__all__ = ["PROBERS"]

PROBERS: Final[Mapping[Service, Prober]] = {
    Service.HTTP: web_port,
}
