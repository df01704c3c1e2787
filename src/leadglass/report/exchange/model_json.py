"""The whole model as JSON, as it is. A figure that was withheld or not measured is a string in place of the number."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from leadglass.report.model import ReportModel

__all__ = ["model_json"]


def model_json(model: ReportModel) -> Mapping[str, bytes]:
    """One file."""
    return {"report.json": msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n"}
