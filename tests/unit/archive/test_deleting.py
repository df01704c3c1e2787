"""Deleting: written down first, the key destroyed, volumes that held nothing else removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.archive_world import CT, EXPLICIT, ArchiveWorld, data_set
from leadglass.archive.archive import Caller
from leadglass.archive.deleting import Deleted, delete
from leadglass.archive.storing import StoreOutcome
from leadglass.dicom.part10 import file_meta
from leadglass.gate.ledger import Event
from leadglass.gate.machine import MACHINE
from leadglass.store.index.instances import known_instances
from leadglass.store.index.study_keys import key_by_id
from leadglass.store.journal import Journal
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY
from leadglass.terms.errors import IntegrityFault, LedgerFault
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import Refused

ADMINISTRATOR = Caller(MACHINE, Door.MACHINE, "local")


async def test_a_deleted_study_is_gone_with_its_key(world: ArchiveWorld) -> None:
    scanner = await world.device()
    for study in ("1.2.1", "1.2.2"):
        await world.store(scanner, data_set(study, f"{study}.1.1"))
    stored = (await world.index.read(known_instances, ["1.2.1.1.1"]))["1.2.1.1.1"]
    gone = await delete(world.archive, ADMINISTRATOR, "1.2.1")
    assert isinstance(gone, Deleted)
    assert gone.study.number_of_instances == 1
    assert await world.index.read(key_by_id, stored.location.key_id) is None
    assert list(await world.index.read(known_instances, ["1.2.1.1.1", "1.2.2.1.1"])) == ["1.2.2.1.1"]
    await world.archive.gate.close()
    opened = [entry for entry in world.ledger.of(Event.EPISODE_OPENED) if entry.action == "delete"]
    assert [(entry.study_instance_uid, entry.principal) for entry in opened] == [("1.2.1", "machine")]


async def test_the_uid_may_come_again_and_gets_a_key_of_its_own(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    before = await world.archive.keys.for_storing("1.2.1")
    await delete(world.archive, ADMINISTRATOR, "1.2.1")
    assert await world.store(scanner, data_set()) is StoreOutcome.STORED
    assert (await world.archive.keys.for_storing("1.2.1")).key_id != before.key_id


async def test_nothing_is_deleted_that_cannot_be_written_down(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set())
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await delete(world.archive, ADMINISTRATOR, "1.2.1")
    assert list(await world.index.read(known_instances, ["1.2.1.1.1"])) == ["1.2.1.1.1"]


async def test_who_may_not_delete_is_refused_in_the_ledger(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set())
    assert isinstance(await delete(world.archive, await world.reader(), "1.2.1"), Refused)
    assert len(world.ledger.of(Event.REFUSED)) == 1
    assert await delete(world.archive, ADMINISTRATOR, "1.2.9") is None


async def test_a_volume_that_held_nothing_else_is_removed_from_the_disk(tmp_path: Path) -> None:
    """On real files: a large object has a volume of its own."""
    volumes = tmp_path / "volumes"
    volumes.mkdir()
    world = ArchiveWorld(tmp_path, journal=Journal.open(volumes))
    scanner = await world.device()
    await world.store(scanner, data_set("1.2.1", "1.2.1.1.1", b"\x5a" * MAX_INCOMING_IN_MEMORY))
    await world.store(scanner, data_set("1.2.2", "1.2.2.1.1"))
    stored = (await world.index.read(known_instances, ["1.2.1.1.1"]))["1.2.1.1.1"]
    key = await world.archive.keys.for_storing("1.2.1")
    gone = await delete(world.archive, ADMINISTRATOR, "1.2.1")
    assert isinstance(gone, Deleted)
    assert gone.volumes == (stored.location.volume,)
    with pytest.raises(IntegrityFault):
        await world.journal.read_whole(stored.location, key)
    other = (await world.index.read(known_instances, ["1.2.2.1.1"]))["1.2.2.1.1"]
    found = await world.journal.read_whole(other.location, await world.archive.keys.for_storing("1.2.2"))
    assert found == file_meta(CT, "1.2.1.1.1", EXPLICIT) + data_set("1.2.2", "1.2.2.1.1")
    await world.close()
