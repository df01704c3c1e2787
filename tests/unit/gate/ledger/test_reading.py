"""Reading without verifying."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.ledgercheck import check
from helpers.ledgers import written
from leadglass.gate.ledger import SigningKey
from leadglass.gate.ledger.reading import published_size, read_bundle, read_entries
from leadglass.terms.errors import LedgerFault

KEY = SigningKey.generate("example.com/ledger")


async def test_the_same_entries_as_the_outside_verifier_finds(tmp_path: Path) -> None:
    await written(tmp_path, KEY, 700)
    entries = check(tmp_path).entries
    assert list(read_entries(tmp_path)) == entries
    assert list(read_entries(tmp_path, 2)) == entries[512:]
    assert published_size(tmp_path) == 702


async def test_damage_is_said(tmp_path: Path) -> None:
    await written(tmp_path, KEY, 10)
    with pytest.raises(LedgerFault, match="entries 256 to 265"):
        read_bundle(tmp_path, 1, 10)
    (tmp_path / "checkpoint").write_bytes(b"nonsense")
    with pytest.raises(LedgerFault, match="damaged"):
        list(read_entries(tmp_path))
