"""Identifiers that are the same each time the same report is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

__all__ = ["NAMESPACE", "instant", "made_id"]

NAMESPACE: Final = UUID("7c2d7a5e-3f0c-5b64-9d2a-1f4f5a0c8b11")
"""Of everything Leadglass names in a report."""


def made_id(*parts: object) -> str:
    """A UUID (version 5) of these words."""
    return str(uuid5(NAMESPACE, "\x1f".join(map(str, parts))))


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: "2026-09-14T08:30:00.000Z"."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
