"""The deed of finding: what is asked, what is seen, and that each page is written down first."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from helpers.archive_world import ArchiveWorld, data_set
from helpers.index_world import new
from leadglass.archive import finding
from leadglass.archive.archive import Caller
from leadglass.archive.finding import Answer, FindRequest, find_pages, may_find, read_find_request
from leadglass.archive.levels import PATIENT_ROOT, QUERY_RETRIEVE_LEVEL, STUDY_ROOT
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.identifier import Identifier
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import add_instances
from leadglass.store.index.matching import Items, QueryLevel, Range, Single, Universal, Wildcard
from leadglass.terms.errors import LedgerFault, PeerViolation, StorageFault
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Selector, SelectorKind


def asking(level: str, **keys: str | tuple[Identifier, ...]) -> Mapping[int, str | tuple[Identifier, ...]]:
    return {QUERY_RETRIEVE_LEVEL: level, **{tag_of(keyword): value for keyword, value in keys.items()}}


async def found(world: ArchiveWorld, caller: Caller, request: FindRequest) -> list[Answer]:
    return [answer async for page in find_pages(world.archive, caller, request) for answer in page]


# --- reading a query -----------------------------------------------------------------------------------------


def test_keys_returns_and_what_we_do_not_keep() -> None:
    request = read_find_request(
        asking("STUDY", PatientID="P1", PatientName="D*", StudyDate="20260101-", AccessionNumber="", PixelSpacing=""),
        STUDY_ROOT,
    )
    assert request.level is QueryLevel.STUDY
    assert request.keys == {
        "PatientID": Single("P1"),
        "PatientName": Wildcard("D*"),
        "StudyDate": Range("20260101", ""),
    }
    assert request.returns == ("PatientID", "PatientName", "StudyDate", "AccessionNumber")
    assert request.ignored == ("PixelSpacing",)


def test_character_set_time_zone_and_group_lengths_are_not_keys() -> None:
    identifier = {0x0008_0000: "12", 0x0008_0005: "ISO_IR 192", 0x0008_0201: "+0100", **asking("STUDY", PatientID="")}
    request = read_find_request(identifier, STUDY_ROOT)
    assert (request.returns, request.ignored, request.keys) == (("PatientID",), (), {})


def test_an_attribute_without_a_name_is_named_by_its_tag() -> None:
    assert read_find_request({**asking("STUDY"), 0x0009_1001: "x"}, STUDY_ROOT).ignored == ("(0009,1001)",)


def test_sequence_matching_takes_the_one_item() -> None:
    item = {tag_of("RequestedProcedureID"): "R1", tag_of("ScheduledProcedureStepID"): ""}
    for items, match in (((item,), Items({"RequestedProcedureID": Single("R1")})), ((), Universal())):
        request = read_find_request(asking("SERIES", RequestAttributesSequence=items), STUDY_ROOT)
        assert request.keys.get("RequestAttributesSequence", Universal()) == match
        assert request.returns == ("RequestAttributesSequence",)


@pytest.mark.parametrize("root", [PATIENT_ROOT, STUDY_ROOT])
def test_unique_keys_above_may_be_lists_but_no_wild_cards(root: finding.Root) -> None:
    read_find_request(asking("SERIES", StudyInstanceUID="1.2\\1.3"), root)
    read_find_request(asking("SERIES", StudyInstanceUID=""), root)
    if root is PATIENT_ROOT:
        with pytest.raises(PeerViolation) as refused:
            read_find_request(asking("STUDY", PatientID="P*"), root)
        assert refused.value.answer.status == 0xA900
    else:
        assert read_find_request(asking("STUDY", PatientID="P*"), root).keys == {"PatientID": Wildcard("P*")}


# --- finding -------------------------------------------------------------------------------------------------


async def test_only_what_the_caller_may_see_is_found(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set("1.2.1", "1.2.1.1.1", PatientID="P1"))
    await world.store(scanner, data_set("1.2.2", "1.2.2.1.1", PatientID="P2"))
    ann = await world.reader(Action.QUERY, selector=Selector(SelectorKind.PATIENT, "P2"))
    request = read_find_request(asking("STUDY", PatientID="", StudyInstanceUID=""), STUDY_ROOT)
    assert [answer["StudyInstanceUID"] for answer in await found(world, ann, request)] == ["1.2.2"]
    assert await found(world, await world.reader(name="bob"), request) == []


async def test_answers_are_durable_in_the_ledger_before_they_are_given(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set())
    ann = await world.reader(Action.QUERY)
    request = read_find_request(asking("STUDY", PatientName="DOE*", StudyInstanceUID=""), STUDY_ROOT)
    async for _ in find_pages(world.archive, ann, request):
        entry = world.ledger.durable[-1]
        assert [one.study_instance_uid for one in entry.disclosed] == ["1.2.1"]
        assert entry.detail == {"level": "STUDY", "keys": "PatientName"}
        assert "DOE" not in repr(entry)


async def test_an_empty_answer_is_written_down_too(world: ArchiveWorld) -> None:
    ann = await world.reader(Action.QUERY)
    assert await found(world, ann, read_find_request(asking("PATIENT", PatientID="P9"), PATIENT_ROOT)) == []
    assert [entry.counts for entry in world.ledger.of(Event.QUERIED)] == [{"answers": 0}]


async def test_nothing_is_given_when_the_ledger_or_the_index_fails(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set())
    ann = await world.reader(Action.QUERY)
    request = read_find_request(asking("STUDY", StudyInstanceUID=""), STUDY_ROOT)
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await found(world, ann, request)
    world.ledger.broken, world.index.broken = False, True
    with pytest.raises(StorageFault):
        await found(world, ann, request)


@pytest.mark.parametrize(("instances", "pages"), [(0, []), (3, [3]), (4, [4]), (9, [4, 4, 1])])
async def test_pages_are_bounded_and_complete(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch, instances: int, pages: list[int]
) -> None:
    monkeypatch.setattr(finding, "MAX_FIND_PAGE", 4)
    real_find = finding.find
    monkeypatch.setattr(finding, "find", lambda *asked: real_find(*asked, limit=4))
    rows = [new(instance=f"1.2.1.1.{number + 1}", at=number) for number in range(instances)]
    await world.index.write(add_instances, rows)
    ann = await world.reader(Action.QUERY)
    request = read_find_request(asking("IMAGE", StudyInstanceUID="1.2.1", SOPInstanceUID=""), STUDY_ROOT)
    got = [[answer["SOPInstanceUID"] for answer in page] async for page in find_pages(world.archive, ann, request)]
    assert [len(page) for page in got] == pages
    assert sorted(uid for page in got for uid in page) == sorted(row.header.sop_instance_uid for row in rows)


async def test_a_device_that_may_not_query_is_refused_by_its_id(world: ArchiveWorld) -> None:
    scanner = await world.device()
    refusal = await may_find(world.archive, scanner)
    assert refusal == Refused(RefusalReason.ACTION_NOT_ALLOWED, "dev-scanner", Action.QUERY)
    assert [entry.principal for entry in world.ledger.of(Event.REFUSED)] == ["dev-scanner"]
    assert await may_find(world.archive, await world.reader(Action.QUERY)) is None
