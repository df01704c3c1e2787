"""SIGKILL at any moment of real work: what was acknowledged is there byte for byte, and nothing is there by half.

One home lives through all rounds. In each, several senders store small and large images, new studies and old ones
again, while in some a study is deleted or the master key is rotated; then the server is killed and started anew.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path

import pytest

from helpers.archive_server import command
from helpers.fetching import fetch
from helpers.images import LARGE, SMALL, Image, study_uid
from helpers.killable import KillableArchive, killable_archive
from helpers.preloaded import Preloaded
from helpers.senders import Record, send_until_lost, storescu_until_lost
from leadglass.dicom.dimse.statuses import Status
from leadglass.gate.ledger import SigningKey, verify
from leadglass.terms.errors import UserFault

ROUNDS = int(os.environ.get("LEADGLASS_CRASH_ROUNDS", "15"))
SENDER, READER = "SENDER", "READER"
MOST_ANSWERS = 150  # of one round, before the kill
LONGEST_DELETION = 0.05  # seconds from asking for a deletion to the kill
DELETIONS_CROSSED = 5  # by images under way
LONGEST = 2.0  # seconds of work before the kill, if the machine is busy


class Rounds:
    """What the rounds have in common, and the plan of each."""

    def __init__(self, archive: KillableArchive, folder: Path) -> None:
        self.archive = archive
        self.folder = folder
        self.record = Record()
        self.chance = random.Random(20261120)
        self.images: list[Image] = []  # all that were ever begun
        self.touched: set[str] = set()  # studies that this round may have changed
        self.spared = ""  # a study that this round sends nothing of
        self.promised: set[str] = set()  # of it, before its deletion was asked for
        self.is_deleted = False  # that was answered
        self.deletions = [0, 0]  # how often a killed deletion had worked, and how often not

    async def work_and_kill(self, turn: int) -> None:
        """One life of the server, from the first request to the kill."""
        self.touched = {study_uid(turn * 10 + kind) for kind in range(3)}
        port = self.archive.dicom
        work = [
            send_until_lost(port, SENDER, self._new(turn * 10, large_every=0), self.record),
            send_until_lost(port, SENDER, self._new(turn * 10 + 1, large_every=8), self.record),
            send_until_lost(port, SENDER, self._again(), self.record),
        ]
        if turn % 5 == 0:
            some = [image for _, image in zip(range(12), self._new(turn * 10 + 2, large_every=6), strict=False)]
            work.append(storescu_until_lost(port, SENDER, some, self.record, self.folder / f"storescu{turn}"))
        if turn % 5 == 4:
            work.append(self._rotate())
        victim = self._victim(turn)
        tasks = [asyncio.create_task(one) for one in work]
        await self.record.until_answered(self.chance.randint(0, MOST_ANSWERS), LONGEST)
        await asyncio.sleep(self.chance.uniform(0.0, 0.02))
        if victim:
            tasks.append(asyncio.create_task(self._delete(victim)))
            await asyncio.sleep(self.chance.uniform(0.0, LONGEST_DELETION))
        self.archive.kill()
        await asyncio.gather(*tasks)
        self.record.lost()
        if victim and not self.is_deleted:
            self.record.acknowledged.pop(victim, None)  # who knows
        crossing = {Status.OUT_OF_RESOURCES} if victim else set()  # a deletion: may be sent again
        assert {status for _, status, _ in self.record.refused} <= crossing, self.record.refused
        self.record.refused.clear()

    def _new(self, study: int, *, large_every: int) -> Iterator[Image]:
        """Images of a study that is new in this round, without end."""
        number = 0
        while True:
            number += 1
            is_large = large_every and number % large_every == 1
            image = Image(study, number, LARGE + 2 * number if is_large else SMALL + 2 * (number % 7))
            self.images.append(image)
            yield image

    def _again(self) -> Iterator[Image]:
        """Images sent before, acknowledged or not, in any order, now and then with a new one of their study."""
        known = [image for image in self.images if image.study_instance_uid != self.spared]
        while known:
            image = self.chance.choice(known)
            if self.chance.random() < 0.2:
                image = Image(image.study, 1_000_000 + len(self.images))
                self.images.append(image)
            self.touched.add(image.study_instance_uid)
            yield image

    def _victim(self, turn: int) -> str:
        """The study to delete in this round: one that is being sent, or one that is left alone; mostly none."""
        self.spared = ""
        if turn % 10 == 2:
            return study_uid(turn * 10)
        if turn % 5 == 3:
            self.spared = self.chance.choice(list(self.record.acknowledged))
        return self.spared

    async def _delete(self, study: str) -> None:
        """Delete a study. Once that was answered, nothing from before is there; until then, all or nothing."""
        self.touched.add(study)
        self.promised = set(self.record.acknowledged.get(study, ()))
        self.is_deleted = False
        try:
            await self.archive.ask("study delete", study_instance_uid=study)
        except UserFault:  # killed before the answer, or nothing of it was stored yet
            return
        self.is_deleted = True
        self.record.deleted(study)

    async def _rotate(self) -> None:
        """One rotation of the master key after another, until the server is gone."""
        try:
            while True:
                await self.archive.ask("key rotate")
                await asyncio.sleep(self.chance.uniform(0.0, 0.02))
        except UserFault:
            return

    async def check(self, studies: set[str]) -> None:
        """After a restart: these studies hold what was acknowledged and nothing that was not sent."""
        listed = await self.archive.ask("studies")
        counts = {row["study_instance_uid"]: row["instances"] for row in listed["studies"]}
        assert counts.keys() <= self.record.sent.keys()
        for study in sorted(studies):
            fetched = await fetch(self.archive.dicom, READER, StudyInstanceUID=study)
            assert (fetched.status, fetched.failed) == (0, 0), study
            assert self.record.acknowledged.get(study, set()) <= fetched.instances.keys(), "an acknowledged one is lost"
            assert fetched.instances.items() <= self.record.sent.get(study, {}).items(), "not what was sent"
            assert len(fetched.instances) == counts.get(study, 0)
            if study == self.spared:
                assert not fetched.instances or not self.is_deleted, "deleted, and there again"
                assert not fetched.instances or self.promised <= fetched.instances.keys(), "deleted by half"
                self.record.acknowledged[study] = self.promised & fetched.instances.keys()
                self.deletions[bool(fetched.instances)] += 1
        checked = await self.archive.ask("store check")
        assert checked["problems"] == []
        assert checked["instances"] == sum(counts.values())


@pytest.mark.crash
async def test_a_study_deleted_while_it_is_sent_keeps_what_is_promised_afterwards(
    tmp_path: Path, preloaded: Preloaded
) -> None:
    """Success means durable (law 2), also for an image that crosses the deletion of its study."""
    async with killable_archive(preloaded, tmp_path / "home") as archive:
        await archive.enrol(SENDER, READER)
        rounds = Rounds(archive, tmp_path)
        rounds.touched = {study_uid(1)}
        record, deletions = rounds.record, 0
        senders = [
            asyncio.create_task(send_until_lost(archive.dicom, SENDER, images, record))
            for images in (
                (Image(1, number) for number in takewhile(lambda _: deletions < DELETIONS_CROSSED, count())),
                (Image(1, number, LARGE) for number in range(1_000_000, 1_000_012)),
            )
        ]
        while not all(sender.done() for sender in senders):
            if record.acknowledged.get(study_uid(1)):
                await archive.ask("study delete", study_instance_uid=study_uid(1))
                record.deleted(study_uid(1))
                deletions += 1
            await asyncio.sleep(0.02)
        await asyncio.gather(*senders)
        assert {status for _, status, _ in record.refused} <= {Status.OUT_OF_RESOURCES}, "may be sent again"
        await rounds.check({study_uid(1)})


@pytest.mark.crash
async def test_killed_at_random_moments(tmp_path: Path, preloaded: Preloaded) -> None:
    home = tmp_path / "home"
    (tmp_path / "witness").mkdir()
    async with killable_archive(preloaded, home) as archive:
        await archive.enrol(SENDER, READER)
        rounds = Rounds(archive, tmp_path)
        for turn in range(1, ROUNDS + 1):
            await rounds.work_and_kill(turn)
            key = SigningKey.load(home / "keys/ledger.key").verifier
            report = verify(home / "ledger", key, tmp_path / "witness")
            assert report.exit_code in (0, 2), report.lines  # 2: the very last write was cut off by the kill
            (tmp_path / f"witness/{turn:03}").write_bytes((home / "ledger/checkpoint").read_bytes())
            await archive.start()
            await rounds.check(rounds.touched)
        await rounds.check(set(rounds.record.sent))
        acknowledged = sum(map(len, rounds.record.acknowledged.values()))
        assert acknowledged > ROUNDS
        assert archive.stop() == 0
    print(f"{ROUNDS} kills, {acknowledged} acknowledged images in {len(rounds.record.sent)} studies")
    print("deletions that were killed: {} had worked, {} had not".format(*rounds.deletions))
    assert "clean" in command(home, "store", "check").stdout
    command(home, "ledger", "verify", "--since-checkpoint", tmp_path / "witness")
