"""Instances in, and out by UID; duplicates; positions; deletion."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, func, select

from helpers.index_world import ALL, AT, location, new
from leadglass.store.index import tables
from leadglass.store.index.adoption import adopt_series
from leadglass.store.index.collections import add_collection, add_to_collection, studies_of_collection
from leadglass.store.index.database import Database
from leadglass.store.index.deletion import DeletedStudy, destroy_study
from leadglass.store.index.facts import study_facts
from leadglass.store.index.instances import add_instances, known_instances
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.outcomes import Added, Duplicate, Stored
from leadglass.store.index.positions import indexed_to, set_indexed_to
from leadglass.store.index.queries import find
from leadglass.store.index.retrieval import objects_of
from leadglass.store.index.statistics import count_everything, list_studies, walk_instances
from leadglass.store.index.study_keys import add_study_key, study_key
from leadglass.store.keys.study import WrappedKey
from leadglass.terms.visibility import StudyFacts

_CT, _MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


def _counters(conn: Connection) -> list[tuple[str, int]]:
    query = select(tables.series.c.series_instance_uid, tables.series.c.number_of_instances)
    return sorted((row[0], row[1]) for row in conn.execute(query))


async def test_instances_of_several_studies_go_in_at_once(database: Database) -> None:
    batch = [
        new("1.2.1", "1.2.1.1", "1.2.1.1.1", at=0),
        new("1.2.2", "1.2.2.1", "1.2.2.1.1", at=1),
        new("1.2.1", "1.2.1.1", "1.2.1.1.2", at=2, sop_class_uid=_MR),
        new("1.2.1", "1.2.1.2", "1.2.1.2.1", at=3),
    ]
    assert await database.write(add_instances, batch, {1: 4000}) == [Added()] * 4
    assert await database.read(_counters) == [("1.2.1.1", 2), ("1.2.1.2", 1), ("1.2.2.1", 1)]
    assert await database.read(indexed_to) == {1: 4000}
    known = await database.read(known_instances, ["1.2.1.1.2", "1.2.9"])
    expected = Stored("1.2.1.1.2", _MR, "1.2.840.10008.1.2.1", "1.2.1", "1.2.1.1", location(2), "dev-1")
    assert known == {"1.2.1.1.2": expected}


async def test_a_series_knows_who_stored_it_and_what_nobody_stored_can_be_adopted(database: Database) -> None:
    batch = [new("1.2.1", "1.2.1.1", "1.2.1.1.1", by="dev-1"), new("1.2.1", "1.2.1.2", "1.2.1.2.1", at=1, by="dev-2")]
    batch += [new("1.2.2", "1.2.2.1", "1.2.2.1.1", at=2, by="")]
    await database.write(add_instances, batch)
    await database.write(adopt_series, "1.2.1", "1.2.1.1", "dev-3")  # it has somebody: nothing changes
    await database.write(adopt_series, "1.2.2", "1.2.2.1", "dev-3")
    known = await database.read(known_instances, ["1.2.1.1.1", "1.2.1.2.1", "1.2.2.1.1"])
    assert {uid: stored.stored_by for uid, stored in known.items()} == {
        "1.2.1.1.1": "dev-1",
        "1.2.1.2.1": "dev-2",
        "1.2.2.1.1": "dev-3",
    }
    facts = [await database.read(study_facts, uid) for uid in ("1.2.1", "1.2.2")]
    assert [one.stored_by for one in facts if one] == ["dev-1", "dev-3"]


async def test_a_batch_of_any_size_goes_in(database: Database) -> None:
    sizes = [1, 2, 3, 5, 31, 32, 33, 77]
    for size in sizes:
        batch = [new("1.2.1", f"1.2.1.{size}", f"1.2.1.{size}.{n}", at=n) for n in range(size)]
        assert await database.write(add_instances, batch) == [Added()] * size
    counts = await database.read(count_everything)
    assert (counts.studies, counts.series, counts.instances) == (1, len(sizes), sum(sizes))
    assert counts.stored_bytes == 1000 * sum(sizes)
    assert await database.write(add_instances, []) == []


async def test_a_known_instance_is_a_duplicate_and_stays_as_it_was(database: Database) -> None:
    await database.write(add_instances, [new(at=1)])
    outcomes = await database.write(add_instances, [new(at=7, modality="XX"), new(instance="1.2.1.1.2", at=8)])
    first, second = outcomes
    assert isinstance(first, Duplicate)
    assert first.existing.location == location(1)
    assert second == Added()
    assert await database.read(_counters) == [("1.2.1.1", 2)]


async def test_the_same_uid_twice_in_a_batch_is_added_once(database: Database) -> None:
    outcomes = await database.write(add_instances, [new(at=1), new(at=2)])
    assert outcomes[0] == Added()
    assert isinstance(outcomes[1], Duplicate)
    assert outcomes[1].existing.location == location(1)
    assert await database.read(_counters) == [("1.2.1.1", 1)]


async def test_a_duplicate_under_another_study_opens_no_empty_study(database: Database) -> None:
    await database.write(add_instances, [new("1.2.1", instance="1.2.9")])
    [outcome] = await database.write(
        add_instances, [new("1.2.2", instance="1.2.9", at=5, request_attributes=(("a", "b"),))]
    )
    assert isinstance(outcome, Duplicate)
    assert outcome.existing.study_instance_uid == "1.2.1"
    assert await database.read(study_facts, "1.2.2") is None
    assert await database.read(_counters) == [("1.2.1.1", 1)]


async def test_a_series_uid_under_two_studies_makes_two_series(database: Database) -> None:
    await database.write(add_instances, [new("1.2.1", "1.2.7", "1.2.7.1"), new("1.2.2", "1.2.7", "1.2.7.2", at=1)])
    found = await database.read(find, QueryLevel.SERIES, {}, ["NumberOfSeriesRelatedInstances"], ALL)
    assert [(row["StudyInstanceUID"], row["SeriesInstanceUID"]) for row in found] == [
        ("1.2.1", "1.2.7"),
        ("1.2.2", "1.2.7"),
    ]
    assert {row["NumberOfSeriesRelatedInstances"] for row in found} == {"1"}


async def test_the_first_instance_speaks_for_its_study(database: Database) -> None:
    await database.write(add_instances, [new(patient_id="P1", institution_name=" General  HOSPITAL ", by="dev-7")])
    await database.write(add_instances, [new(instance="1.2.1.1.2", at=1, patient_id="P2", by="dev-8")])
    facts = await database.read(study_facts, "1.2.1")
    assert facts == StudyFacts("1.2.1", "P1", "", "general hospital", "", "dev-7", frozenset())


async def test_facts_hold_collections_and_normal_forms(database: Database) -> None:
    await database.write(
        add_instances, [new(patient_id="P1", issuer_of_patient_id="H", referring_physician_name="MÜLLER^Ann^^Dr=x")]
    )
    for name in ("teaching", "trial 7"):
        assert await database.write(add_collection, name, "", AT)
        assert await database.write(add_to_collection, name, ["1.2.1", "1.2.3"])
    facts = await database.read(study_facts, "1.2.1")
    assert facts == StudyFacts("1.2.1", "P1", "H", "", "müller^ann^^dr", "dev-1", frozenset({"teaching", "trial 7"}))


async def test_hostile_values_are_made_fit(database: Database) -> None:
    hostile = new(
        patient_name="A\0B^\ud800",
        patient_id="😀" * 5000,
        study_description="\0" * 9,
        request_attributes=(("\0x", "y" * 999),),
    )
    assert await database.write(add_instances, [hostile]) == [Added()]
    [row] = await database.read(find, QueryLevel.STUDY, {}, ["PatientName", "StudyDescription"], ALL)
    assert row["PatientName"] == "AB^?"
    assert row["StudyDescription"] == ""
    assert row["PatientID"] == "😀" * 256


async def test_positions_never_move_back(database: Database) -> None:
    await database.write(set_indexed_to, {1: 500, 2: 70})
    await database.write(set_indexed_to, {1: 400, 3: 9})
    assert await database.read(indexed_to) == {1: 500, 2: 70, 3: 9}


async def test_many_senders_of_one_study_at_once(database: Database) -> None:
    batches = [
        [new("1.2.1", f"1.2.1.{n % 3}", f"1.2.1.{n % 3}.{n}", at=n), new("1.2.2", "1.2.2.1", f"1.2.2.1.{n}", at=50 + n)]
        for n in range(24)
    ]
    outcomes = await asyncio.gather(*(database.write(add_instances, batch) for batch in batches))
    assert outcomes == [[Added(), Added()]] * 24
    assert await database.read(_counters) == [("1.2.1.0", 8), ("1.2.1.1", 8), ("1.2.1.2", 8), ("1.2.2.1", 24)]


async def test_racing_senders_of_the_same_instance_add_it_once(database: Database) -> None:
    racers = [database.write(add_instances, [new(f"1.2.{n}", instance="1.2.99", at=n)]) for n in range(8)]
    outcomes = [outcome for [outcome] in await asyncio.gather(*racers)]
    assert outcomes.count(Added()) == 1
    winner = outcomes.index(Added())
    assert {o.existing.study_instance_uid for o in outcomes if isinstance(o, Duplicate)} == {f"1.2.{winner}"}
    counts = await database.read(count_everything)
    assert (counts.studies, counts.series, counts.instances) == (1, 1, 1)


async def test_a_destroyed_study_leaves_nothing(database: Database) -> None:
    await database.write(add_study_key, "1.2.1", WrappedKey(b"k" * 16, "m1", b"w" * 60))
    await database.write(add_collection, "trial", "", AT)
    await database.write(add_to_collection, "trial", ["1.2.1", "1.2.2"])
    await database.write(
        add_instances,
        [new("1.2.1", request_attributes=(("a", "b"),)), new("1.2.1", "1.2.1.2", at=1), new("1.2.2", at=2)],
    )
    assert await destroy_study(database, "1.2.1") == DeletedStudy("1.2.1", 2, 2000, True)
    assert await destroy_study(database, "1.2.1") is None
    assert await database.read(study_facts, "1.2.1") is None
    assert await database.read(study_key, "1.2.1") is None
    assert await database.read(studies_of_collection, "trial") == ["1.2.2"]
    assert await database.read(objects_of, QueryLevel.STUDY, ["1.2.1"], ALL) == []

    def rows(conn: Connection) -> list[int]:
        counted = (tables.studies, tables.series, tables.instances, tables.request_attributes, tables.study_keys)
        return [conn.execute(select(func.count()).select_from(table)).scalar_one() for table in counted]

    assert await database.read(rows) == [1, 1, 1, 0, 0]


async def test_a_study_deleted_and_sent_again_is_new(database: Database) -> None:
    await database.write(add_instances, [new(patient_id="P1")])
    await destroy_study(database, "1.2.1")
    assert await database.write(add_instances, [new(patient_id="P2", at=9)]) == [Added()]
    facts = await database.read(study_facts, "1.2.1")
    assert facts is not None
    assert facts.patient_id == "P2"


async def test_administrators_see_counts_and_uids(database: Database) -> None:
    for n in range(5):
        batch = [new(f"1.2.{n}", instance=f"1.2.{n}.1.{i}", at=10 * n + i) for i in range(n + 1)]
        await database.write(add_instances, batch)
    first = await database.read(list_studies, "", 3)
    rest = await database.read(list_studies, first[-1].study_instance_uid, 3)
    assert [(s.study_instance_uid, s.number_of_instances) for s in [*first, *rest]] == [
        (f"1.2.{n}", n + 1) for n in range(5)
    ]
    assert first[0].first_stored_at == AT


async def test_the_check_walks_every_instance_once(database: Database) -> None:
    await database.write(add_instances, [new(instance=f"1.2.1.1.{n}", at=n) for n in range(7)])
    seen: list[str] = []
    while page := await database.read(walk_instances, seen[-1] if seen else "", 3):
        seen += [stored.sop_instance_uid for stored in page]
    assert seen == [f"1.2.1.1.{n}" for n in range(7)]
