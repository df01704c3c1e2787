"""The Gate: written down before anything is released, and closed when it cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from helpers.callers import DAY, NOW, device, evidence, networks, person
from helpers.memory_index import MemoryIndex
from helpers.memory_ledger import MemoryLedger
from leadglass.gate.accounts import Accounts
from leadglass.gate.door import Disclosed, Gate
from leadglass.gate.grants import Effect
from leadglass.gate.identity import Identity
from leadglass.gate.ledger import Event, Ledger, Outcome, SigningKey, patient_pseudonym
from leadglass.gate.machine import MACHINE
from leadglass.gate.passwords import Passwords
from leadglass.gate.registry import Registry
from leadglass.gate.revision import Revision
from leadglass.terms.errors import LedgerFault
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import Allowed, Identified, RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, Role
from leadglass.terms.visibility import NOTHING, Selector, SelectorKind, StudyFacts, Visibility

KEY = b"k" * 32
STUDY = StudyFacts("1.2.3", "P1", "CITY")
PSEUDONYM = patient_pseudonym(KEY, "P1", "CITY")
PATIENT = Selector(SelectorKind.PATIENT, "P1")
HERE = (Door.DICOM, "10.0.0.7")


class World:
    """A gate over a database in memory and a ledger that can fail; `registry` is another process."""

    def __init__(self, revision: Path, ledger: object = None) -> None:
        self.index = MemoryIndex()
        self.ledger = MemoryLedger()
        self.now = NOW
        self.seconds = 0.0
        self.registry = Registry(self.index, self.clock, Revision(revision))
        accounts = Accounts(self.index, Revision(revision), monotonic=lambda: self.seconds)
        self.gate = Gate(
            Identity(accounts, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))),
            accounts,
            ledger or self.ledger,  # type: ignore[arg-type]
            pseudonym_key=KEY,
            clock=self.clock,
            monotonic=lambda: self.seconds,
        )

    def clock(self) -> datetime:
        return self.now

    async def ann(self, *actions: Action) -> Principal:
        """A clinician with an account and a grant for `actions` on the patient."""
        account = await self.registry.add_user("ann", "hash", frozenset({Role.CLINICIAN}))
        if actions:
            await self.registry.add_grant(
                account.id, Effect.ALLOW, frozenset(actions), PATIENT, valid_until=NOW + DAY, by="machine", why="care"
            )
        return account.principal()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "revision")
    yield world
    world.ledger.broken = False
    await world.gate.close()


# --- who -----------------------------------------------------------------------------------------------------


async def test_an_association_let_in_is_in_the_ledger_with_the_titles(world: World) -> None:
    await world.registry.add_device(device())
    found = await world.gate.identify(evidence())
    assert isinstance(found, Identified)
    [entry] = world.ledger.entries
    assert (entry.event, entry.outcome, entry.principal, entry.strength) == ("associated", "allowed", "dev-1", "weak")
    assert entry.detail == {"calling_ae_title": "CT1", "called_ae_title": "LEADGLASS"}
    assert (entry.door, entry.address, entry.at) == ("dicom", "10.0.0.7", NOW)


async def test_a_stranger_is_refused_and_that_is_in_the_ledger(world: World) -> None:
    assert await world.gate.identify(evidence("EVIL")) == Refused(RefusalReason.UNKNOWN_DEVICE, "EVIL")
    [entry] = world.ledger.entries
    assert (entry.event, entry.outcome, entry.principal) == ("refused", "refused", "EVIL")
    assert entry.reason == RefusalReason.UNKNOWN_DEVICE
    assert entry.detail == {"called_ae_title": "LEADGLASS"}


async def test_a_caller_turned_away_in_the_handshake_is_in_the_ledger(world: World) -> None:
    world.gate.turned_away(RefusalReason.UNKNOWN_CERTIFICATE, *HERE)
    (entry,) = world.ledger.entries
    assert (entry.event, entry.reason) == (Event.REFUSED, RefusalReason.UNKNOWN_CERTIFICATE)
    assert (entry.door, entry.address, entry.counts) == (*HERE, {"refusals": 1})


async def test_nobody_comes_in_while_the_ledger_cannot_be_written(world: World) -> None:
    await world.registry.add_device(device())
    world.ledger.broken = True
    assert await world.gate.identify(evidence()) == Refused(RefusalReason.LEDGER_UNAVAILABLE, "dev-1")
    assert isinstance(await world.gate.identify(evidence("EVIL")), Refused)
    world.ledger.broken = False
    assert isinstance(await world.gate.identify(evidence()), Identified)


async def test_a_flood_of_strangers_cannot_fill_the_ledger_and_is_counted_exactly(world: World) -> None:
    for n in range(2000):
        await world.gate.identify(evidence(f"AE{n}", f"10.9.{n % 250}.1"))
    assert len(world.ledger.entries) <= 30
    await world.gate.refused(Refused(RefusalReason.NO_GRANT, "usr-1", Action.VIEW), *HERE, study_instance_uid="1.2.3")
    assert world.ledger.entries[-1].principal == "usr-1", "somebody with a name is not drowned in it"
    await world.gate.close()
    assert sum(entry.counts["refusals"] for entry in world.ledger.of(Event.REFUSED)) == 2001


# --- may they ------------------------------------------------------------------------------------------------


async def test_judge_and_visibility_follow_the_grants(world: World) -> None:
    ann = await world.ann(Action.QUERY)
    assert isinstance(await world.gate.judge(ann, Action.QUERY, STUDY), Allowed)
    assert await world.gate.visibility(ann, Action.QUERY) == Visibility(frozenset({PATIENT}))
    other = replace(STUDY, patient_id="P2")
    assert await world.gate.judge(ann, Action.QUERY, other) == Refused(RefusalReason.NO_GRANT, ann.id, Action.QUERY)
    assert await world.gate.visibility(ann, Action.VIEW) == NOTHING
    world.now = NOW + DAY
    assert await world.gate.visibility(ann, Action.QUERY) == NOTHING, "the grant has ended"


async def test_revocation_acts_at_the_next_request(world: World) -> None:
    ann = await world.ann(Action.QUERY)
    [grant] = await world.registry.grants()
    assert isinstance(await world.gate.judge(ann, Action.QUERY, STUDY), Allowed)
    await world.registry.revoke_grant(grant.id)
    assert isinstance(await world.gate.judge(ann, Action.QUERY, STUDY), Refused)
    assert await world.gate.visibility(ann, Action.QUERY) == NOTHING


async def test_a_device_revoked_in_the_middle_of_an_association_stores_no_more(world: World) -> None:
    await world.registry.add_device(device())
    found = await world.gate.identify(evidence())
    assert isinstance(found, Identified)
    assert isinstance(await world.gate.admit_store(found.principal, STUDY), Allowed)
    assert isinstance(await world.gate.admit(found.principal, Action.VERIFY), Allowed)
    await world.registry.revoke_device("ct1")
    refusal = Refused(RefusalReason.DEVICE_REVOKED, "dev-1", Action.STORE)
    assert await world.gate.admit_store(found.principal, STUDY) == refusal
    assert await world.gate.visibility(found.principal, Action.STORE) == NOTHING
    assert await world.gate.admit(found.principal, Action.STORE) == refusal
    assert isinstance(world.gate.may(found.principal, Action.STORE), Allowed), "`may` asks nobody"


async def test_a_token_ends_in_the_middle_too(world: World) -> None:
    _, token = await world.registry.create_token("viewer", Role.CLINICIAN, DAY, selector=PATIENT)
    viewer = person(id=token.id)
    assert isinstance(await world.gate.judge(viewer, Action.VIEW, STUDY), Allowed)
    world.now = NOW + DAY
    assert await world.gate.judge(viewer, Action.VIEW, STUDY) == Refused(
        RefusalReason.TOKEN_EXPIRED, token.id, Action.VIEW
    )


async def test_when_the_index_does_not_answer_the_answer_is_no(world: World) -> None:
    ann = await world.ann(Action.QUERY)
    world.index.broken = True
    assert await world.gate.visibility(ann, Action.QUERY) == NOTHING
    found = await world.gate.judge(ann, Action.QUERY, STUDY)
    assert found == Refused(RefusalReason.IDENTITY_UNAVAILABLE, ann.id, Action.QUERY)
    assert isinstance(await world.gate.destination("STORE"), Refused)


async def test_the_machine_deletes_and_sees_nothing(world: World) -> None:
    assert isinstance(await world.gate.judge(MACHINE, Action.DELETE, STUDY), Allowed)
    assert await world.gate.visibility(MACHINE, Action.QUERY) == NOTHING
    assert world.gate.may(MACHINE, Action.QUERY) == Refused(RefusalReason.ROLE_SEES_NO_IMAGES, "machine", Action.QUERY)


async def test_destinations_are_enrolled_devices_with_an_address(world: World) -> None:
    refused = Refused(RefusalReason.DESTINATION_NOT_ENROLLED, "CT1")
    assert await world.gate.destination("CT1") == refused
    await world.registry.add_device(device())
    assert await world.gate.destination("CT1") == refused, "it takes nothing"
    ready = device(id="dev-2", name="ws", address="127.0.0.1:104", networks=networks("10.1.0.0/24"))
    await world.registry.add_device(ready)
    assert await world.gate.destination("CT1") == ready
    assert isinstance(await world.gate.destination("EV\nIL"), Refused)
    twin = device(id="dev-3", name="ws3", address="127.0.0.1:105", networks=networks("10.2.0.0/24"))
    await world.registry.add_device(twin)
    assert await world.gate.destination("CT1") == refused, "never whichever of two comes first"
    await world.registry.revoke_device("ws3")
    assert await world.gate.destination("CT1") == ready


# --- written down --------------------------------------------------------------------------------------------


async def test_a_page_of_answers_is_one_durable_entry_without_patient_data(world: World) -> None:
    ann = await world.ann()
    answers = [Disclosed("P1", "CITY", "1.2.3"), Disclosed("P1", "CITY", "1.2.3"), Disclosed("P2", "", "1.2.4")]
    await world.gate.record_query(ann, *HERE, "STUDY", ["PatientID", "StudyDate"], answers)
    [entry] = world.ledger.durable
    assert (entry.event, entry.action, entry.principal, entry.name) == ("queried", "query", ann.id, "ann")
    assert [(one.study_instance_uid, one.patient) for one in entry.disclosed] == [
        ("1.2.3", PSEUDONYM),
        ("1.2.4", patient_pseudonym(KEY, "P2")),
    ]
    assert entry.counts == {"answers": 3}
    assert entry.detail == {"level": "STUDY", "keys": "PatientID StudyDate"}
    assert "P1" not in repr(entry)


async def test_a_query_without_answers_is_written_but_not_waited_for(world: World) -> None:
    await world.gate.record_query(await world.ann(), *HERE, "STUDY", ["PatientID"], [])
    assert len(world.ledger.of(Event.QUERIED)) == 1
    assert world.ledger.durable == []


async def test_no_answer_leaves_while_the_ledger_cannot_be_written(world: World) -> None:
    world.ledger.broken = True
    for answers in ([], [Disclosed("P1")]):
        with pytest.raises(LedgerFault):
            await world.gate.record_query(person(), *HERE, "PATIENT", [], answers)


async def test_an_episode_is_durable_before_and_counted_after(world: World) -> None:
    ann = await world.ann(Action.VIEW)
    decision = await world.gate.judge(ann, Action.VIEW, STUDY)
    assert isinstance(decision, Allowed)
    async with world.gate.episode(ann, STUDY, Action.VIEW, *HERE, because=decision.because) as episode:
        [opening] = world.ledger.durable
        assert (opening.event, opening.study_instance_uid, opening.patient) == ("episode-opened", "1.2.3", PSEUDONYM)
        assert opening.because == decision.because != ()
        episode.count(2, 1000)
        episode.count(1, 500)
    await world.gate.close()
    [closing] = world.ledger.of(Event.EPISODE_CLOSED)
    assert closing.counts == {"instances": 3, "bytes": 1500}


async def test_no_episode_while_the_ledger_cannot_be_written(world: World) -> None:
    world.ledger.broken = True
    released = False
    with pytest.raises(LedgerFault):
        async with world.gate.episode(person(), STUDY, Action.VIEW, *HERE):
            released = True
    assert not released


async def test_other_deeds_are_recorded_durably(world: World) -> None:
    await world.gate.record(
        Event.DUPLICATE_REFUSED,
        person(),
        *HERE,
        study=STUDY,
        action=Action.STORE,
        reason="another content",
        outcome=Outcome.REFUSED,
        counts={"instances": 1},
        detail={"sop_instance_uid": "1.2.3.4"},
    )
    await world.gate.record(Event.GRANT_ADDED, MACHINE, Door.MACHINE, "")
    duplicate, grant = world.ledger.durable
    assert (duplicate.patient, duplicate.action, duplicate.outcome) == (PSEUDONYM, "store", "refused")
    assert (grant.principal, grant.patient, grant.study_instance_uid) == ("machine", "", "")
    world.ledger.broken = True
    with pytest.raises(LedgerFault):
        await world.gate.record(Event.DELETED, MACHINE, Door.MACHINE, "")


async def test_a_refusal_never_raises_even_if_the_ledger_does(world: World) -> None:
    world.ledger.broken = True
    await world.gate.refused(
        Refused(RefusalReason.NO_GRANT, "usr-1"), *HERE, patient=world.gate.pseudonym("P1", "CITY")
    )


async def test_counts_are_written_by_themselves_after_a_while(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadglass.gate.door.SECONDS_BETWEEN_COUNTS", 0.0)
    for _ in range(5):
        await world.gate.identify(evidence("EVIL"))
    assert len(world.ledger.entries) == 1
    world.seconds, world.now = 6.0, NOW + timedelta(seconds=6)
    for _ in range(10):
        await asyncio.sleep(0)
    assert [entry.counts["refusals"] for entry in world.ledger.entries] == [1, 4]


async def test_a_full_page_fits_the_real_ledger(tmp_path: Path) -> None:
    record = Ledger.open(tmp_path / "ledger", SigningKey.generate("test.invalid/ledger"), clock=lambda: NOW)
    world = World(tmp_path / "revision", record)
    answers = [Disclosed(f"P{n}", "I" * 64, f"1.2.{n}".ljust(64, "9")) for n in range(500)]
    await world.gate.record_query(person(name="n" * 64), *HERE, "IMAGE", ["PatientID"] * 20, answers)
    assert record.checkpoint.size >= 2
    await world.gate.close()
    await record.close()
