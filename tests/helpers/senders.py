"""Senders that know exactly what they were promised: which instances they sent, and which were acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from helpers.dcmtk import run_dcmtk
from helpers.images import Image, digest
from helpers.requests import association_request
from leadglass.dicom.dimse.messages import CStoreRq, CStoreRsp
from leadglass.dicom.uids import CT_IMAGE_STORAGE, EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.net.connector import RequestedAssociation, open_association
from leadglass.net.errors import AssociationLost, PeerUnreachable

__all__ = ["Record", "open_sender", "send", "send_until_lost", "storescu_until_lost"]


@dataclass
class Record:
    """What all senders of a test did: digests of data sets by Study and SOP Instance UID."""

    sent: dict[str, dict[str, str]] = field(default_factory=dict)
    """Everything whose sending was begun."""
    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    """Everything that was answered with success, and never deleted since."""
    refused: list[tuple[str, int, str]] = field(default_factory=list)
    """SOP Instance UID, status and comment of whatever else was answered."""
    answers: int = 0
    in_flight: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    """In flight when their study was deleted: an acknowledgement may have been given before or after."""

    async def until_answered(self, more: int, seconds: float) -> None:
        """Return shortly after so many more answers, or when that took long enough."""
        before = self.answers
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.answers - before < more:  # noqa: ASYNC110 - some moment is what is wanted
                    await asyncio.sleep(0.001)

    def begin(self, image: Image, data_set: bytes) -> None:
        """The image is about to be sent."""
        self.sent.setdefault(image.study_instance_uid, {})[image.sop_instance_uid] = digest(data_set)
        self.in_flight.add(image.sop_instance_uid)

    def end(self, image: Image, status: int, comment: str = "") -> None:
        """The image was answered."""
        self.answers += 1
        self.in_flight.discard(image.sop_instance_uid)
        if image.sop_instance_uid in self.doubtful:
            self.doubtful.discard(image.sop_instance_uid)
        elif status == 0:
            self.acknowledged.setdefault(image.study_instance_uid, set()).add(image.sop_instance_uid)
        if status != 0:
            self.refused.append((image.sop_instance_uid, status, comment))

    def deleted(self, study_instance_uid: str) -> None:
        """The study was deleted this very moment: what was promised of it is void."""
        self.acknowledged.pop(study_instance_uid, None)
        self.doubtful |= {uid for uid in self.in_flight if uid.startswith(f"{study_instance_uid}.")}

    def lost(self) -> None:
        """The server is gone: nothing is in flight any more."""
        self.in_flight.clear()
        self.doubtful.clear()


async def open_sender(port: int, calling: str) -> RequestedAssociation:
    """An association for CT images in explicit VR little endian."""
    request = association_request(CT_IMAGE_STORAGE, transfer_syntaxes=(EXPLICIT_VR_LITTLE_ENDIAN,), calling=calling)
    return await open_association("127.0.0.1", port, request)


async def send(association: RequestedAssociation, image: Image, record: Record) -> CStoreRsp:
    """Send one image; the answer. AssociationLost if none came: then it stays in flight."""
    data_set = image.data_set()
    record.begin(image, data_set)
    message = CStoreRq(
        message_id=association.next_message_id(),
        affected_sop_class_uid=CT_IMAGE_STORAGE,
        affected_sop_instance_uid=image.sop_instance_uid,
    )
    [context] = association.contexts.values()
    response = await association.request(context, message, data_set)
    assert isinstance(response, CStoreRsp)
    record.end(image, response.status, response.error_comment)
    return response


async def send_until_lost(port: int, calling: str, images: Iterable[Image], record: Record) -> None:
    """Send the images one after another until the server is gone."""
    try:
        association = await open_sender(port, calling)
    except (PeerUnreachable, AssociationLost):
        return
    try:
        for image in images:
            await send(association, image, record)
    except AssociationLost:
        return
    await association.release()


async def storescu_until_lost(port: int, calling: str, images: Iterable[Image], record: Record, folder: Path) -> None:
    """Send the images with DCMTK's storescu until the server is gone; what it says tells what was acknowledged."""
    files = _written(images, folder)
    for image in files.values():
        record.begin(image, image.data_set())
    called = await run_dcmtk("storescu", "-v", "-aet", calling, "-aec", "LEADGLASS", "127.0.0.1", port, *files)
    sending: Image | None = None
    for line in called.output.splitlines():
        if line.startswith("I: Sending file: "):
            sending = files[line.removeprefix("I: Sending file: ")]
        elif "Received Store Response" in line and sending is not None:
            record.end(sending, 0 if "(Success)" in line else 0xC000, line)


def _written(images: Iterable[Image], folder: Path) -> dict[str, Image]:
    """The images as files in a new folder, by their paths."""
    folder.mkdir()
    files = {str(folder / f"{position:04}.dcm"): image for position, image in enumerate(images)}
    for path, image in files.items():
        Path(path).write_bytes(image.file())
    return files
