"""DCMTK's tools drive a whole archive through the plain door: send, query, fetch, move, and try to shut it down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, order
from helpers.dcmtk import ToolResult, require_tool, responses_in, run_dcmtk, running_tool
from helpers.ports import free_port
from helpers.studies import CT, PEOPLE, instances_of_people, write_files
from leadglass.dicom.part10 import split

pytestmark = pytest.mark.interop

STUDIES = {1: PEOPLE[0], 2: PEOPLE[5], 3: PEOPLE[7], 4: PEOPLE[8]}
SERIES_11, SERIES_12, SERIES_21 = PEOPLE[0].series_uid, PEOPLE[3].series_uid, PEOPLE[5].series_uid


@dataclass(frozen=True, slots=True)
class Clinic:
    """An archive that holds `PEOPLE`, with one workstation WS that may do everything."""

    server: ArchiveServer
    files: list[Path]
    inbox: Path
    """What the storescp called DEST has received."""

    async def run(self, tool: str, *options: object, ae_title: str = "WS", then: tuple[object, ...] = ()) -> ToolResult:
        return await run_dcmtk(tool, "-v", "-aet", ae_title, *options, "127.0.0.1", self.server.dicom, *then)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    require_tool("storescp")
    folder = tmp_path_factory.mktemp("dcmtk")
    inbox, slow = folder / "inbox", folder / "slow"
    inbox.mkdir()
    slow.mkdir()
    to_inbox, to_slow = free_port(), free_port()
    with (
        run_archive(folder / "home") as server,
        running_tool("storescp", to_inbox, "--fork", "+B", "+xa", "-od", inbox, log=folder / "inbox.log"),
        running_tool("storescp", to_slow, "--fork", "--sleep-after", 1, "-od", slow, log=folder / "slow.log"),
    ):
        enrol(server, "WS", "store", "query", "retrieve")
        enrol(server, "DEST", listens_at=to_inbox, sees="")
        enrol(server, "SLOW", listens_at=to_slow, sees="")
        enrol(server, "DOWN", listens_at=free_port(), sees="")
        enrol(server, "DEAF", sees="")  # enrolled, but listens nowhere
        yield Clinic(server, write_files(folder / "files"), inbox)


@pytest.fixture(scope="module")
async def stored(clinic: Clinic) -> Clinic:
    """The clinic after storescu has sent it everything."""
    result = await clinic.run("storescu", then=tuple(clinic.files))
    assert result.exit_code == 0, result.output
    assert result.output.count("Received Store Response (Success)") == len(PEOPLE)
    return clinic


# --- C-ECHO, C-STORE -----------------------------------------------------------------------------------------


async def test_echoscu(clinic: Clinic) -> None:
    result = await clinic.run("echoscu", "--repeat", 3)
    assert result.exit_code == 0, result.output
    assert result.output.count("Received Echo Response (Success)") == 3


async def test_echoscu_with_as_many_contexts_and_transfer_syntaxes_as_it_can(clinic: Clinic) -> None:
    result = await clinic.run("echoscu", "-ppc", 128, "-pts", 38)
    assert result.exit_code == 0, result.output


async def test_a_stranger_does_not_even_get_an_echo(clinic: Clinic) -> None:
    result = await clinic.run("echoscu", ae_title="STRANGER")
    assert result.exit_code != 0
    assert "Calling AE Title Not Recognized" in result.output


async def test_storescu_and_again(stored: Clinic) -> None:
    again = await stored.run("storescu", then=tuple(stored.files))
    assert again.exit_code == 0, again.output
    assert again.output.count("Received Store Response (Success)") == len(PEOPLE)
    assert order(stored.server, "studies")["counts"]["instances"] == len(PEOPLE)


async def test_dcmsend(stored: Clinic, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    result = await stored.run("dcmsend", "+crf", report, then=tuple(stored.files))
    assert result.exit_code == 0, result.output
    assert re.search(rf"with status SUCCESS\s*: {len(PEOPLE)}\b", report.read_text()), report.read_text()


@pytest.mark.parametrize("pdu", [4096, 131072])
async def test_storescu_with_small_and_large_pdus(stored: Clinic, pdu: int) -> None:
    result = await stored.run("storescu", "-pdu", pdu, "--max-send-pdu", pdu, then=tuple(stored.files[:3]))
    assert result.exit_code == 0, result.output


async def test_an_aborting_sender_harms_nobody(stored: Clinic) -> None:
    await stored.run("storescu", "--abort", then=tuple(stored.files[:2]))
    assert (await stored.run("echoscu")).exit_code == 0


async def test_termscu_does_not_shut_us_down(clinic: Clinic) -> None:
    await clinic.run("termscu")
    assert clinic.server.process.poll() is None
    assert (await clinic.run("echoscu")).exit_code == 0


# --- C-FIND --------------------------------------------------------------------------------------------------


async def found(
    clinic: Clinic, root: str, level: str, keys: list[str], folder: Path, *options: object
) -> list[pydicom.Dataset]:
    asked = [option for key in (f"QueryRetrieveLevel={level}", *keys) for option in ("-k", key)]
    result = await clinic.run("findscu", root, *options, *asked, "-X", "-od", folder)
    assert result.exit_code == 0, result.output
    assert "Received Final Find Response (Success)" in result.output
    return responses_in(folder)


STUDY_QUERIES = {
    "universal": ([], {1, 2, 3, 4}),
    "star is universal": (["PatientName=*"], {1, 2, 3, 4}),
    "single value": (["PatientID=P1"], {1, 2}),
    "single value of another attribute": (["AccessionNumber=B300"], {3}),
    "no match": (["PatientID=NOBODY"], set()),
    "no match by combination": (["PatientID=P1", "AccessionNumber=B300"], set()),
    "wildcard": (["AccessionNumber=?[0-9]*"], set()),  # brackets are no wild cards
    "wildcard question marks": (["AccessionNumber=?200"], {2}),
    "wildcard star": (["AccessionNumber=A*"], {1, 2}),
    "percent and underscore are ordinary": (["AccessionNumber=_100"], set()),
    "person name without case": (["PatientName=adams^*"], {1, 2, 3}),
    "person name without case, single value": (["PatientName=adams^ann"], {1, 2}),
    "other text with case": (["AccessionNumber=b300"], set()),
    "date": (["StudyDate=20240215"], {2}),
    "date range": (["StudyDate=20240201-20240331"], {2, 3}),
    "date from": (["StudyDate=20240320-"], {3, 4}),
    "date until": (["StudyDate=-20240110"], {1}),
    "time range": (["StudyTime=08-09"], {1, 2, 3, 4}),
    "one UID": ([f"StudyInstanceUID={STUDIES[3].study_uid}"], {3}),
    "list of UID": (["StudyInstanceUID=" + "\\".join(STUDIES[n].study_uid for n in (1, 4))], {1, 4}),
    "modalities in study": (["ModalitiesInStudy=MR"], {2}),
}


@pytest.mark.parametrize("root", ["-S", "-P"])
@pytest.mark.parametrize("name", STUDY_QUERIES)
async def test_studies(stored: Clinic, tmp_path: Path, name: str, root: str) -> None:
    keys, expected = STUDY_QUERIES[name]
    returned = [] if any("StudyInstanceUID" in key for key in keys) else ["StudyInstanceUID"]
    answers = await found(stored, root, "STUDY", [*keys, *returned], tmp_path)
    assert {answer.StudyInstanceUID for answer in answers} == {STUDIES[number].study_uid for number in expected}
    assert {answer.QueryRetrieveLevel for answer in answers} <= {"STUDY"}


async def test_a_study_tells_about_itself(stored: Clinic, tmp_path: Path) -> None:
    asked = ["PatientID=P1", "PatientName", "StudyDate=20240110", "AccessionNumber", "ModalitiesInStudy"]
    counts = ["NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "SOPClassesInStudy"]
    (answer,) = await found(stored, "-S", "STUDY", [*asked, *counts], tmp_path)
    assert (answer.PatientName, answer.StudyDate, answer.AccessionNumber) == ("Adams^Ann", "20240110", "A100")
    assert (answer.NumberOfStudyRelatedSeries, answer.NumberOfStudyRelatedInstances) == (2, 5)
    assert (answer.ModalitiesInStudy, answer.SOPClassesInStudy) == ("CT", CT)


async def test_patients(stored: Clinic, tmp_path: Path) -> None:
    answers = await found(stored, "-P", "PATIENT", ["PatientID", "PatientName=ADAMS*"], tmp_path)
    assert {(answer.PatientID, str(answer.PatientName)) for answer in answers} == {
        ("P1", "Adams^Ann"),
        ("P2", "ADAMS^BERT"),
    }


async def test_the_study_root_has_no_patient_level(stored: Clinic) -> None:
    result = await stored.run("findscu", "-S", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID")
    assert "Pending" not in result.output
    assert re.search(r"Received Final Find Response \((Failed|Error|Refused): ", result.output), result.output


async def test_the_patient_root_wants_the_patient_itself(stored: Clinic) -> None:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=P*", "-k", "StudyInstanceUID"]
    assert "Pending" not in (await stored.run("findscu", "-P", *keys)).output
    assert "Pending" in (await stored.run("findscu", "-S", *keys)).output


async def test_series(stored: Clinic, tmp_path: Path) -> None:
    keys = [f"StudyInstanceUID={STUDIES[1].study_uid}", "SeriesInstanceUID", "NumberOfSeriesRelatedInstances"]
    answers = await found(stored, "-S", "SERIES", [*keys, "Modality"], tmp_path)
    counts = {answer.SeriesInstanceUID: answer.NumberOfSeriesRelatedInstances for answer in answers}
    assert counts == {SERIES_11: 3, SERIES_12: 2}
    assert {answer.Modality for answer in answers} == {"CT"}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("ScheduledProcedureStepID=SPS7", {SERIES_21}),
        ("RequestedProcedureID=RP*", {SERIES_21, STUDIES[4].series_uid}),
        ("RequestedProcedureID=RP7\\RP8", {SERIES_21}),
        ("ScheduledProcedureStepID=OTHER", set()),
    ],
)
async def test_series_by_what_was_requested(stored: Clinic, tmp_path: Path, item: str, expected: set[str]) -> None:
    answers = await found(
        stored, "-P", "SERIES", ["SeriesInstanceUID", f"RequestAttributesSequence[0].{item}"], tmp_path
    )
    assert {answer.SeriesInstanceUID for answer in answers} == expected


async def test_the_requested_procedure_is_returned_as_a_sequence(stored: Clinic, tmp_path: Path) -> None:
    keys = [f"SeriesInstanceUID={SERIES_21}", "RequestAttributesSequence[0].RequestedProcedureID"]
    (answer,) = await found(stored, "-S", "SERIES", keys, tmp_path)
    assert [item.RequestedProcedureID for item in answer.RequestAttributesSequence] == ["RP7"]


async def test_images(stored: Clinic, tmp_path: Path) -> None:
    keys = [f"StudyInstanceUID={STUDIES[1].study_uid}", f"SeriesInstanceUID={SERIES_11}", "SOPInstanceUID"]
    answers = await found(stored, "-S", "IMAGE", [*keys, "InstanceNumber", "Rows", "SOPClassUID"], tmp_path)
    expected = {(one.uid, one.number) for one in PEOPLE if one.series_uid == SERIES_11}
    assert {(answer.SOPInstanceUID, answer.InstanceNumber) for answer in answers} == expected
    assert {(answer.Rows, answer.SOPClassUID) for answer in answers} == {(16, CT)}


async def test_names_with_umlauts_come_back_in_unicode(stored: Clinic, tmp_path: Path) -> None:
    keys = ["SpecificCharacterSet=ISO_IR 192", "PatientID", "PatientName=MÜLLER^*"]
    (answer,) = await found(stored, "-S", "STUDY", keys, tmp_path)
    assert str(answer.PatientName) == "Müller^Jörg"
    assert answer.SpecificCharacterSet == "ISO_IR 192"


async def test_a_query_in_implicit_vr(stored: Clinic, tmp_path: Path) -> None:
    answers = await found(stored, "-S", "STUDY", ["PatientID=P1", "StudyInstanceUID"], tmp_path, "-xi")
    assert {answer.StudyInstanceUID for answer in answers} == {STUDIES[1].study_uid, STUDIES[2].study_uid}


async def test_a_key_we_do_not_keep_is_said_to_be_ignored(stored: Clinic) -> None:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=P2", "-k", "PatientMotherBirthName=X"]
    result = await stored.run("findscu", "-S", *keys)
    assert result.exit_code == 0, result.output
    assert "(Pending: WarningUnsupportedOptionalKeys)" in result.output


async def test_a_cancelled_query_ends_the_association_in_order(stored: Clinic) -> None:
    keys = ["-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID"]
    result = await stored.run("findscu", "-S", "--cancel", 1, *keys)
    assert result.exit_code == 0, result.output
    assert re.search(r"Received Final Find Response \((Success|Cancel)", result.output), result.output


# --- C-GET, C-MOVE -------------------------------------------------------------------------------------------


def data_sets_in(folder: Path) -> dict[str, bytes]:
    """SOP Instance UID → data set bytes, of the files DCMTK has written."""
    contents = {}
    for path in folder.iterdir():
        content = path.read_bytes()
        uid = str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)
        contents[uid] = content[split(content).dataset_offset :]
    return contents


def sent_data_sets(**wanted: object) -> dict[str, bytes]:
    """SOP Instance UID → data set bytes, of what was stored."""
    return {
        one.uid: content[split(content).dataset_offset :]
        for one, content in zip(PEOPLE, instances_of_people().values(), strict=True)
        if all(getattr(one, name) == value for name, value in wanted.items())
    }


LEVELS = {
    "patient": ("-P", ["QueryRetrieveLevel=PATIENT", "PatientID=P1"], {"patient_id": "P1"}),
    "study": ("-S", ["QueryRetrieveLevel=STUDY", f"StudyInstanceUID={STUDIES[1].study_uid}"], {"study": 1}),
    "series": (
        "-S",
        ["QueryRetrieveLevel=SERIES", f"StudyInstanceUID={STUDIES[1].study_uid}", f"SeriesInstanceUID={SERIES_12}"],
        {"study": 1, "series": 2},
    ),
    "image": (
        "-P",
        [
            "QueryRetrieveLevel=IMAGE",
            "PatientID=P1",
            f"StudyInstanceUID={STUDIES[2].study_uid}",
            f"SeriesInstanceUID={SERIES_21}",
            f"SOPInstanceUID={PEOPLE[6].uid}",
        ],
        {"study": 2, "number": 2},
    ),
}


def keys_of(keys: list[str]) -> list[str]:
    return [option for key in keys for option in ("-k", key)]


@pytest.mark.parametrize("level", LEVELS)
async def test_getscu(stored: Clinic, tmp_path: Path, level: str) -> None:
    root, keys, wanted = LEVELS[level]
    result = await stored.run("getscu", root, *keys_of(keys), "+B", "-od", tmp_path)
    assert result.exit_code == 0, result.output
    assert data_sets_in(tmp_path) == sent_data_sets(**wanted)


@pytest.mark.parametrize("level", LEVELS)
async def test_movescu(stored: Clinic, level: str) -> None:
    root, keys, wanted = LEVELS[level]
    for old in stored.inbox.iterdir():
        old.unlink()
    result = await stored.run("movescu", "-d", root, "-aem", "DEST", *keys_of(keys))
    assert result.exit_code == 0, result.output
    expected = sent_data_sets(**wanted)
    assert data_sets_in(stored.inbox) == expected
    assert counts_in(result.output) == (None, len(expected), 0, 0)


def counts_in(output: str) -> tuple[int | None, ...]:
    """Remaining, completed, failed and warning sub-operations of the last response."""
    final = output.rsplit("Message Type", 1)[-1]

    def count(name: str) -> int | None:
        told = re.search(rf"{name} Suboperations\s*: (\d+|none)", final)
        assert told is not None, output
        return None if told[1] == "none" else int(told[1])

    return tuple(map(count, ("Remaining", "Completed", "Failed", "Warning")))


async def test_nothing_to_move_is_a_success_of_nothing(stored: Clinic) -> None:
    keys = ["QueryRetrieveLevel=STUDY", "StudyInstanceUID=1.2.3"]
    result = await stored.run("movescu", "-d", "-S", "-aem", "DEST", *keys_of(keys))
    assert result.exit_code == 0, result.output
    assert counts_in(result.output) == (None, 0, 0, 0)


@pytest.mark.parametrize("destination", ["NOWHERE", "DEAF"])
async def test_movescu_to_an_unknown_destination(stored: Clinic, destination: str) -> None:
    _, keys, _ = LEVELS["study"]
    result = await stored.run("movescu", "-d", "-S", "-aem", destination, *keys_of(keys))
    assert result.exit_code != 0
    assert "0xa801" in result.output.lower(), result.output


async def test_movescu_to_a_destination_that_is_down(stored: Clinic) -> None:
    _, keys, wanted = LEVELS["study"]
    result = await stored.run("movescu", "-d", "-S", "-aem", "DOWN", *keys_of(keys))
    assert result.exit_code != 0
    assert "0xa702" in result.output.lower(), result.output
    assert counts_in(result.output) == (None, 0, len(sent_data_sets(**wanted)), 0)


async def test_movescu_to_a_destination_that_hangs_up(stored: Clinic, tmp_path: Path) -> None:
    """It ends the association after the first image: whatever was not acknowledged has failed."""
    port = free_port()
    enrol(stored.server, "BREAKS", listens_at=port, sees="")
    _, keys, wanted = LEVELS["study"]
    with running_tool("storescp", port, "--fork", "--abort-after", "-od", tmp_path, log=tmp_path / "log"):
        result = await stored.run("movescu", "-d", "-S", "-aem", "BREAKS", *keys_of(keys))
    assert "0xa702" in result.output.lower(), result.output
    assert counts_in(result.output) == (None, 0, len(sent_data_sets(**wanted)), 0)


async def test_movescu_to_a_destination_that_was_started_anew(stored: Clinic, tmp_path: Path) -> None:
    """The association kept from the first move is dead by the second; the second does not notice."""
    port, inbox = free_port(), tmp_path / "inbox"
    inbox.mkdir()
    enrol(stored.server, "ANEW", listens_at=port, sees="")
    _, keys, wanted = LEVELS["series"]
    for _ in range(2):
        with running_tool("storescp", port, "--fork", "+B", "-od", inbox, log=tmp_path / "log"):
            result = await stored.run("movescu", "-d", "-S", "-aem", "ANEW", *keys_of(keys))
            assert result.exit_code == 0, result.output
            again = await stored.run("movescu", "-d", "-S", "-aem", "ANEW", *keys_of(keys))
            assert again.exit_code == 0, again.output
    assert counts_in(again.output) == (None, len(sent_data_sets(**wanted)), 0, 0)
    assert data_sets_in(inbox) == sent_data_sets(**wanted)


async def test_movescu_cancelled(stored: Clinic) -> None:
    _, keys, wanted = LEVELS["study"]
    result = await stored.run("movescu", "-d", "-S", "--cancel", 1, "-aem", "SLOW", *keys_of(keys))
    assert "0xfe00" in result.output.lower(), result.output
    remaining, completed, failed, warning = counts_in(result.output)
    assert remaining is not None
    assert remaining > 0
    assert completed is not None
    assert completed + remaining == len(sent_data_sets(**wanted))
    assert (failed, warning) == (0, 0)


async def test_retrieval_without_a_unique_key_is_refused(stored: Clinic, tmp_path: Path) -> None:
    result = await stored.run("getscu", "-d", "-S", "-k", "QueryRetrieveLevel=STUDY", "-od", tmp_path)
    assert "0xa900" in result.output.lower(), result.output
    assert data_sets_in(tmp_path) == {}


async def test_a_stranger_fetches_nothing(stored: Clinic, tmp_path: Path) -> None:
    _, keys, _ = LEVELS["study"]
    result = await stored.run("getscu", "-S", *keys_of(keys), "-od", tmp_path, ae_title="STRANGER")
    assert "Association Rejected" in result.output
    assert data_sets_in(tmp_path) == {}
