"""Debian's Orthanc as our neighbour: it sends, asks, fetches, receives, and wants storage commitment. Plain and TLS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, enrol_tls, order
from helpers.orthanc import Modality, Orthanc, OrthancTls, orthanc_command, run_orthanc
from helpers.porter import bring_back
from helpers.ports import free_port
from helpers.samples import quietly_read, sample
from helpers.studies import PEOPLE, instances_of_people
from leadglass.dicom.part10 import file_meta
from leadglass.terms.ae_title import AETitle

pytestmark = pytest.mark.interop

OURS = "LEADGLASS"
COMPRESSED = ("examples_jpeg2k.dcm", "SC_rgb_jpeg_dcmtk.dcm", "emri_small_RLE.dcm", "JPEG-LL.dcm")
STUDY_1 = PEOPLE[0].study_uid


@dataclass(frozen=True, slots=True)
class Neighbours:
    server: ArchiveServer
    orthanc: Orthanc

    def in_orthanc(self) -> dict[str, pydicom.Dataset]:
        """SOP Instance UID → what Orthanc holds."""
        return {
            data_set.SOPInstanceUID: data_set
            for name in self.orthanc.get("/instances")
            for data_set in [quietly_read(self.orthanc.file(name))]
        }


def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What `condition` says once it is true."""
    deadline = time.monotonic() + seconds
    while not (said := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return said


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    if orthanc_command() is None:
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc)")
    folder = tmp_path_factory.mktemp("orthanc")
    with run_archive(folder / "home") as server:
        settings: dict[str, object] = {"StorageCommitmentReportsSize": 100, "SynchronousCMove": True}
        with run_orthanc(folder / "orthanc", modalities=[Modality(OURS, server.dicom)], settings=settings) as orthanc:
            enrol(server, "ORTHANC", "store", "query", "retrieve", listens_at=orthanc.dicom_port)
            yield Neighbours(server, orthanc)
            server.stop()  # first: Orthanc does not stop while our idle association with it lasts


@pytest.fixture(scope="module")
def sent(neighbours: Neighbours) -> Neighbours:
    """Orthanc has sent us everything it was given: the people, and compressed samples."""
    uploads = [*instances_of_people().values(), *(sample(name).data() for name in COMPRESSED)]
    names = [neighbours.orthanc.upload(content)["ID"] for content in uploads]
    answer = neighbours.orthanc.post(f"/modalities/{OURS}/store", names)
    assert (answer["InstancesCount"], answer["FailedInstancesCount"]) == (len(uploads), 0)
    return neighbours


def test_echo(neighbours: Neighbours) -> None:
    neighbours.orthanc.post(f"/modalities/{OURS}/echo", {})


async def test_orthanc_sends(sent: Neighbours) -> None:
    """Compressed instances arrive as they are."""
    assert order(sent.server, "studies")["counts"]["instances"] == len(PEOPLE) + len(COMPRESSED)
    originals = {str(sample(name).dataset().SOPInstanceUID): sample(name) for name in COMPRESSED}
    forms = [(str(one.dataset().SOPClassUID), one.transfer_syntax()) for one in originals.values()]
    studies = {str(one.dataset().StudyInstanceUID) for one in originals.values()}
    got = await bring_back(sent.server.dicom, "ORTHANC", studies, forms)
    assert got.failed == set()
    for uid, one in got.instances.items():
        assert one.transfer_syntax == originals[uid].transfer_syntax()
        meta = file_meta(one.sop_class_uid, uid, one.transfer_syntax, AETitle.of("ORTHANC"))
        assert said_by(quietly_read(meta + one.data_set)) == said_by(originals[uid].dataset())
    assert set(got.instances) == set(originals)


def said_by(data_set: pydicom.Dataset) -> dict[str, Any]:
    """All but the retired group lengths, which Orthanc drops, and padding."""
    return {
        str(element.tag): element.value
        for element in data_set
        if element.tag.element != 0 and element.keyword != "DataSetTrailingPadding"
    }


def test_orthanc_sends_again(sent: Neighbours) -> None:
    names = sent.orthanc.get("/instances")
    assert sent.orthanc.post(f"/modalities/{OURS}/store", names)["FailedInstancesCount"] == 0


@pytest.mark.parametrize(
    ("level", "query", "expected"),
    [
        ("Patient", {"PatientName": "ADAMS*"}, {"P1", "P2"}),
        ("Study", {"PatientID": "P1", "StudyDate": "20240201-"}, {PEOPLE[5].study_uid}),
        ("Series", {"StudyInstanceUID": STUDY_1}, {PEOPLE[0].series_uid, PEOPLE[3].series_uid}),
        (
            "Instance",
            {"StudyInstanceUID": STUDY_1, "SeriesInstanceUID": PEOPLE[3].series_uid, "PatientID": "P1"},
            {PEOPLE[3].uid, PEOPLE[4].uid},
        ),
    ],
)
def test_orthanc_asks(sent: Neighbours, level: str, query: dict[str, str], expected: set[str]) -> None:
    assert found_by_orthanc(sent, level, query) == expected


UNIQUE_KEY = {
    "Patient": "0010,0020",
    "Study": "0020,000d",
    "Series": "0020,000e",
    "Instance": "0008,0018",
}


def found_by_orthanc(neighbours: Neighbours, level: str, query: dict[str, str]) -> set[str]:
    asked = neighbours.orthanc.post(f"/modalities/{OURS}/query", {"Level": level, "Query": query})
    answers = f"/queries/{asked['ID']}/answers"
    contents = [neighbours.orthanc.get(f"{answers}/{place}/content") for place in neighbours.orthanc.get(answers)]
    return {content[UNIQUE_KEY[level]]["Value"] for content in contents}


def test_orthanc_asks_and_fetches(sent: Neighbours) -> None:
    """Query, then C-MOVE to itself: what comes equals what it sent, also compressed."""
    before = sent.in_orthanc()
    sent.orthanc.empty()
    asked = sent.orthanc.post(f"/modalities/{OURS}/query", {"Level": "Study", "Query": {"StudyInstanceUID": ""}})
    sent.orthanc.post(f"/queries/{asked['ID']}/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
    after = until(lambda: (held := sent.in_orthanc()).keys() == before.keys() and held)
    assert after == before


def test_orthanc_wants_commitment(sent: Neighbours) -> None:
    """It asks on one association, leaves, and takes the report on another, which we open."""
    known = [[PEOPLE[0].sop_class, PEOPLE[0].uid], [PEOPLE[8].sop_class, PEOPLE[8].uid]]
    unknown = [PEOPLE[0].sop_class, "1.2.3.4"]
    asked = sent.orthanc.post(f"/modalities/{OURS}/storage-commitment", {"DicomInstances": [*known, unknown]})
    report = until(lambda: (told := sent.orthanc.get(asked["Path"]))["Status"] != "Pending" and told)
    assert report["Status"] == "Failure"
    assert [[one["SOPClassUID"], one["SOPInstanceUID"]] for one in report["Success"]] == known
    assert [one["SOPInstanceUID"] for one in report["Failures"]] == ["1.2.3.4"]


# --- TLS -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Orthanc speaks TLS only, with the certificate it was enrolled with."""
    if orthanc_command() is None:
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc)")
    folder = tmp_path_factory.mktemp("orthanc-tls")
    port = free_port()
    with run_archive(folder / "home") as server:
        device = enrol_tls(server, "ORTHANC", "store", "query", "retrieve", listens_at=port).folder
        enrol(server, "WS", "store", "retrieve")
        tls = OrthancTls(device / "cert.pem", device / "key.pem", device / "ca.pem", client_certificate_required=True)
        modality = Modality(OURS, server.dicom_tls, use_tls=True)
        with run_orthanc(folder / "orthanc", modalities=[modality], tls=tls, dicom_port=port) as orthanc:
            yield Neighbours(server, orthanc)
            server.stop()  # first: Orthanc does not stop while our idle association with it lasts


async def test_orthanc_through_tls_both_ways(secured: Neighbours, tmp_path: Path) -> None:
    names = [secured.orthanc.upload(content)["ID"] for content in instances_of_people().values()]
    answer = secured.orthanc.post(f"/modalities/{OURS}/store", names)
    assert (answer["InstancesCount"], answer["FailedInstancesCount"]) == (len(PEOPLE), 0)
    secured.orthanc.empty()
    asked = secured.orthanc.post(
        f"/modalities/{OURS}/query", {"Level": "Study", "Query": {"PatientID": "P1", "StudyInstanceUID": ""}}
    )
    secured.orthanc.post(f"/queries/{asked['ID']}/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
    expected = {one.uid for one in PEOPLE if one.patient_id == "P1"}
    assert until(lambda: set(secured.in_orthanc()) == expected)
