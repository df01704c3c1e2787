"""Search: what was asked for, all of it, nothing else; also while a server writes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from helpers.ledgers import QUICK, START, Clock, entry, written
from leadglass.gate.ledger import Disclosed, Entry, Event, Ledger, SigningKey, search
from leadglass.terms.errors import LedgerFault, UserFault

KEY = SigningKey.generate("example.com/ledger")


def found(entries: object) -> list[int]:
    return [int(e.detail["number"]) for e in entries if "number" in e.detail]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,000 entries of which the last 100 are pending."""
    import asyncio

    directory = tmp_path_factory.mktemp("search")

    async def make() -> None:
        clock = await written(directory / "live", KEY, 900)
        ledger = Ledger.open(directory / "live", KEY, clock=clock, settings=QUICK)
        for n in range(900, 1000):
            ledger.append_soon(entry(n, clock))
        await ledger.flush()
        shutil.copytree(directory / "live", directory / "copy")
        await ledger.close()

    asyncio.run(make())
    return directory / "copy"


def test_everything_in_order(ledger: Path) -> None:
    assert found(search(ledger)) == list(range(1000))
    assert [e.tree_index for e in search(ledger)] == list(range(1003))


def test_by_principal_study_patient_and_event(ledger: Path) -> None:
    assert found(search(ledger, principal="usr-1")) == [n for n in range(1000) if n % 3 == 1]
    assert found(search(ledger, study="1.2.77")) == [77]
    assert found(search(ledger, patient=f"{4:032x}")) == [n for n in range(1000) if n % 7 == 4]
    assert found(search(ledger, principal="usr-2", patient=f"{0:032x}")) == [n for n in range(1000) if n % 21 == 14]
    assert [e.event for e in search(ledger, event=Event.LEDGER_OPENED)] == ["ledger-opened"] * 2
    assert list(search(ledger, principal="usr")) == []


def test_since_and_until(ledger: Path) -> None:
    times = [e.at for e in search(ledger)]
    for place in (0, 1, 255, 256, 257, 700, 1002):
        assert [e.tree_index for e in search(ledger, since=times[place])] == list(range(place, 1003))
        assert [e.tree_index for e in search(ledger, until=times[place])] == list(range(place))
    assert list(search(ledger, since=START + timedelta(days=1))) == []


def test_sessions_come_along_when_asked_for(ledger: Path) -> None:
    events = [e.event for e in search(ledger, study="1.2.950", with_sessions=True)]
    assert events == ["ledger-opened", "ledger-opened", "queried"]


async def test_a_disclosed_answer_counts_and_odd_names_are_found(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, KEY, clock=Clock(), settings=QUICK)
    odd = 'oidc:https://id.example#Jürgen "J" \\ <x>'
    at = START + timedelta(hours=1)
    answers = (Disclosed("1.2.3", "a" * 32), Disclosed("1.2.4", "b" * 32))
    await ledger.append(Entry(at=at, event=Event.QUERIED, principal=odd, disclosed=answers))
    await ledger.append(Entry(at=at, event=Event.QUERIED, principal="x", reason="1.2.3 " + "a" * 32))
    assert [e.tree_index for e in search(tmp_path, principal=odd)] == [1]
    assert [e.tree_index for e in search(tmp_path, patient="b" * 32)] == [1]
    assert [e.tree_index for e in search(tmp_path, study="1.2.3")] == [1]
    assert list(search(tmp_path, study="1.2")) == []
    await ledger.close()


def test_a_missing_bundle_is_said_and_not_passed_over(ledger: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(ledger, tmp_path / "copy"))
    (copy / "tile/entries/001").unlink()
    with pytest.raises(LedgerFault, match="entries 256 to 511 are missing"):
        list(search(copy))


def test_no_ledger_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="no ledger"):
        list(search(tmp_path))


async def test_reading_while_segments_are_published_misses_nothing(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger.open(tmp_path, KEY, clock=clock, settings=replace(QUICK, publish_entries=10))
    for n in range(300):
        await ledger.append(entry(n, clock))
        assert found(search(tmp_path)) == list(range(n + 1))
    await ledger.close()
