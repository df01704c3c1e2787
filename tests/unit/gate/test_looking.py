"""Reading the ledger: who may, what is found, that it is recorded, and the state of its verification."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers import index_world
from helpers.callers import NOW, person
from helpers.ledgers import QUICK
from helpers.people_world import PeopleWorld
from leadglass.gate.door import Disclosed, Gate
from leadglass.gate.grants import Effect
from leadglass.gate.ledger import Event, Ledger, SigningKey
from leadglass.gate.looking import SECONDS_KEPT, LedgerPage, LedgerReader, Look, Looking, VerificationState
from leadglass.gate.machine import MACHINE
from leadglass.store.index.instances import add_instances
from leadglass.terms.errors import LedgerFault
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, Role
from leadglass.terms.visibility import Selector, SelectorKind, StudyFacts

STUDY = StudyFacts("1.2.1", "P1", "CITY")
HERE = (Door.CONSOLE, "192.0.2.7")
KEY = SigningKey.generate("example.com/ledger")


class World(PeopleWorld):
    """A real ledger behind the gate, and a stored study."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory
        self.real = Ledger.open(directory, KEY, clock=lambda: self.now, settings=QUICK)
        self.gate = Gate(self.identity, self.accounts, self.real, pseudonym_key=bytes(32), clock=lambda: self.now)
        self.reader = LedgerReader(self.real, directory, KEY.verifier, self.gate, self.index, lambda: self.now)
        with self.index.engine.begin() as conn:
            add_instances(conn, [index_world.new(STUDY.study_instance_uid, patient_id="P1")])

    async def account(self, name: str, role: Role) -> Principal:
        return (await self.registry.add_user(name, "hash", frozenset({role}))).principal()

    async def looks(self, principal: Principal, action: Action = Action.VIEW) -> None:
        async with self.gate.episode(principal, STUDY, action, *HERE) as episode:
            episode.count(3, 300)

    async def page(
        self, principal: Principal = MACHINE, before: int | None = None, limit: int = 100, **fields: Any
    ) -> LedgerPage:
        found = await self.reader.page(principal, Looking(**fields), before, limit)
        assert isinstance(found, LedgerPage), found
        return found

    async def close(self) -> None:
        await self.reader.close()
        await super().close()
        await self.real.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "ledger")
    yield world
    await world.close()


async def granted(world: World, principal: Principal) -> None:
    await world.registry.add_grant(
        principal.id,
        Effect.ALLOW,
        frozenset({Action.VIEW}),
        Selector(SelectorKind.STUDY, STUDY.study_instance_uid),
        by="machine",
        why="care",
    )


async def test_who_looked(world: World) -> None:
    ann, bob = await world.account("ann", Role.CLINICIAN), await world.account("bob", Role.CLINICIAN)
    await granted(world, ann)
    await world.gate.record_query(ann, *HERE, "STUDY", ["PatientID"], [Disclosed("P1", "CITY", "1.2.1")])
    world.later(minutes=1)
    await world.looks(bob)
    found = await world.reader.who_looked(ann, STUDY.study_instance_uid)
    assert not isinstance(found, Refused)
    assert [(look.name, look.times, look.actions) for look in found] == [("bob", 1, ("view",)), ("ann", 1, ("query",))]
    first = await world.reader.who_looked(ann, STUDY.study_instance_uid, 1)
    assert not isinstance(first, Refused)
    assert [type(look) for look in first] == [Look]


async def test_who_may_ask_who_looked(world: World) -> None:
    ann = await world.account("ann", Role.CLINICIAN)
    hers = await world.reader.who_looked(ann, STUDY.study_instance_uid)
    missing = await world.reader.who_looked(ann, "9.9.9")
    assert hers == missing == Refused(RefusalReason.NO_GRANT, ann.id, Action.VIEW)
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        somebody = await world.account(role, role)
        for study in (STUDY.study_instance_uid, "9.9.9"):  # also of a study that was deleted
            assert not isinstance(await world.reader.who_looked(somebody, study), Refused)
    await world.registry.disable_user("auditor")
    gone = person(Role.AUDITOR, id=somebody.id)
    assert isinstance(await world.reader.who_looked(gone, STUDY.study_instance_uid), Refused)


async def test_who_may_read_it_all(world: World) -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        assert (await world.page(await world.account(role, role))).lines
    for role in (Role.CLINICIAN, Role.SERVICE):
        refused = await world.reader.page(await world.account(role, role), Looking())
        assert isinstance(refused, Refused)
        assert isinstance(await world.reader.verify_all(person(role)), Refused)


async def test_reading_is_recorded_without_what_was_asked_for(world: World) -> None:
    await world.page(patient="P1", person="ann")
    await world.reader.who_looked(MACHINE, STUDY.study_instance_uid, address="192.0.2.7")
    first, second = (await world.page(event=Event.LEDGER_READ)).lines[::-1]
    assert first.what == "answers 0, by person patient"
    assert second.what == f"answers 0, by who looked, study {STUDY.study_instance_uid}"
    assert (first.door, second.address) == ("console", "192.0.2.7")
    assert b'"P1"' not in b"".join(path.read_bytes() for path in (world.directory / "pending").iterdir())


async def test_pages_cover_everything_once(world: World) -> None:
    for number in range(25):
        world.later(seconds=1)
        await world.gate.record(Event.CONFIGURED, MACHINE, *HERE, detail={"number": number})
    seen, before = list[str](), None
    while True:
        page = await world.page(before=before, limit=7, event=Event.CONFIGURED)
        seen += [line.what for line in page.lines]
        before = page.next
        if before is None:
            break
    assert seen == [f"number {number}" for number in range(24, -1, -1)]


async def test_filters(world: World) -> None:
    ann = await world.account("ann", Role.CLINICIAN)
    await world.looks(ann)
    world.later(hours=1)
    await world.gate.record(Event.CONFIGURED, MACHINE, *HERE)
    by_name, by_id = await world.page(person="ann"), await world.page(person=ann.id)
    assert [line.event for line in by_name.lines] == ["episode-opened"]
    assert {line.principal for line in by_id.lines} == {ann.id}
    assert [line.study for line in (await world.page(study=STUDY.study_instance_uid, event="episode-opened")).lines]
    assert (await world.page(patient="P1", issuer="CITY")).lines
    assert not (await world.page(patient="P1")).lines
    recent = await world.page(since=NOW + timedelta(minutes=30), event="configured")
    assert len(recent.lines) == 1
    assert not (await world.page(since=NOW + timedelta(hours=2))).lines
    assert not (await world.page(until=NOW, event="configured")).lines


async def test_without_the_ledger_nothing_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> int:
        raise LedgerFault("broken on cue")

    monkeypatch.setattr(world.real, "append", broken)
    with pytest.raises(LedgerFault):
        await world.page()
    with pytest.raises(LedgerFault):
        await world.reader.who_looked(MACHINE, STUDY.study_instance_uid)


async def test_verification_is_told_again_without_looking(world: World) -> None:
    await world.real.flush()
    first = await world.reader.verification()
    assert first.ok
    assert first.size == world.real.checkpoint.size
    assert first.root_hash == world.real.checkpoint.root.hex()
    assert await world.reader.verification() is first
    await world.gate.record(Event.CONFIGURED, MACHINE, *HERE)
    world.later(seconds=SECONDS_KEPT)
    second = await world.reader.verification()
    assert second.ok
    assert (second.size, second.checked_at) == (first.size + 1, world.now)
    assert second.checked_fully_at == first.checked_at


async def test_a_broken_ledger_is_told_and_found_whole_again(world: World) -> None:
    assert (await world.reader.verification()).ok
    checkpoint = world.directory / "checkpoint"
    note = checkpoint.read_bytes()
    checkpoint.write_bytes(note.replace(b"example", b"exbmple"))
    world.later(seconds=SECONDS_KEPT)
    state = await world.reader.verification()
    assert state.ok is False
    assert state.words.startswith("broken: checkpoint")
    checkpoint.write_bytes(note)
    whole = await world.reader.verify_all(MACHINE)
    assert isinstance(whole, VerificationState)
    assert whole.ok
    assert whole.checked_fully_at == world.now


async def test_ten_pages_at_once_verify_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    check = world.reader._watch.check_new

    def counted() -> object:
        nonlocal looks
        looks += 1
        return check()

    monkeypatch.setattr(world.reader._watch, "check_new", counted)
    states = await asyncio.gather(*(world.reader.verification() for _ in range(10)))
    assert all(state.ok for state in states)
    assert looks == 1


@pytest.mark.parametrize("odd", ["\ud800", "\0", "'; --", "x" * 100_000, "é\N{COMBINING ACUTE ACCENT}", '"\\'])
async def test_odd_texts_match_nothing(world: World, odd: str) -> None:
    for fields in ({"person": odd}, {"study": odd}, {"event": odd}, {"patient": odd}, {"patient": odd, "issuer": odd}):
        assert not (await world.page(**fields)).lines
    assert await world.reader.who_looked(MACHINE, odd) == []
