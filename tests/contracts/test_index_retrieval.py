"""What a retrieve is given: the visible objects, in viewing order, with their keys."""

from __future__ import annotations

from helpers.index_world import ALL, location, new, seeing
from leadglass.store.index.database import Database
from leadglass.store.index.instances import add_instances
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.retrieval import StoredObject, objects_of
from leadglass.store.index.study_keys import add_study_key
from leadglass.store.keys.study import WrappedKey
from leadglass.terms.visibility import SelectorKind

PATIENT, STUDY, SERIES, IMAGE = QueryLevel
KEY = WrappedKey(b"k" * 16, "m1", b"w" * 60)


async def _world(database: Database) -> None:
    await database.write(add_study_key, "1.2.1", KEY)
    batch = [
        new("1.2.1", "1.2.1.10", "1.2.1.10.1", at=0, series_number="10", instance_number="1", patient_id="P"),
        new("1.2.1", "1.2.1.2", "1.2.1.2.10", at=1, series_number="2", instance_number="10"),
        new("1.2.1", "1.2.1.2", "1.2.1.2.9", at=2, series_number="2", instance_number="9"),
        new("1.2.1", "1.2.1.2", "1.2.1.2.3", at=3, series_number="2", instance_number="none"),
        new("1.2.2", "1.2.1.2", "1.2.2.1.1", at=4, patient_id="P"),
        new("1.2.3", "1.2.3.1", "1.2.3.1.1", at=5, patient_id="Q"),
    ]
    await database.write(add_instances, batch)


async def _uids(database: Database, *arguments: object) -> list[str]:
    return [one.sop_instance_uid for one in await database.read(objects_of, *arguments)]  # type: ignore[arg-type]


async def test_a_study_comes_in_viewing_order(database: Database) -> None:
    await _world(database)
    assert await _uids(database, STUDY, ["1.2.1"], ALL) == ["1.2.1.2.9", "1.2.1.2.10", "1.2.1.2.3", "1.2.1.10.1"]


async def test_an_object_carries_all_that_reading_it_needs(database: Database) -> None:
    await _world(database)
    [one] = await database.read(objects_of, IMAGE, ["1.2.1.10.1"], ALL)
    ct, explicit = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
    assert one == StoredObject(ct, "1.2.1.10.1", explicit, location(0), "1.2.1", "1.2.1.10", "P", "", KEY)
    assert "'P'" not in repr(one)


async def test_every_level_and_what_it_lies_within(database: Database) -> None:
    await _world(database)
    assert len(await _uids(database, PATIENT, ["P"], ALL)) == 5
    assert await _uids(database, SERIES, ["1.2.1.2"], ALL, {"StudyInstanceUID": "1.2.2"}) == ["1.2.2.1.1"]
    assert len(await _uids(database, SERIES, ["1.2.1.2"], ALL)) == 4
    assert await _uids(database, IMAGE, ["1.2.3.1.1"], ALL, {"PatientID": "P"}) == []
    assert await _uids(database, IMAGE, ["1.2.3.1.1", "1.2.2.1.1"], ALL) == ["1.2.2.1.1", "1.2.3.1.1"]
    assert await _uids(database, STUDY, [], ALL) == []


async def test_what_is_hidden_is_missing_like_what_never_was(database: Database) -> None:
    await _world(database)
    visibility = seeing((SelectorKind.PATIENT, "P"), deny=[(SelectorKind.STUDY, "1.2.1")])
    assert await _uids(database, PATIENT, ["P", "Q"], visibility) == ["1.2.2.1.1"]
    assert await _uids(database, IMAGE, ["1.2.1.10.1"], visibility) == []
    assert await _uids(database, IMAGE, ["1.2.9"], visibility) == []


async def test_an_object_whose_key_is_gone_says_so(database: Database) -> None:
    await _world(database)
    [one] = await database.read(objects_of, STUDY, ["1.2.1"], ALL, {"SeriesInstanceUID": "1.2.1.10"})
    assert one.key == KEY
    other = new("1.2.7", at=9)
    await database.write(add_instances, [other])
    [read] = await database.read(objects_of, STUDY, ["1.2.7"], ALL)
    assert read.key == KEY, "the key is found by its id"
