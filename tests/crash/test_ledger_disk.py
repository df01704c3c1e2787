"""A ledger whose disk takes no more: nothing at all is released and nothing taken in, until it can be written again.

The ledger has a disk of its own here, so that everything else could go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.archive_server import command
from helpers.counting_service import Counted
from helpers.fetching import fetch, find, move
from helpers.images import LARGE, Image, patient_name, study_uid
from helpers.killable import KillableArchive, killable_archive
from helpers.net_doors import open_door
from helpers.preloaded import Preloaded
from helpers.senders import Record, open_sender, send
from helpers.small_disk import SmallDisk, small_disk
from helpers.wiretap import Wiretap, wiretap
from leadglass.dicom.dimse.statuses import Status

SENDER, READER, WORKSTATION = "SENDER", "READER", "WORKSTATION"
STUDIES = range(1, 7)


@dataclass
class Observed:
    """An archive, the disk of its ledger, the wire to it and the wire from it to a workstation."""

    archive: KillableArchive
    disk: SmallDisk
    record: Record
    to_archive: Wiretap
    to_workstation: Wiretap
    workstation: Counted

    async def fill(self) -> None:
        """No room for the ledger any more: queries are answered only until its last page is full."""
        self.disk.fill()
        for _ in range(50):
            found = await find(self.archive.dicom, READER, QueryRetrieveLevel="STUDY", StudyInstanceUID=study_uid(1))
            if found.status != 0:
                assert (found.status, found.answers) == (Status.OUT_OF_RESOURCES, [])
                return
        raise AssertionError("the disk is full, and the ledger goes on")

    async def free(self) -> None:
        """There is room again; returns when the ledger has noticed, by itself."""
        self.disk.free()
        async with asyncio.timeout(60):
            while await self._is_refusing():  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.05)

    async def _is_refusing(self) -> bool:
        return (await find(self.archive.dicom, READER, QueryRetrieveLevel="STUDY", StudyInstanceUID="")).status != 0

    def heard(self, study: int) -> bool:
        """True if the patient's name passed one of the two wires, on its way out of the archive."""
        name = patient_name(study).encode()
        return name in self.to_archive.heard or name in self.to_workstation.said


@pytest.fixture
async def observed(tmp_path: Path, preloaded: Preloaded) -> AsyncIterator[Observed]:
    """Studies 1 to 6 are stored; a reader may query and retrieve them, also to a workstation."""
    record, counted = Record(), Counted()
    with small_disk(tmp_path / "home" / "ledger", "4m") as disk:
        async with (
            open_door(counted) as workstation,
            wiretap(workstation.port) as to_workstation,
            killable_archive(preloaded, tmp_path / "home") as archive,
            wiretap(archive.dicom) as to_archive,
        ):
            await archive.enrol(SENDER, READER)
            await archive.ask(
                "device add",
                name=WORKSTATION,
                ae_title=WORKSTATION,
                networks=["127.0.0.0/8"],
                listens_at=f"127.0.0.1:{to_workstation.port}",
            )
            async with await open_sender(archive.dicom, SENDER) as association:
                for study in STUDIES:
                    for number in range(2):
                        assert (await send(association, Image(study, number), record)).status == 0
            yield Observed(archive, disk, record, to_archive, to_workstation, counted)


@pytest.mark.root
@pytest.mark.crash
async def test_nothing_leaves_until_the_ledger_can_be_written(observed: Observed) -> None:
    port = observed.to_archive.port
    for turn, free in enumerate((1, 4)):
        await observed.fill()
        observed.to_archive.heard.clear()

        found = await find(port, READER, QueryRetrieveLevel="STUDY", PatientName="", PatientID="", StudyInstanceUID="")
        assert (found.status, found.answers) == (Status.OUT_OF_RESOURCES, [])
        fetched = await fetch(port, READER, StudyInstanceUID=study_uid(free))
        assert (fetched.status, fetched.instances) == (Status.OUT_OF_RESOURCES, {})
        moved = await move(port, READER, WORKSTATION, StudyInstanceUID=study_uid(free + 1))
        assert moved.status == Status.OUT_OF_RESOURCES
        assert not moved.number_of_completed_suboperations
        assert not any(observed.heard(study) for study in (*STUDIES[3 * turn :], 100 + turn))
        assert len(observed.workstation.commands) == 2 * turn  # none but those of the turn before

        async with await open_sender(port, SENDER) as association:
            for image in (Image(100 + turn, 1), Image(100 + turn, 2, LARGE)):
                assert (await send(association, image, observed.record)).status == Status.OUT_OF_RESOURCES
        listed = await observed.archive.ask("studies")
        assert listed["counts"]["studies"] == len(STUDIES) + turn

        await observed.free()
        fetched = await fetch(port, READER, StudyInstanceUID=study_uid(free))
        assert (fetched.status, len(fetched.instances)) == (0, 2)
        moved = await move(port, READER, WORKSTATION, StudyInstanceUID=study_uid(free + 1))
        assert (moved.status, moved.number_of_completed_suboperations) == (0, 2)
        async with await open_sender(port, SENDER) as association:
            assert (await send(association, Image(100 + turn, 1), observed.record)).status == 0
        found = await find(port, READER, QueryRetrieveLevel="STUDY", PatientName="", StudyInstanceUID=study_uid(1))
        assert (found.status, len(found.answers)) == (0, 1)
        assert observed.heard(free)
        assert observed.heard(free + 1)

    shown = await observed.archive.ask("ledger show", event="ledger-recovered")
    assert len(shown) == 2
    assert "No space left on device" in shown[0]["what"]
    assert observed.archive.stop() == 0
    command(observed.archive.home, "ledger", "verify")


@pytest.mark.root
@pytest.mark.crash
async def test_an_administrator_changes_nothing_unrecorded(observed: Observed) -> None:
    """Deleting is written down first, so a study outlives a ledger that cannot be written."""
    await observed.fill()
    archive = observed.archive
    done = command(archive.home, "study", "delete", study_uid(2), "--yes", check=False)
    assert done.returncode == 1
    assert "the ledger cannot be written (No space left on device)" in done.stderr
    await observed.free()
    fetched = await fetch(archive.dicom, READER, StudyInstanceUID=study_uid(2))
    assert (fetched.status, len(fetched.instances)) == (0, 2)


@pytest.mark.root
@pytest.mark.crash
async def test_stopping_meanwhile_says_what_was_lost(observed: Observed) -> None:
    archive = observed.archive
    await observed.fill()
    assert archive.stop() == 1
    said = archive.log.read_text()
    assert "error: the ledger was closed while it could not be written: its last entries are lost" in said
    assert "Traceback" not in said
    observed.disk.free()
    await archive.start()
    fetched = await fetch(archive.dicom, READER, StudyInstanceUID=study_uid(2))
    assert (fetched.status, len(fetched.instances)) == (0, 2)
    assert archive.stop() == 0
    command(archive.home, "ledger", "verify")
