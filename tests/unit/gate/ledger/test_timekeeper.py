"""Time in the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpers.ledgers import START, Clock, entry
from leadglass.gate.ledger.entry import encode_entry
from leadglass.gate.ledger.timekeeper import STEPPED_BACK, Timekeeper
from leadglass.terms.errors import LedgerFault, UserFault

SECOND = timedelta(seconds=1)


def test_time_is_held_and_a_real_step_back_is_said() -> None:
    keeper = Timekeeper(5)
    keeper.latest = START
    assert keeper.hold(START) == (START, "")
    assert keeper.hold(START + SECOND) == (START + SECOND, "")
    assert keeper.hold(START - 5 * SECOND) == (START, "")
    assert keeper.hold(START - 6 * SECOND) == (START, STEPPED_BACK)


def test_a_new_ledger_takes_any_time() -> None:
    Timekeeper(5).check_start(START, 0)


def test_the_last_entry_sets_the_time_at_the_start() -> None:
    last = entry(1, Clock())
    keeper = Timekeeper(5, encode_entry(last))
    assert keeper.latest == last.at
    keeper.check_start(last.at - 300 * SECOND, 300)
    with pytest.raises(UserFault, match="2026-03-01 08:00:00 UTC"):
        keeper.check_start(last.at - 301 * SECOND, 300)


def test_a_last_entry_that_cannot_be_read_is_a_fault() -> None:
    with pytest.raises(LedgerFault):
        Timekeeper(5, b"{}")
