"""Every real file the packages carry, sent as it is and fetched back: nothing of a data set may change on the way.

And what becomes of those whose stored form the requester does not take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, ledger_rows
from helpers.dcmtk import run_dcmtk, running_tool
from helpers.porter import Encoded, bring_back, carry
from helpers.ports import free_port
from helpers.samples import quietly_read, sample
from helpers.shelf import storable
from leadglass.dicom.dimse.messages import CStoreRsp
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.transcodable import can_turn
from leadglass.dicom.transcoding import transcode_file
from leadglass.dicom.uids import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from leadglass.terms.ae_title import AETitle

pytestmark = pytest.mark.interop

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("syntaxes") / "home") as running:
        enrol(running, "WS", "store", "query", "retrieve")
        yield running


# --- all of them, byte by byte -------------------------------------------------------------------------------


class Shelf:
    """The storable samples in the order they are sent, and what must become of each."""

    def __init__(self) -> None:
        self.sent: list[Encoded] = []
        self.names: list[str] = []
        self.expected: list[Status] = []
        self.kept: dict[str, Encoded] = {}
        self.studies: dict[str, None] = {}
        for one in storable():
            first = self.kept.setdefault(one.header.sop_instance_uid, one.encoded)
            self.sent.append(one.encoded)
            self.names.append(one.name)
            self.expected.append(Status.SUCCESS if one.encoded == first else Status.DUPLICATE_SOP_INSTANCE)
            self.studies[one.header.study_instance_uid] = None


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
async def answers(server: ArchiveServer, shelf: Shelf) -> list[CStoreRsp]:
    return await carry(server.dicom, "WS", shelf.sent)


async def test_each_is_stored_or_answered_as_the_duplicate_it_is(shelf: Shelf, answers: list[CStoreRsp]) -> None:
    assert len(shelf.kept) > 140
    assert shelf.expected.count(Status.DUPLICATE_SOP_INSTANCE) > 50
    wrong = [
        (name, hex(answer.status), answer.error_comment)
        for name, answer, expected in zip(shelf.names, answers, shelf.expected, strict=True)
        if answer.status != expected
    ]
    assert wrong == []


async def test_what_was_refused_as_other_content_is_in_the_ledger(
    server: ArchiveServer, shelf: Shelf, answers: list[CStoreRsp]
) -> None:
    conflicts = [row for row in ledger_rows(server, last=1000) if "under this SOP Instance UID" in row["reason"]]
    assert conflicts
    assert {row["outcome"] for row in conflicts} == {"refused"}
    assert {row["study"] for row in conflicts} <= set(shelf.studies)


async def test_each_comes_back_byte_by_byte(server: ArchiveServer, shelf: Shelf, answers: list[CStoreRsp]) -> None:
    got = await bring_back(server.dicom, "WS", shelf.studies, [one.form for one in shelf.kept.values()])
    assert (got.final.status, got.failed) == (Status.SUCCESS, set())
    assert got.final.number_of_completed_suboperations == len(shelf.kept)
    changed = [uid for uid, one in shelf.kept.items() if got.instances.get(uid) != one]
    assert changed == []
    assert len({one.transfer_syntax for one in got.instances.values()}) == 9


def turned(one: Encoded, target: str) -> bytes | None:
    """The data set in `target`, or None if it cannot be had."""
    if one.transfer_syntax == target:
        return one.data_set
    if not can_turn(one.transfer_syntax, target):
        return None
    meta = file_meta(one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax, AETitle.of("WS"))
    try:
        return transcode_file(meta + one.data_set, target)
    except Exception:  # whatever a codec does
        return None


@pytest.mark.parametrize("target", [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN])
async def test_a_requester_that_takes_one_uncompressed_syntax(
    server: ArchiveServer, shelf: Shelf, answers: list[CStoreRsp], target: str
) -> None:
    classes = {one.sop_class_uid for one in shelf.kept.values()}
    got = await bring_back(server.dicom, "WS", shelf.studies, [(uid, target) for uid in classes])
    expected = {uid: turned(one, target) for uid, one in shelf.kept.items()}
    failing = {uid for uid, data_set in expected.items() if data_set is None}
    assert got.failed == failing
    assert {uid: one.data_set for uid, one in got.instances.items()} == {
        uid: data_set for uid, data_set in expected.items() if data_set is not None
    }
    assert {one.transfer_syntax for one in got.instances.values()} == {target}
    assert got.final.status == Status.COERCION_OF_DATA_ELEMENTS  # B000: one or more failures
    assert got.final.number_of_failed_suboperations == len(failing) < 8
    assert got.final.number_of_completed_suboperations == len(expected) - len(failing)


async def test_nothing_is_compressed_for_anybody(server: ArchiveServer, shelf: Shelf, answers: list[CStoreRsp]) -> None:
    """A requester that takes JPEG baseline only gets what is stored so, and is told the truth about the rest."""
    classes = {one.sop_class_uid for one in shelf.kept.values()}
    got = await bring_back(server.dicom, "WS", shelf.studies, [(uid, JPEG_BASELINE) for uid in classes])
    as_it_is = {uid: one for uid, one in shelf.kept.items() if one.transfer_syntax == JPEG_BASELINE}
    assert got.instances == as_it_is
    assert got.failed == set(shelf.kept) - set(as_it_is)
    assert got.final.status == Status.COERCION_OF_DATA_ELEMENTS


async def test_a_requester_that_takes_nothing_of_it(
    server: ArchiveServer, shelf: Shelf, answers: list[CStoreRsp]
) -> None:
    big = next(study for study in shelf.studies if _only_native(shelf, study))
    got = await bring_back(server.dicom, "WS", [big], [(one.sop_class_uid, JPEG_BASELINE) for one in shelf.sent])
    assert got.final.status == Status.UNABLE_TO_PERFORM_SUBOPERATIONS
    assert got.instances == {}
    assert got.final.number_of_completed_suboperations == 0
    assert got.final.number_of_failed_suboperations == len(got.failed) > 0


def _only_native(shelf: Shelf, study: str) -> bool:
    mine = [one for one in shelf.kept.values() if study.encode() in one.data_set[:20_000]]
    return bool(mine) and all(one.transfer_syntax == EXPLICIT_VR_LITTLE_ENDIAN for one in mine)


# --- DCMTK sends each encoding, and has it sent back ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fresh:
    """An archive of its own: DCMTK writes sequences its own way, so its data sets are others under the same UIDs."""

    server: ArchiveServer
    inbox: Path

    async def run(self, tool: str, *options: object, then: tuple[object, ...] = ()) -> str:
        ran = await run_dcmtk(tool, "-v", "-aet", "WS", *options, "127.0.0.1", self.server.dicom, *then)
        assert ran.exit_code == 0, ran.output
        return ran.output


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    folder = tmp_path_factory.mktemp("flags")
    port, inbox = free_port(), folder / "inbox"
    inbox.mkdir()
    with (
        run_archive(folder / "home") as running,
        running_tool("storescp", port, "--fork", "+B", "+xa", "-od", inbox, log=folder / "storescp.log"),
    ):
        enrol(running, "WS", "store", "query", "retrieve")
        enrol(running, "DEST", listens_at=port, sees="")
        yield Fresh(running, inbox)


BY_FLAG = {
    "CT_small.dcm": "-xe",
    "test_files/rtplan.dcm": "-xi",
    "MR2_UNCI.dcm": "-xb",
    "examples_jpeg2k.dcm": "-xv",
    "JPEG-LL.dcm": "-xs",
    "JPEG-lossy.dcm": "-xx",
    "SC_rgb_jpeg_dcmtk.dcm": "-xy",
    "emri_small_RLE.dcm": "-xr",
    "test_files/image_dfl.dcm": "-xd",
    "JPEG2000.dcm": "-xw",
    "MR_small_jpeg_ls_lossless.dcm": "-xt",
}


@pytest.mark.parametrize("name", BY_FLAG)
async def test_dcmtk_sends_an_encoding_and_has_it_moved_back(fresh: Fresh, name: str) -> None:
    original = sample(name).dataset()
    await fresh.run("storescu", BY_FLAG[name], then=(sample(name).path,))
    keys = ("-k", "QueryRetrieveLevel=IMAGE", "-k", f"StudyInstanceUID={original.StudyInstanceUID}")
    keys += ("-k", f"SeriesInstanceUID={original.SeriesInstanceUID}")
    keys += ("-k", f"SOPInstanceUID={original.SOPInstanceUID}")
    await fresh.run("movescu", "-S", "-aem", "DEST", *keys)
    received = only_file_in(fresh.inbox)
    assert without_group_lengths(received) == without_group_lengths(original)
    if original.file_meta.TransferSyntaxUID.is_compressed:
        assert received.file_meta.TransferSyntaxUID == original.file_meta.TransferSyntaxUID


@pytest.mark.parametrize("name", ["emri_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "examples_jpeg2k.dcm"])
async def test_getscu_is_given_what_it_takes(fresh: Fresh, tmp_path: Path, name: str) -> None:
    """getscu proposes one context a SOP class, so everything comes in the one syntax both can always write."""
    original = sample(name).dataset()
    await fresh.run("storescu", BY_FLAG[name], then=(sample(name).path,))
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={original.StudyInstanceUID}")
    await fresh.run("getscu", "-S", "+xe", *keys, "+B", "-od", tmp_path)
    got = only_file_in(tmp_path)
    assert got.file_meta.TransferSyntaxUID == EXPLICIT_VR_LITTLE_ENDIAN
    assert (got.pixel_array == original.pixel_array).all()


def only_file_in(folder: Path) -> pydicom.Dataset:
    """The one file that has come; it is taken away."""
    [path] = folder.iterdir()
    data_set = quietly_read(path.read_bytes())
    path.unlink()
    return data_set


def without_group_lengths(data_set: pydicom.Dataset) -> dict[str, object]:
    """What the data set says, in a form that can be compared."""
    return {
        str(element.tag): element.value
        for element in data_set
        if element.tag.element != 0 and element.keyword != "DataSetTrailingPadding"
    }
