"""Images whose frames and values a test can name, and workers that need no process."""

from __future__ import annotations

import itertools
import struct

from helpers.archive_world import CT, ArchiveWorld
from helpers.samples import explicit, uid
from leadglass.archive.pixels import PixelWorkers
from leadglass.archive.storing import Announced, StoringSession
from leadglass.dicom.drawing import Drawing
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.rendering import decode_frame, render_frame
from leadglass.dicom.transcoding import transcode_file
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN

__all__ = ["INSTANCE", "SERIES", "STUDY", "WorkedHere", "image", "store_image"]

STUDY, SERIES, INSTANCE = "1.2.1", "1.2.1.1", "1.2.1.1.1"

_NUMBERS = itertools.count(1)


class WorkedHere(PixelWorkers):
    """The same work without a process."""

    async def render(self, part10: bytes | memoryview, drawing: Drawing) -> bytes:
        return render_frame(bytes(part10), drawing)

    async def decode(self, part10: bytes | memoryview) -> bytes:
        return decode_frame(bytes(part10))

    async def transcode(self, part10: bytes | memoryview, target: str) -> bytes:
        return transcode_file(bytes(part10), target)


def image(
    *values: bytes,
    number: int | None = None,
    instance: str = INSTANCE,
    series: str = SERIES,
    study: str = STUDY,
    rows: int = 2,
    columns: int = 2,
) -> bytes:
    """A CT image of 8-bit pixels, a frame for each of `values`."""
    return b"".join(
        (
            explicit(0x00080016, "UI", uid(CT)),
            explicit(0x00080018, "UI", uid(instance)),
            explicit(0x00100020, "LO", b"P1"),
            explicit(0x0020000D, "UI", uid(study)),
            explicit(0x0020000E, "UI", uid(series)),
            _pixel_attributes(len(values) if number is None else number, rows, columns),
            explicit(0x7FE00010, "OB", b"".join(values)),
        )
    )


def _pixel_attributes(number: int, rows: int, columns: int) -> bytes:
    text = str(number).encode()
    shorts = {0x00280010: rows, 0x00280011: columns, 0x00280100: 8, 0x00280101: 8, 0x00280102: 7, 0x00280103: 0}
    return b"".join(
        (
            explicit(0x00280002, "US", struct.pack("<H", 1)),
            explicit(0x00280004, "CS", b"MONOCHROME2 "),
            explicit(0x00280008, "IS", text + b" " * (len(text) % 2)),
            *(explicit(tag, "US", struct.pack("<H", value)) for tag, value in shorts.items()),
        )
    )


async def store_image(world: ArchiveWorld, content: bytes, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> None:
    session = StoringSession(world.archive, await world.device(f"s{next(_NUMBERS)}"), "session")
    incoming = world.journal.incoming(file_meta(CT, INSTANCE, syntax))
    incoming.write(memoryview(content))
    incoming.finish()
    await session.store(incoming, Announced("", "", syntax))
    await session.close()
    world.ledger.entries.clear()
    world.ledger.durable.clear()
