"""Shadowserver: CSV of its reports on accessible services (`accessible_*`, `scan_*`)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from leadglass.survey.targets.imports.faults import fault
from leadglass.survey.targets.imports.imported import Imported, address, moment, port_of, service_named, word

__all__ = ["COLUMNS", "read"]

COLUMNS: Final = ("timestamp", "ip", "port")


def read(lines: Iterable[str], name: str) -> Iterator[Imported]:
    """A service a row, below a row of headings. UserFault names the line and the column."""
    rows = csv.reader(lines, strict=True)
    try:
        headings = [heading.strip().lower() for heading in next(rows, [])]
        if lacking := [column for column in COLUMNS if column not in headings]:
            raise fault(name, "line 1", "there is no such column", lacking[0])
        for fields in rows:
            if fields:
                yield _service(headings, fields, name, f"line {rows.line_num}")
    except csv.Error:
        raise fault(name, f"line {rows.line_num}", "it is not CSV") from None


def _service(headings: Sequence[str], fields: Sequence[str], name: str, where: str) -> Imported:
    if len(fields) != len(headings):
        raise fault(name, where, f"it has {len(fields)} fields, and line 1 has {len(headings)}")
    row = dict(zip(headings, fields, strict=True))
    column = "ip"
    try:
        host = address(row["ip"])
        column = "port"
        port = port_of(row["port"])
        column = "timestamp"
        seen_at = moment(row["timestamp"])  # Shadowserver's times are UTC
    except ValueError as error:
        raise fault(name, where, str(error), column) from None
    return Imported(
        address=host,
        port=port,
        protocol=row.get("protocol", "tcp").lower()[:8],
        seen_at=seen_at,
        source="Shadowserver",
        service=next(filter(None, map(service_named, row.get("tag", "").replace(",", ";").split(";"))), None),
        product=word(row.get("product") or row.get("device_model")),
        version=word(row.get("version") or row.get("device_version")),
    )
