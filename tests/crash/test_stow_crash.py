"""SIGKILL during STOW, as during C-STORE: what a 200 or 202 named is there byte for byte, and nothing is there by half.

One home lives through all rounds. In each, several clients store small and large images, new studies and old ones
again, a few images a request or many; then the server is killed and started anew.
"""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.archive_server import command
from helpers.fetching import fetch
from helpers.images import LARGE, SMALL, Image
from helpers.killable import KillableArchive, killable_archive
from helpers.preloaded import Preloaded
from helpers.senders import Record
from helpers.stow_senders import stow_until_lost
from leadglass.gate.ledger import SigningKey, verify

ROUNDS = max(8, int(os.environ.get("LEADGLASS_CRASH_ROUNDS", "30")) // 4)
READER = "READER"
MOST_ANSWERS = 60  # of one round, before the kill
LONGEST = 0.8  # seconds of work before the kill, if the machine is busy


class Rounds:
    """What the rounds have in common, and the work of each."""

    def __init__(self, archive: KillableArchive, token: str) -> None:
        self.archive = archive
        self.token = token
        self.trust = ssl.create_default_context(cafile=archive.home / "ca/ca.pem")
        self.record = Record()
        self.chance = random.Random(20261121)
        self.images: list[Image] = []

    async def work_and_kill(self, turn: int) -> None:
        """One life of the server, from the first request to the kill."""
        work = [
            (self._new(turn * 10, large_every=0), 1),
            (self._new(turn * 10 + 1, large_every=0), 10),
            (self._new(turn * 10 + 2, large_every=8), 6),
            (self._again(), 5),
        ]
        tasks = [
            asyncio.create_task(
                stow_until_lost(self.archive.https, self.trust, self.token, images, self.record, at_once=at_once)
            )
            for images, at_once in work
        ]
        await self.record.until_answered(self.chance.randint(0, MOST_ANSWERS), LONGEST)
        await asyncio.sleep(self.chance.uniform(0.0, 0.03))
        self.archive.kill()
        await asyncio.gather(*tasks)
        self.record.lost()
        assert not self.record.refused

    def _new(self, study: int, *, large_every: int) -> Iterator[Image]:
        """Images of a study that is new in this round, without end."""
        number = 0
        while True:
            number += 1
            is_large = large_every and number % large_every == 1
            self.images.append(Image(study, number, LARGE if is_large else SMALL + 2 * (number % 7)))
            yield self.images[-1]

    def _again(self) -> Iterator[Image]:
        """Images sent before, acknowledged or not, in any order."""
        known = list(self.images)
        while known:
            yield self.chance.choice(known)

    async def check(self) -> None:
        """After a restart: everything that was acknowledged is there, and nothing that was not sent."""
        listed = await self.archive.ask("studies")
        counts = {row["study_instance_uid"]: row["instances"] for row in listed["studies"]}
        assert counts.keys() <= self.record.sent.keys()
        for study in sorted(self.record.sent):
            fetched = await fetch(self.archive.dicom, READER, StudyInstanceUID=study)
            assert (fetched.status, fetched.failed) == (0, 0), study
            assert self.record.acknowledged.get(study, set()) <= fetched.instances.keys(), "an acknowledged one is lost"
            assert fetched.instances.items() <= self.record.sent[study].items(), "not what was sent"
            assert len(fetched.instances) == counts.get(study, 0)
        checked = await self.archive.ask("store check")
        assert checked["problems"] == []
        assert checked["instances"] == sum(counts.values())


@pytest.mark.crash
async def test_killed_at_random_moments(tmp_path: Path, preloaded: Preloaded) -> None:
    home = tmp_path / "home"
    (tmp_path / "witness").mkdir()
    async with killable_archive(preloaded, home) as archive:
        await archive.enrol("SENDER", READER)
        made = await archive.ask(
            "token create", name="stow", role="service", expires="1h", allow=["store"], studies="everything"
        )
        rounds = Rounds(archive, made["token"])
        for turn in range(1, ROUNDS + 1):
            await rounds.work_and_kill(turn)
            key = SigningKey.load(home / "keys/ledger.key").verifier
            report = verify(home / "ledger", key, tmp_path / "witness")
            assert report.exit_code in (0, 2), report.lines  # 2: the very last write was cut off by the kill
            (tmp_path / f"witness/{turn:03}").write_bytes((home / "ledger/checkpoint").read_bytes())
            await archive.start()
            if turn == ROUNDS // 2:
                await rounds.check()
        await rounds.check()
        acknowledged = sum(map(len, rounds.record.acknowledged.values()))
        assert acknowledged > ROUNDS
        assert archive.stop() == 0
    print(f"{ROUNDS} kills, {acknowledged} acknowledged images in {len(rounds.record.sent)} studies")
    assert "clean" in command(home, "store", "check").stdout
    command(home, "ledger", "verify", "--since-checkpoint", tmp_path / "witness")
