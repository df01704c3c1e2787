"""Reading backwards finds exactly what reading forwards finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.ledgers import QUICK, Clock, entry, written
from leadglass.gate.ledger import Ledger, SigningKey
from leadglass.gate.ledger.newest import decoded, stretches_newest_first
from leadglass.gate.ledger.reading import read_entries
from leadglass.gate.ledger.search import needle
from leadglass.terms.errors import LedgerFault, UserFault

KEY = SigningKey.generate("example.com/ledger")


@pytest.fixture
async def directory(tmp_path: Path) -> Path:
    """600 published entries, and some pending ones of a server that is still writing."""
    await written(tmp_path / "ledger", KEY, 600)
    ledger = Ledger.open(tmp_path / "ledger", KEY, clock=Clock(), settings=QUICK, accept_clock=True)
    clock = Clock()
    for number in range(600, 620):
        await ledger.append(entry(number, clock))
    return tmp_path / "ledger"


def backwards(directory: Path, *needles: bytes, before: int | None = None) -> list[tuple[int, bytes]]:
    return [
        (stretch.first + place, stretch.entries[place])
        for stretch in stretches_newest_first(directory, needles, before=before)
        for place in range(len(stretch.entries) - 1, -1, -1)
    ]


async def test_backwards_is_forwards_turned_round(directory: Path) -> None:
    forwards = list(enumerate(read_entries(directory)))
    assert len(forwards) > 620
    assert backwards(directory) == forwards[::-1]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.integers(0, 700))
async def test_from_anywhere(directory: Path, before: int) -> None:
    assert backwards(directory, before=before) == list(enumerate(read_entries(directory)))[:before][::-1]


async def test_what_holds_a_text_is_never_passed_over(directory: Path) -> None:
    for text in ("1.2.0", "1.2.255", "1.2.256", "1.2.599", "1.2.619"):
        [found] = [data for _, data in backwards(directory, needle(text)) if needle(text) in data]
        assert decoded(found).study_instance_uid == text
    assert [data for _, data in backwards(directory, needle("9.9.9")) if needle("9.9.9") in data] == []


async def test_a_missing_bundle_is_a_fault(directory: Path) -> None:
    (directory / "tile/entries/000").unlink()
    with pytest.raises(LedgerFault, match="entries 0 to 255"):
        backwards(directory)
    with pytest.raises(UserFault):
        backwards(directory / "elsewhere")
    with pytest.raises(LedgerFault, match="damaged"):
        decoded(b"{}")
