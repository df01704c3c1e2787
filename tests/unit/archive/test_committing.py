"""Storage commitment promises what can be proved at this moment, and nothing else."""

from __future__ import annotations

import pytest

from helpers.archive_world import CT, ArchiveWorld, data_set
from leadglass.archive.committing import Commitment, Failure, Reference, commit
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import known_instances
from leadglass.terms.errors import LedgerFault
from leadglass.terms.principal import Action

HERE = Reference(CT, "1.2.1.1.1")
NOWHERE = Reference(CT, "1.2.9.9.9")


async def test_what_is_here_is_promised_and_what_is_not_is_not(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    wrong_class = Reference("1.2.840.10008.5.1.4.1.1.4", HERE.sop_instance_uid)
    promised = await commit(world.archive, scanner, [HERE, NOWHERE, wrong_class])
    assert promised == Commitment((HERE,), (Failure(NOWHERE, 0x0112), Failure(wrong_class, 0x0119)))
    [entry] = world.ledger.of(Event.COMMITTED)
    assert entry.counts == {"committed": 1, "failed": 2}


async def test_somebody_elses_study_looks_like_none(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set())
    stranger = await world.device("other")
    assert await commit(world.archive, stranger, [HERE]) == Commitment((), (Failure(HERE, 0x0112),))
    reader = await world.reader(Action.QUERY)
    assert await commit(world.archive, reader, [HERE]) == Commitment((HERE,), ())


async def test_a_second_device_is_promised_the_series_it_added(world: ArchiveWorld) -> None:
    first, second = await world.device(), await world.device("other")
    await world.store(first, data_set())
    await world.store(second, data_set(instance="1.2.1.2.1", SeriesInstanceUID="1.2.1.2"))
    mine = Reference(CT, "1.2.1.2.1")
    assert await commit(world.archive, second, [mine, HERE]) == Commitment((mine,), (Failure(HERE, 0x0112),))


async def test_a_damaged_object_is_never_promised(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    stored = (await world.index.read(known_instances, ["1.2.1.1.1"]))["1.2.1.1.1"]
    world.journal.damage(stored.location)
    assert await commit(world.archive, scanner, [HERE]) == Commitment((), (Failure(HERE, 0x0110),))


async def test_nothing_is_promised_while_the_index_does_not_answer(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    world.index.broken = True
    assert await commit(world.archive, scanner, [HERE]) == Commitment((), (Failure(HERE, 0x0110),))


async def test_nothing_is_promised_that_cannot_be_written_down(world: ArchiveWorld) -> None:
    scanner = await world.device()
    await world.store(scanner, data_set())
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await commit(world.archive, scanner, [HERE])
