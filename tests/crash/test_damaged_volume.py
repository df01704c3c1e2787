"""One flipped bit in a volume: it is found and named, and what it hit is never served."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.archive_server import command
from helpers.fetching import fetch
from helpers.images import LARGE, Image, digest, patient_name, study_uid
from helpers.killable import KillableArchive, killable_archive
from helpers.preloaded import Preloaded
from helpers.senders import Record, open_sender, send
from helpers.wiretap import wiretap
from leadglass.dicom.dimse.statuses import Status
from leadglass.net.errors import AssociationLost
from leadglass.store.objects import SEGMENT, STREAM_HEADER, stream_length
from leadglass.store.reading import VolumeFile
from leadglass.store.scan import ScannedRecord, scan
from leadglass.store.volume import FIRST_BATCH, volume_path

SENDER, READER = "SENDER", "READER"
SMALL_IMAGES = [Image(1, number, 8192 + 6 * number) for number in range(4)]
LARGE_IMAGE = Image(1, 9, LARGE)
VICTIM = 2  # of the small ones


@dataclass(frozen=True)
class Place:
    """Where an object's record lies."""

    volume: int
    offset: int
    header_length: int
    plaintext_length: int
    end: int

    @property
    def stream(self) -> int:
        return self.offset + self.header_length

    @property
    def stream_end(self) -> int:
        return self.stream + stream_length(self.plaintext_length)


@dataclass
class Damaged:
    """An archive with one study, and where each of its images lies."""

    archive: KillableArchive
    record: Record
    places: dict[str, Place]

    def victim(self) -> tuple[Image, Place]:
        return SMALL_IMAGES[VICTIM], self.places[SMALL_IMAGES[VICTIM].sop_instance_uid]

    @contextlib.contextmanager
    def flipped(self, place: Place, at: int) -> Iterator[None]:
        """One bit of the volume is another one in this block, and as it was afterwards."""
        path = volume_path(self.archive.home / "volumes", place.volume)
        flip(path, at)
        try:
            yield
        finally:
            flip(path, at)


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        [byte] = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def places_in(volumes: Path) -> dict[str, Place]:
    """The records, in the order they were sent: one volume for the small ones, one for the large one."""
    found: list[Place] = []
    for number in (1, 2):
        path = volume_path(volumes, number)
        file = VolumeFile(path, number)
        for item in scan(file, FIRST_BATCH, file.length, past_zeros=False):
            if isinstance(item, ScannedRecord):
                header = item.header
                found.append(Place(number, item.offset, header.header_length, header.plaintext_length, item.end))
    return dict(zip([image.sop_instance_uid for image in (*SMALL_IMAGES, LARGE_IMAGE)], found, strict=True))


@pytest.fixture
async def damaged(tmp_path: Path, preloaded: Preloaded) -> AsyncIterator[Damaged]:
    record = Record()
    async with killable_archive(preloaded, tmp_path / "home") as archive:
        await archive.enrol(SENDER, READER)
        async with await open_sender(archive.dicom, SENDER) as association:
            for image in (*SMALL_IMAGES, LARGE_IMAGE):
                assert (await send(association, image, record)).status == 0
        yield Damaged(archive, record, places_in(archive.home / "volumes"))


async def problems(archive: KillableArchive) -> list[str]:
    found = (await archive.ask("store check"))["problems"]
    assert isinstance(found, list)
    return found


@pytest.mark.crash
async def test_what_is_damaged_is_named_and_never_served(damaged: Damaged) -> None:
    image, place = damaged.victim()
    sound = damaged.record.sent[study_uid(1)].items()
    for where, at in (
        ("record header", place.offset + 40),
        ("record header", place.offset + 80),
        ("record header", place.offset + 150),
        ("stream header", place.stream + 5),
        ("first segment", place.stream + STREAM_HEADER + 1000),
        ("tag", place.stream_end - 3),
    ):
        with damaged.flipped(place, at):
            async with wiretap(damaged.archive.dicom) as tap:
                fetched = await fetch(tap.port, READER, StudyInstanceUID=study_uid(1))
            assert fetched.status == Status.COERCION_OF_DATA_ELEMENTS, where
            assert (fetched.failed, len(fetched.instances)) == (1, len(sound) - 1)
            assert fetched.instances.items() < sound
            assert image.sop_instance_uid not in fetched.instances
            pixels = image.data_set()[-image.size :]
            assert not any(pixels[start : start + 32] in tap.heard for start in range(0, image.size - 32, 997))
            assert patient_name(1).encode() in tap.heard, "of the others: else nothing was searched"
            named = await problems(damaged.archive)
            assert any(one.startswith(f"volume {place.volume} at {place.offset}: ") for one in named), (where, named)
    fetched = await fetch(damaged.archive.dicom, READER, StudyInstanceUID=study_uid(1))
    assert (fetched.status, fetched.instances.items()) == (0, sound)
    assert await problems(damaged.archive) == []


@pytest.mark.crash
async def test_damage_beside_an_object_is_named_and_the_object_served(damaged: Damaged) -> None:
    _, place = damaged.victim()
    assert place.stream_end < place.end - 16, "there is padding"
    for at in (place.stream_end, place.end - 1):
        with damaged.flipped(place, at):
            fetched = await fetch(damaged.archive.dicom, READER, StudyInstanceUID=study_uid(1))
            assert (fetched.status, fetched.instances) == (0, damaged.record.sent[study_uid(1)])
            [named] = await problems(damaged.archive)
            assert named.startswith(f"volume {place.volume} at {place.offset}: ")


@pytest.mark.crash
async def test_a_large_object_damaged_at_its_beginning_fails_alone(damaged: Damaged) -> None:
    place = damaged.places[LARGE_IMAGE.sop_instance_uid]
    with damaged.flipped(place, place.stream + STREAM_HEADER + 77):
        fetched = await fetch(damaged.archive.dicom, READER, StudyInstanceUID=study_uid(1))
        assert (fetched.failed, len(fetched.instances)) == (1, len(SMALL_IMAGES))
        assert len(await problems(damaged.archive)) > 0


@pytest.mark.crash
async def test_a_large_object_damaged_at_its_end_is_cut_off_there(damaged: Damaged) -> None:
    """Half a data set cannot be taken back: the association is aborted, and the damaged segment never leaves."""
    place = damaged.places[LARGE_IMAGE.sop_instance_uid]
    last = (place.stream_end - 1 - place.stream) // SEGMENT * SEGMENT
    with damaged.flipped(place, place.stream + last + 7):
        async with wiretap(damaged.archive.dicom) as tap:
            with pytest.raises(AssociationLost):
                await fetch(
                    tap.port, READER, SOPInstanceUID=LARGE_IMAGE.sop_instance_uid, StudyInstanceUID=study_uid(1)
                )
        tail = LARGE_IMAGE.data_set()[-100_000:]
        assert not any(tail[start : start + 32] in tap.heard for start in range(0, len(tail) - 32, 9973))
        one = SMALL_IMAGES[0]
        fetched = await fetch(
            damaged.archive.dicom, READER, SOPInstanceUID=one.sop_instance_uid, StudyInstanceUID=study_uid(1)
        )
        assert fetched.instances == {one.sop_instance_uid: digest(one.data_set())}


@pytest.mark.crash
async def test_the_command_names_volume_and_offset(damaged: Damaged) -> None:
    _, place = damaged.victim()
    archive = damaged.archive
    assert archive.stop() == 0
    with damaged.flipped(place, place.stream + 60):
        done = command(archive.home, "store", "check", check=False)
        assert done.returncode == 1
        assert f"damaged: volume {place.volume} at {place.offset}: an object fails its authentication" in done.stdout
        assert "clean" not in done.stdout
        await archive.start()  # damage does not keep the rest from being served
        fetched = await fetch(archive.dicom, READER, StudyInstanceUID=study_uid(1))
        assert (fetched.failed, len(fetched.instances)) == (1, len(SMALL_IMAGES))
        archive.kill()
    done = command(archive.home, "store", "check")
    assert "clean" in done.stdout
