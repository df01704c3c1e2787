"""What a run has found, counted."""

from __future__ import annotations

import pytest

from leadglass.net.conversing import Ending
from leadglass.survey.observation import Act, Sighting, Try, Verdict
from leadglass.survey.totals import Totals

LEAK = Try(act=Act.QUERY, how="C-FIND", verdict=Verdict.OPEN)


def test_ports_are_counted_and_addresses_once() -> None:
    totals = Totals(targets=4)
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        totals.count(address, Sighting(ending=Ending.OVER, tries=(LEAK,)))
    totals.count("192.0.2.3", Sighting(ending=Ending.OVER))
    assert (totals.answered, totals.open, totals.open_addresses) == (4, 3, 2)
    assert totals.as_counts()["open_addresses"] == 2


@pytest.mark.parametrize("act", Act)
def test_what_gives_a_stranger_something_is_open(act: Act) -> None:
    totals = Totals(targets=1)
    for verdict in Verdict:
        totals.count("192.0.2.1", Sighting(ending=Ending.OVER, tries=(Try(act=act, how="", verdict=verdict),)))
    assert totals.answered == 4
    assert totals.open == (act in (Act.QUERY, Act.WORKLIST, Act.RETRIEVE, Act.LIST))


def test_a_run_is_finished_when_each_target_was_looked_at_or_could_not_be_judged() -> None:
    assert not Totals(targets=10, before=4, looked_at=4, faults=1).is_finished
    assert Totals(targets=10, before=4, looked_at=5, faults=1).is_finished
    assert Totals().is_finished


@pytest.mark.parametrize(
    ("endings", "is_deaf"),
    [
        ([], False),
        ([Ending.SILENT, Ending.UNREACHABLE], True),
        ([Ending.UNREACHABLE], True),
        ([Ending.SILENT, Ending.REFUSED], False),
        ([Ending.SILENT, Ending.HUNG_UP], False),
    ],
)
def test_whether_nobody_answered_at_all(endings: list[Ending], is_deaf: bool) -> None:
    totals = Totals(targets=len(endings))
    for ending in endings:
        totals.count("192.0.2.1", Sighting(ending=ending))
    assert totals.is_deaf is is_deaf


def test_what_no_connection_was_made_to_is_told_apart() -> None:
    totals = Totals(targets=60)
    totals.count_nothing(Ending.REFUSED, 10)
    totals.count_nothing(Ending.SILENT, 20)
    totals.count_nothing(Ending.UNREACHABLE, 30)
    assert (totals.refused, totals.silent, totals.unreachable, totals.answered) == (10, 20, 30, 0)
