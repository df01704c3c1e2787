"""The deed of searching: what is seen, page by page, and that each page is written down first."""

from __future__ import annotations

import json

import pytest

from helpers.archive_world import ArchiveWorld, data_set
from helpers.index_world import new
from leadglass.archive import searching
from leadglass.archive.archive import Caller
from leadglass.archive.searching import QueryLevel, SearchAnswer, read_search_request, search
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import add_instances
from leadglass.terms.errors import LedgerFault, StorageFault
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Selector, SelectorKind

_, STUDY, SERIES, IMAGE = QueryLevel


async def found(
    world: ArchiveWorld, caller: Caller, *parameters: tuple[str, str], level: QueryLevel = STUDY
) -> SearchAnswer:
    answer = await search(world.archive, caller, read_search_request(level, parameters, {}), "root")
    assert isinstance(answer, SearchAnswer)
    return answer


async def pages_of(answer: SearchAnswer, tag: str = "0020000D") -> list[list[str]]:
    return [[json.loads(one)[tag]["Value"][0] for one in page] async for page in answer.pages]


async def test_only_what_the_caller_may_see_is_found(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set("1.2.1", "1.2.1.1.1", PatientID="P1"))
    await world.store(scanner, data_set("1.2.2", "1.2.2.1.1", PatientID="P2"))
    ann = await world.reader(Action.QUERY, selector=Selector(SelectorKind.PATIENT, "P2"))
    assert await pages_of(await found(world, ann)) == [["1.2.2"]]
    assert await pages_of(await found(world, ann, ("PatientID", "P1"))) == []
    assert await pages_of(await found(world, await world.reader(name="bob"))) == []


async def test_what_is_stored_is_what_is_answered(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set(PatientName="Doe^Jane"))
    answer = await found(world, await world.reader(Action.QUERY))
    [study] = answer.first
    assert json.loads(study)["00100010"]["Value"] == [{"Alphabetic": "Doe^Jane"}]
    assert json.loads(study)["00081190"]["Value"] == ["root/studies/1.2.1"]


async def test_answers_are_durable_in_the_ledger_before_they_are_given(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set())
    ann = await world.reader(Action.QUERY)
    answer = await found(world, ann, ("PatientName", "DOE*"))
    entry = world.ledger.durable[-1]
    assert [one.study_instance_uid for one in entry.disclosed] == ["1.2.1"]
    assert entry.disclosed[0].patient == world.archive.gate.pseudonym("P1", "")
    assert (entry.detail, entry.counts) == ({"level": "STUDY", "keys": "PatientName"}, {"answers": 1})
    assert "DOE" not in repr(entry).upper()
    assert len(answer.first) == 1


async def test_an_empty_answer_is_written_down_too(world: ArchiveWorld) -> None:
    ann = await world.reader(Action.QUERY)
    assert (await found(world, ann, ("PatientID", "P9"))).first == []
    assert [entry.counts for entry in world.ledger.of(Event.QUERIED)] == [{"answers": 0}]


async def test_nothing_is_given_when_the_ledger_or_the_index_fails(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set())
    ann = await world.reader(Action.QUERY)
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await found(world, ann)
    world.ledger.broken, world.index.broken = False, True
    with pytest.raises(StorageFault):
        await found(world, ann)


@pytest.mark.parametrize(
    ("instances", "limit", "offset", "pages", "has_more"),
    [
        (0, None, 0, [], False),
        (3, None, 0, [3], False),
        (4, None, 0, [4], False),
        (9, None, 0, [4, 4, 1], False),
        (9, 9, 0, [4, 4, 1], False),
        (9, 8, 0, [4, 4], True),
        (9, 4, 0, [4], True),
        (9, 4, 5, [4], False),
        (9, 5, 3, [4, 1], True),
        (9, 6, 3, [4, 2], False),
        (9, 0, 0, [], True),
        (9, 5, 9, [], False),
    ],
)
async def test_pages_are_bounded_complete_and_each_is_written_down(
    world: ArchiveWorld,
    monkeypatch: pytest.MonkeyPatch,
    instances: int,
    limit: int | None,
    offset: int,
    pages: list[int],
    has_more: bool,
) -> None:
    monkeypatch.setattr(searching, "MAX_FIND_PAGE", 4)
    rows = [new(instance=f"1.2.1.1.{number + 1}", at=number) for number in range(instances)]
    await world.index.write(add_instances, rows)
    ann = await world.reader(Action.QUERY)
    parameters = [("offset", str(offset)), *([("limit", str(limit))] if limit is not None else [])]
    answer = await found(world, ann, *parameters, level=IMAGE)
    assert answer.has_more == has_more
    assert answer.has_rest == (len(pages) > 1)
    got, told = [], 0
    async for page in answer.pages:
        told += len(page)
        assert sum(entry.counts["answers"] for entry in world.ledger.of(Event.QUERIED)) == told
        got.append([json.loads(one)["00080018"]["Value"][0] for one in page])
    assert [len(page) for page in got] == pages
    expected = sorted(row.header.sop_instance_uid for row in rows)
    assert [uid for page in got for uid in page] == expected[offset : offset + sum(pages)]


async def test_the_ledger_fails_between_two_pages(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MAX_FIND_PAGE", 2)
    await world.index.write(add_instances, [new(f"1.2.{number}", at=number) for number in range(5)])
    answer = await found(world, await world.reader(Action.QUERY))
    pages = answer.pages
    assert len(await anext(pages)) == 2
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await anext(pages)


async def test_a_device_that_may_not_query_is_refused_by_its_id(world: ArchiveWorld) -> None:
    scanner = await world.device()
    refusal = await search(world.archive, scanner, read_search_request(STUDY, (), {}))
    assert refusal == Refused(RefusalReason.ACTION_NOT_ALLOWED, "dev-scanner", Action.QUERY)
    assert [entry.principal for entry in world.ledger.of(Event.REFUSED)] == ["dev-scanner"]
