"""Few studies stay open, whatever a sender goes through, and every episode that was opened is closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from leadglass.archive import open_studies
from leadglass.archive.open_studies import OpenStudies
from leadglass.terms.errors import LedgerFault
from leadglass.terms.visibility import StudyFacts


def facts(number: int) -> StudyFacts:
    return StudyFacts(f"1.2.{number}", "P1", "")


class Episodes:
    """Remembers which studies are under an open episode."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.broken = False

    @asynccontextmanager
    async def of(self, study: StudyFacts) -> AsyncIterator[Any]:
        if self.broken:
            raise LedgerFault("on cue")
        self.open.append(study.study_instance_uid)
        yield object()
        self.open.remove(study.study_instance_uid)


async def test_the_one_not_asked_for_the_longest_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_studies, "_MOST", 2)
    episodes, studies = Episodes(), OpenStudies()
    for number in (1, 2):
        opened = await studies.open(facts(number), episodes.of(facts(number)), may_repeat=number == 2)
        assert opened.may_repeat is (number == 2)
    assert studies.get("1.2.1") is not None
    await studies.open(facts(3), episodes.of(facts(3)))
    assert episodes.open == ["1.2.1", "1.2.3"]
    assert studies.get("1.2.2") is None
    await studies.close()
    assert episodes.open == []


async def test_an_episode_that_cannot_be_written_opens_nothing() -> None:
    episodes, studies = Episodes(), OpenStudies()
    episodes.broken = True
    with pytest.raises(LedgerFault):
        await studies.open(facts(1), episodes.of(facts(1)))
    assert studies.get("1.2.1") is None


async def test_a_study_in_use_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_studies, "_MOST", 2)
    episodes, studies = Episodes(), OpenStudies()
    first = await studies.open(facts(1), episodes.of(facts(1)))
    with first.in_use():
        for number in (2, 3):
            await studies.open(facts(number), episodes.of(facts(number)))
        assert episodes.open == ["1.2.1", "1.2.3"]
        third = studies.get("1.2.3")
        assert third is not None
        with third.in_use():
            await studies.open(facts(4), episodes.of(facts(4)))  # nobody can be closed for it
            assert episodes.open == ["1.2.1", "1.2.3", "1.2.4"]
    await studies.close()
    assert episodes.open == []
