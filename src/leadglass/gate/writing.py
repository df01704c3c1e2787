"""Ledger entries about a principal. Pure."""

from __future__ import annotations

from typing import Any

from leadglass.gate.ledger import Entry
from leadglass.terms.evidence import Evidence
from leadglass.terms.principal import Principal

__all__ = ["called_ae_title_of", "entry_about"]


def entry_about(principal: Principal, **fields: Any) -> Entry:
    """An entry with everything the ledger keeps of a principal, and `fields`."""
    return Entry(
        principal=principal.id,
        name=principal.name,
        roles=tuple(sorted(role.value for role in principal.roles)),
        strength=principal.strength.name.lower(),
        **fields,
    )


def called_ae_title_of(evidence: Evidence) -> str:
    """The title the caller asked for, or ""."""
    return evidence.called_ae_title.text if evidence.called_ae_title is not None else ""
