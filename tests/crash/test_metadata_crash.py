"""SIGKILL while metadata is rendered: whatever was not written is found again, without anybody asking for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from helpers.images import Image
from helpers.killable import KillableArchive, killable_archive
from helpers.preloaded import Preloaded
from helpers.senders import Record, open_sender, send
from leadglass.dicom.json import to_json
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.store.index.database import Database
from leadglass.store.index.series_metadata import incomplete_series, metadata_of
from leadglass.store.index.sqlcipher import SqlcipherDatabase
from leadglass.store.keys import KeyRing, SubKey

ROUNDS = 3
IMAGES = 60  # of one round, in two studies
SENDER = "SENDER"


class Reading:
    """Asks for metadata."""

    def __init__(self, archive: KillableArchive, token: str) -> None:
        self.archive = archive
        self.headers = {"Authorization": f"Bearer {token}"}
        self.trust = ssl.create_default_context(cafile=archive.home / "ca/ca.pem")

    async def metadata(self, study: str) -> dict[str, object]:
        """By SOP Instance UID, with relative addresses."""
        base = f"https://localhost:{self.archive.https}/dicom-web"
        async with httpx2.AsyncClient(verify=self.trust, headers=self.headers, trust_env=False, timeout=60) as client:
            answer = await client.get(f"{base}/studies/{study}/metadata")
            answer.raise_for_status()
            return {one["00080018"]["Value"][0]: one for one in json.loads(answer.content.replace(base.encode(), b""))}

    async def until_killed(self, study: str) -> None:
        with contextlib.suppress(httpx2.HTTPError):
            await self.metadata(study)


@pytest.mark.crash
async def test_nothing_is_forgotten(tmp_path: Path, preloaded: Preloaded) -> None:
    chance = random.Random(20261122)
    record = Record()
    images: list[Image] = []
    left_over: list[int] = []
    async with killable_archive(preloaded, tmp_path / "home") as archive:
        await archive.enrol(SENDER, "READER")
        made = await archive.ask(
            "token create", name="viewer", role="service", expires="1h", allow=["view"], studies="everything"
        )
        reading = Reading(archive, made["token"])
        for turn in range(ROUNDS):
            new = [Image(turn % 4 + number % 2, turn * IMAGES + number) for number in range(IMAGES)]
            async with await open_sender(archive.dicom, SENDER) as association:
                for image in new:
                    assert (await send(association, image, record)).status == 0
            images += new
            asking = [
                asyncio.create_task(reading.until_killed(study)) for study in {one.study_instance_uid for one in images}
            ]
            if turn:  # in the first round nothing has been asked for when the kill comes
                await asyncio.sleep(0.1 * turn + chance.uniform(0.0, 0.05))
            archive.kill()
            await asyncio.gather(*asking)
            async with _index(archive.home) as index:
                left_over.append(len(await index.read(incomplete_series, 10)))
            await archive.start()
        assert any(left_over), "no kill came while something was missing"
        await _all_rendered(archive.home)
        for study in {one.study_instance_uid for one in images}:
            expected = {one.sop_instance_uid: _described(one) for one in images if one.study_instance_uid == study}
            assert await reading.metadata(study) == expected
        assert archive.stop() == 0


def _described(image: Image) -> object:
    study = image.study_instance_uid
    place = f"/studies/{study}/series/{study}.1/instances/{image.sop_instance_uid}/bulkdata/"
    written = to_json(image.data_set(), EXPLICIT_VR_LITTLE_ENDIAN, bulk_data_uri=lambda bulk: f"{place}{bulk.path}")
    return json.loads(written)


@contextlib.asynccontextmanager
async def _index(home: Path) -> AsyncIterator[Database]:
    database = await SqlcipherDatabase.open(home / "index.db", KeyRing.open(home / "keys").sub_key(SubKey.DATABASE))
    yield database
    await database.close()


async def _all_rendered(home: Path) -> None:
    """Returns when no instance is without metadata, each counted once."""
    async with _index(home) as index:
        async with asyncio.timeout(60):
            while await index.read(incomplete_series, 1):  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.05)
        for study in range(5):
            for row in await index.read(metadata_of, f"2.25.7100.{study}"):
                assert sum(part.number_of_instances for part in row.parts) == row.number_of_instances
