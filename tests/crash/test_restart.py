"""Starting again, and starting where something is in the way: what stays, what is said, and with which exit code."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from helpers.archive_server import command
from helpers.fetching import fetch
from helpers.images import LARGE, Image, study_uid
from helpers.killable import KillableArchive, killable_archive
from helpers.preloaded import Preloaded
from helpers.senders import Record, open_sender, send
from helpers.small_disk import small_disk
from leadglass.app.home import Home
from leadglass.dicom.dimse.messages import CStoreRq
from leadglass.dicom.uids import CT_IMAGE_STORAGE
from leadglass.gate.ledger import Entry, Event, Ledger, SigningKey
from leadglass.net.errors import AssociationLost, PeerUnreachable
from leadglass.store.index.schema import HEAD
from leadglass.store.index.sqlcipher import SqlcipherDatabase
from leadglass.store.keys import KeyRing, SubKey

SENDER, READER = "SENDER", "READER"


@dataclass(frozen=True)
class Starter:
    """Starts servers in the folder of one test."""

    preloaded: Preloaded
    folder: Path

    def refused(self, home: Path, *options: str) -> str:
        """What `leadglass serve` says where it cannot start: exit code 1, lines stripped of their indentation."""
        log = self.folder / f"refused{len(list(self.folder.glob('refused*')))}.log"
        ports = () if "--dicom" in options else ("--dicom", "127.0.0.1:0")
        words = ["serve", "--home", str(home), "--dicom-tls", "127.0.0.1:0", "--https", "off", *ports, *options]
        pid = self.preloaded.start(words, log)
        deadline = time.monotonic() + 60
        while (code := self.preloaded.poll(pid)) is None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                raise AssertionError(f"it started: {log.read_text()}")
            time.sleep(0.01)
        assert code == 1
        return "\n".join(line.strip() for line in log.read_text().splitlines())

    def archive(self, home: Path, *options: str) -> AbstractAsyncContextManager[KillableArchive]:
        """A server that is running in `home`."""
        return killable_archive(self.preloaded, home, *options)

    async def home(self, name: str) -> Path:
        """A home that a server has been in, and has left in good order."""
        async with self.archive(self.folder / name) as archive:
            assert archive.stop() == 0
        return self.folder / name


@pytest.fixture
def starter(preloaded: Preloaded, tmp_path: Path) -> Starter:
    return Starter(preloaded, tmp_path)


async def stored(archive: KillableArchive, *images: Image) -> Record:
    record = Record()
    async with await open_sender(archive.dicom, SENDER) as association:
        for image in images:
            assert (await send(association, image, record)).status == 0
    return record


# --- something is in the way ---------------------------------------------------------------------------------


def test_port_taken(starter: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = starter.refused(starter.folder / "home", "--dicom", f"127.0.0.1:{port}")
    assert said.endswith(
        f"error: port {port} is taken: another program listens at 127.0.0.1:{port}\nStop it, or choose another port."
    )


async def test_home_in_use(starter: Starter) -> None:
    home = starter.folder / "home"
    async with starter.archive(home) as archive:
        assert starter.refused(home) == (
            f"error: another leadglass is using {home}\n"
            "Stop it first, or give this one a home of its own with --home DIR."
        )
        assert (await archive.ask("studies"))["studies"] == [], "and the first one never noticed"


@pytest.mark.root
def test_home_not_writable(starter: Starter) -> None:
    with small_disk(starter.folder / "disk", "4m") as disk:
        disk.make_read_only()
        home = disk.path / "home"
        assert starter.refused(home) == (
            f"error: the home folder {home} is not writable: Read-only file system\n"
            "Give another one with --home DIR, or make this one writable for the user that runs leadglass."
        )


def test_home_is_no_folder(starter: Starter) -> None:
    home = starter.folder / "home"
    home.write_text("something else")
    assert starter.refused(home) == f"error: {home} is not a folder\nGive another one with --home DIR."


async def test_wrong_master_key(starter: Starter) -> None:
    home, other = await starter.home("home"), await starter.home("other")
    own = (home / "keys/master.key").read_bytes()
    key_id = own.split(b"id ")[1][:32].decode()
    shutil.copy(other / "keys/master.key", home / "keys/master.key")
    assert starter.refused(home) == (
        f"error: wrong master key: {home}/keys/master.key is not the key with id {key_id} that this archive was closed "
        "with\nPut back the master key with that id from its backup. Without it nothing stored here can be read, by "
        "design."
    )
    (home / "keys/master.key").write_bytes(own)
    await starter.home("home")


async def test_the_keys_of_another_archive(starter: Starter) -> None:
    home, other = await starter.home("home"), await starter.home("other")
    shutil.rmtree(home / "keys")
    shutil.copytree(other / "keys", home / "keys")
    assert starter.refused(home) == (
        f"error: wrong master key: the database {home}/index.db does not open with it\n"
        "Start with the key file this database was made with, or restore both from the same backup."
    )


async def test_missing_master_key(starter: Starter) -> None:
    home = await starter.home("home")
    said = (
        f"error: the master key {home}/keys/master.key is missing, and this home holds an archive that needs it\n"
        "Put back the master key file from its backup. Without it nothing stored here can be read, by design."
    )
    (home / "keys/master.key").rename(starter.folder / "backup")
    assert starter.refused(home) == said
    (home / "keys/ring").rename(starter.folder / "ring")
    assert starter.refused(home) == said
    assert not (home / "keys/master.key").exists(), "no new keys are made where old ones are needed"
    asked = command(home, "studies", check=False)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "is missing, and this home holds an archive that needs it" in asked.stderr
    (starter.folder / "backup").rename(home / "keys/master.key")
    (starter.folder / "ring").rename(home / "keys/ring")
    await starter.home("home")


async def test_database_newer_than_the_program(starter: Starter) -> None:
    home = await starter.home("home")
    key = KeyRing.open(home / "keys").sub_key(SubKey.DATABASE)
    database = await SqlcipherDatabase.open(home / "index.db", key)

    def move_on(conn: Connection) -> None:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await database.write(move_on)
    await database.close()
    assert starter.refused(home) == (
        f"error: the database is at schema 9999, and this program knows only up to {HEAD}: a newer one made it\n"
        "Install the newer Leadglass again, or restore the backup taken before the upgrade."
    )


async def test_clock_gone_backwards(starter: Starter) -> None:
    home = await starter.home("home")
    future = datetime.now(UTC) + timedelta(days=3)
    ledger = Ledger.open(home / "ledger", SigningKey.load(home / "keys/ledger.key"), clock=lambda: future)
    await ledger.append(Entry(at=future, event=Event.CONFIGURED))
    await ledger.close()
    first, advice = starter.refused(home).split("\n")
    assert first.startswith("error: the clock has gone backwards: it says ")
    assert first.endswith(f"and the ledger's last entry is of {future:%Y-%m-%d %H:%M:%S} UTC")
    assert advice.startswith("Set the clock right and start again;")
    assert "--accept-clock" in advice
    async with starter.archive(home, "--accept-clock") as archive:
        assert archive.stop() == 0
    command(home, "ledger", "verify")


# --- stopping and starting again -----------------------------------------------------------------------------


async def test_sigterm_lets_the_operation_in_progress_finish(starter: Starter) -> None:
    """A retrieval goes on to its last object; what is only half received is let go of, and never seen."""
    arrived, go_on, halfway = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        arrived.set()
        await go_on.wait()

    async def first_half() -> AsyncIterator[bytes]:
        yield Image(2, 1, LARGE).data_set()[: LARGE // 2]
        halfway.set()
        await go_on.wait()

    async with starter.archive(starter.folder / "home") as archive:
        await archive.enrol(SENDER, READER)
        record = await stored(archive, *(Image(1, number) for number in range(5)))
        retrieving = asyncio.create_task(fetch(archive.dicom, READER, hold, StudyInstanceUID=study_uid(1)))
        await arrived.wait()
        half = await open_sender(archive.dicom, SENDER)
        [context] = half.contexts.values()
        message = CStoreRq(
            message_id=1,
            affected_sop_class_uid=CT_IMAGE_STORAGE,
            affected_sop_instance_uid=Image(2, 1).sop_instance_uid,
        )
        storing = asyncio.create_task(half.request(context, message, first_half()))
        await halfway.wait()
        archive.terminate()
        async with asyncio.timeout(10):
            while half.is_open:  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.01)
        with pytest.raises(PeerUnreachable):
            await open_sender(archive.dicom, SENDER)
        go_on.set()
        fetched = await retrieving
        assert (fetched.status, fetched.instances) == (0, record.sent[study_uid(1)])
        with pytest.raises(AssociationLost):
            await storing
        assert archive.wait() == 0
        assert not Home(archive.home).control.exists()
        await archive.start()
        counts = (await archive.ask("studies"))["counts"]
        assert (counts["studies"], counts["instances"]) == (1, 5)
        assert (await archive.ask("store check"))["problems"] == []
        assert archive.stop() == 0
    assert "Traceback" not in archive.log.read_text()


async def test_second_start_keeps_everything(starter: Starter) -> None:
    home = starter.folder / "home"
    async with starter.archive(home) as archive:
        await archive.enrol(SENDER, READER)
        record = await stored(archive, Image(1, 1), Image(1, 2, LARGE), Image(2, 1))
        verbs = ("device list", "grant list", "studies")
        before = [await archive.ask(verb) for verb in verbs]
        assert archive.stop() == 0
        kept = {path: path.read_bytes() for folder in ("keys", "ca") for path in (home / folder).iterdir()}
        assert len(kept) > 4
        await archive.start()
        assert [await archive.ask(verb) for verb in verbs] == before
        for study, sent in record.sent.items():
            fetched = await fetch(archive.dicom, READER, StudyInstanceUID=study)
            assert (fetched.status, fetched.instances) == (0, sent)
        assert archive.stop() == 0
    assert {path: path.read_bytes() for folder in ("keys", "ca") for path in (home / folder).iterdir()} == kept
    assert archive.log.read_text().count("A new archive in") == 1
    command(home, "ledger", "verify")
    assert "clean" in command(home, "store", "check").stdout


@pytest.mark.crash
async def test_a_control_socket_left_by_a_kill_is_replaced(starter: Starter) -> None:
    home = starter.folder / "home"
    async with starter.archive(home) as archive:
        await archive.enrol(SENDER, READER)
        await stored(archive, Image(1, 1))
        archive.kill()
        assert Home(home).control.is_socket(), "nobody had time to remove it"
        assert "1 instances" in command(home, "studies").stdout, "the command opens the home itself"
        await archive.start()
        assert (await archive.ask("studies"))["counts"]["instances"] == 1
        assert (Home(home).control.stat().st_mode & 0o777) == 0o600
        assert archive.stop() == 0
    assert not Home(home).control.exists()
