"""Peers are told what they can do something about, and nothing of our disks and paths."""

from __future__ import annotations

import pytest

from leadglass.archive.telling import status_for, words_on
from leadglass.terms.errors import LeadglassError, LedgerFault, OutOfSpace, PeerAnswer, PeerViolation, StorageFault

VIOLATION = PeerViolation("the UID is missing", answer=PeerAnswer(status=0xA900), clause="PS3.5 §9.1")


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (VIOLATION, 0xA900, "the UID is missing"),
        (PeerViolation("no status", answer=PeerAnswer()), 0x0110, "no status"),
        (OutOfSpace("/srv/archive is full"), 0xA700, "the storage cannot take or give the object now"),
        (StorageFault("/srv/archive is broken"), 0xA700, "the storage cannot take or give the object now"),
        (LedgerFault("/srv/ledger"), 0xA700, "the ledger cannot be written: nothing is released or taken"),
    ],
)
def test_what_is_told(fault: LeadglassError, status: int, words: str) -> None:
    assert status_for(fault, 0x0110) == status
    assert words_on(fault) == words
