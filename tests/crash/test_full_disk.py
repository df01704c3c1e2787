"""A disk without room: senders are told A700, nothing acknowledged is lost, and work goes on when room comes back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from helpers.archive_server import command, run_archive
from helpers.fetching import fetch
from helpers.images import LARGE, Image, study_uid
from helpers.killable import KillableArchive, killable_archive
from helpers.preloaded import Preloaded
from helpers.senders import Record, open_sender, send
from helpers.small_disk import small_disk
from helpers.stow import STOW, failed, form, stored
from leadglass.dicom.dimse.statuses import Status
from leadglass.net.connector import RequestedAssociation
from leadglass.net.errors import PeerRejected

SENDER, READER = "SENDER", "READER"


async def send_some(association: RequestedAssociation, study: int, sizes: tuple[int, ...], record: Record) -> list[int]:
    """The statuses of that many images of the study; numbers go on where they were."""
    first = len(record.sent.get(study_uid(study), {}))
    return [
        (await send(association, Image(study, first + number, size), record)).status
        for number, size in enumerate(sizes)
    ]


def without_room(home: Path) -> str:
    """What `leadglass serve` says before it gives up."""
    done = command(home, "serve", "--dicom", "127.0.0.1:0", "--dicom-tls", "127.0.0.1:0", "--https", "off", check=False)
    assert done.returncode == 1
    return done.stdout + done.stderr


async def until_refused(association: RequestedAssociation, studies: Iterator[int], record: Record) -> None:
    """Small images of new studies, until one is refused: the last room may be in what was reserved before."""
    for study in itertools.islice(studies, 500):
        [status] = await send_some(association, study, (8192,), record)
        if status != 0:
            assert status == Status.OUT_OF_RESOURCES
            return
    raise AssertionError("the disk is full, and all is taken")


async def until_taken(association: RequestedAssociation, study: int, record: Record) -> None:
    """An image of a new study, tried again as a refused sender does: the ledger looks for room now and then."""
    async with asyncio.timeout(60):
        while await send_some(association, study, (8192,), record) != [0]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.25)


async def check(archive: KillableArchive, record: Record) -> None:
    """All that was acknowledged is there, and nothing that was not sent."""
    for study, acknowledged in record.acknowledged.items():
        fetched = await fetch(archive.dicom, READER, StudyInstanceUID=study)
        assert (fetched.status, fetched.failed) == (0, 0)
        assert acknowledged <= fetched.instances.keys()
        assert fetched.instances.items() <= record.sent[study].items()
    assert (await archive.ask("store check"))["problems"] == []


@pytest.mark.root
@pytest.mark.crash
async def test_full_and_free_again(tmp_path: Path, preloaded: Preloaded) -> None:
    record, studies = Record(), itertools.count(2)
    with small_disk(tmp_path / "disk", "96m") as disk:
        home = disk.path / "home"
        async with killable_archive(preloaded, home, log=tmp_path / "log") as archive:
            await archive.enrol(SENDER, READER)
            async with await open_sender(archive.dicom, SENDER) as association:
                assert await send_some(association, 1, (8192, LARGE, 500_000), record) == [0, 0, 0]
                for _ in range(3):
                    disk.fill()
                    assert await send_some(association, 1, (LARGE, LARGE), record) == [Status.OUT_OF_RESOURCES] * 2
                    await until_refused(association, studies, record)
                    with pytest.raises(PeerRejected):
                        await open_sender(archive.dicom, "STRANGER")
                    disk.free()
                    assert await send_some(association, 1, (8192, LARGE), record) == [0, 0]
                    await until_taken(association, next(studies), record)
            await check(archive, record)
            assert archive.stop() == 0
        assert "clean" in command(home, "store", "check").stdout
        command(home, "ledger", "verify")


@pytest.mark.root
@pytest.mark.crash
async def test_killed_and_started_without_room(tmp_path: Path, preloaded: Preloaded) -> None:
    record, studies = Record(), itertools.count(1)
    with small_disk(tmp_path / "disk", "96m") as disk:
        home = disk.path / "home"
        async with killable_archive(preloaded, home, log=tmp_path / "log") as archive:
            await archive.enrol(SENDER, READER)
            association = await open_sender(archive.dicom, SENDER)
            assert await send_some(association, next(studies), (8192, LARGE), record) == [0, 0]
            disk.fill()
            await until_refused(association, studies, record)
            archive.kill()
            with contextlib.suppress(AssertionError):  # recovery gives back what was reserved: that may be room enough
                await archive.start()
                archive.kill()
            assert "Traceback" not in archive.log.read_text()
            disk.free()
            await archive.start()
            await check(archive, record)


@pytest.mark.root
@pytest.mark.crash
def test_a_first_start_without_room_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        home = disk.path / "home"
        for room in (0, 16 * 1024, 64 * 1024, 256 * 1024):
            disk.fill(but=room)
            words = without_room(home)
            assert "error: " in words
            assert "Traceback" not in words
            disk.free()
        with run_archive(home) as archive:
            assert archive.ask("studies")["counts"]["studies"] == 0


@pytest.mark.root
@pytest.mark.crash
async def test_full_and_free_again_over_http(tmp_path: Path, preloaded: Preloaded) -> None:
    """507 or 503 where nothing was stored, A700 for what was not; the same request again is a success later."""
    record = Record()
    with small_disk(tmp_path / "disk", "96m") as disk:
        home = disk.path / "home"
        async with killable_archive(preloaded, home, log=tmp_path / "log") as archive:
            await archive.enrol(SENDER, READER)
            made = await archive.ask(
                "token create", name="stow", role="service", expires="1h", allow=["store"], studies="everything"
            )
            trust = ssl.create_default_context(cafile=home / "ca/ca.pem")
            headers = {**STOW, "Authorization": f"Bearer {made['token']}"}
            async with httpx2.AsyncClient(
                base_url=f"https://localhost:{archive.https}", headers=headers, verify=trust, trust_env=False
            ) as client:
                for turn in range(2):
                    disk.fill()
                    for study in itertools.count(100 * turn):
                        sizes = (LARGE if study == 0 else 8192, *[400_000] * 4)
                        images = [Image(study, number, size) for number, size in enumerate(sizes)]
                        status = await stow(client, images, record)
                        if status in (503, 507):
                            break
                        assert status in (200, 202)
                    disk.free()
                    async with asyncio.timeout(60):  # the ledger looks for room now and then
                        while await stow(client, images, record) != 200:  # noqa: ASYNC110 - another process
                            await asyncio.sleep(0.25)
            await check(archive, record)
            assert archive.stop() == 0
        assert "clean" in command(home, "store", "check").stdout


async def stow(client: httpx2.AsyncClient, images: list[Image], record: Record) -> int:
    """The status of one request of these images; the record is told what became of each."""
    for image in images:
        record.begin(image, image.data_set())
    response = await client.post("/dicom-web/studies", content=form(image.file() for image in images))
    acknowledged = stored(response.json()) if response.status_code in (200, 202) else []
    reasons = {status for status, _ in failed(response.json()).values()} if response.status_code == 202 else set()
    assert reasons <= {Status.OUT_OF_RESOURCES}
    for image in images:
        record.end(image, 0 if image.sop_instance_uid in acknowledged else Status.OUT_OF_RESOURCES)
    return response.status_code
