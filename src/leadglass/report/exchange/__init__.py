"""The report for programs, one file a format. Each takes the model and gives the files it becomes: name → bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from leadglass.report.exchange.csaf import csaf
from leadglass.report.exchange.model_json import model_json
from leadglass.report.exchange.ocsf import ocsf
from leadglass.report.exchange.sarif import sarif
from leadglass.report.exchange.shadowserver import shadowserver
from leadglass.report.exchange.stix import stix
from leadglass.report.exchange.tables_csv import tables_csv
from leadglass.report.model import ReportModel

__all__ = ["FORMATS", "LISTS_SYSTEMS"]

FORMATS: Final[Mapping[str, Callable[[ReportModel], Mapping[str, bytes]]]] = {
    "csv": tables_csv,
    "json": model_json,
    "sarif": sarif,
    "csaf": csaf,
    "ocsf": ocsf,
    "stix": stix,
    "shadowserver": shadowserver,
}
LISTS_SYSTEMS: Final = frozenset({"sarif", "ocsf", "shadowserver"})
"""Formats that are nothing but lists of single systems: there is no such file where small cells are withheld."""
