"""A flat CSV in the manner of Shadowserver's daily reports, which CERTs have importers for: one row an open door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from leadglass.report.exchange.tables_csv import comma_separated
from leadglass.report.model import ReportModel

__all__ = ["shadowserver"]

COLUMNS: Final = (
    "timestamp",
    "severity",
    "ip",
    "protocol",
    "port",
    "hostname",
    "tag",
    "asn",
    "geo",
    "region",
    "city",
    "naics",
    "hostname_source",
    "sector",
    "device_vendor",
    "device_type",
    "device_model",
    "records",
    "images_accessible",
    "grade",
)


def shadowserver(model: ReportModel) -> Mapping[str, bytes]:
    """One file."""
    return {"shadowserver.csv": comma_separated(COLUMNS, _rows(model))}


def _rows(model: ReportModel) -> Iterable[Sequence[object]]:
    worst: dict[tuple[str, int], str] = {}
    for finding in model.findings:
        key = (finding.address, finding.port)
        worst[key] = max(worst.get(key, "low"), finding.severity.name.lower(), key=_ORDER.index)
    for leak in model.leaks:
        address = leak.address or f"system-{leak.number}"
        for port in leak.ports:
            tags = ["open", "dicom" if leak.is_archive else "database", leak.rung.replace(" ", "-")]
            yield (
                f"{leak.seen_at:%Y-%m-%d %H:%M:%S}",
                worst.get((address, port), "low"),
                address,
                "tcp",
                port,
                "",
                ";".join(tags),
                leak.as_number or "",
                leak.country,
                leak.state,
                "",
                "",
                "",
                "Healthcare",
                "",
                "medical-imaging" if leak.is_archive else "database",
                leak.software,
                leak.records,
                leak.images_accessible,
                leak.grade,
            )


_ORDER: Final = ("none", "low", "medium", "high", "critical")
