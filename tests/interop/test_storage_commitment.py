"""Storage Commitment (PS3.4 annex J) with pynetdicom: on the same association, on a new one, and the truth in both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pydicom
import pytest
from pydicom.uid import generate_uid
from pynetdicom import AE, Association, build_context, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, order
from helpers.porter import Encoded, carry
from helpers.ports import free_port
from helpers.studies import MR, PEOPLE, part10_of
from leadglass.dicom.part10 import split
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN

pytestmark = pytest.mark.interop

NO_SUCH_OBJECT_INSTANCE, CLASS_INSTANCE_CONFLICT, PROCESSING_FAILURE = 0x0112, 0x0119, 0x0110
SECONDS = 15.0


@dataclass
class Reports:
    """The event reports that came: event type and information, with the association they came on."""

    came: list[tuple[int, pydicom.Dataset, Association]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def on_report(self, event: evt.Event) -> tuple[int, None]:
        self.came.append((event.request.EventTypeID, event.event_information, event.assoc))
        self.arrived.set()
        return 0x0000, None

    def first(self) -> tuple[int, pydicom.Dataset, Association]:
        assert self.arrived.wait(SECONDS), "no event report came"
        return self.came[0]


@dataclass(frozen=True, slots=True)
class Clinic:
    """An archive that holds `PEOPLE`, sent by SENDER. CALLED is an SCP of ours, enrolled with its address."""

    server: ArchiveServer
    called: Reports


@pytest.fixture(scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> Any:
    called, port = Reports(), free_port()
    listener = AE(ae_title="CALLED")
    listener.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
    handlers = [(evt.EVT_N_EVENT_REPORT, called.on_report)]
    listening = listener.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    with run_archive(tmp_path_factory.mktemp("commitment") / "home") as server:
        enrol(server, "SENDER")
        enrol(server, "CALLED", "store", "query", listens_at=port)
        enrol(server, "OTHER", "store", sees="")
        enrol(server, "READER", "query")
        files = [part10_of(one.data_set()) for one in PEOPLE]
        instances = [
            Encoded(one.sop_class, one.uid, EXPLICIT_VR_LITTLE_ENDIAN, file[split(file).dataset_offset :])
            for one, file in zip(PEOPLE, files, strict=True)
        ]
        assert {answer.status for answer in await carry(server.dicom, "SENDER", instances)} == {0}
        yield Clinic(server, called)
    listening.shutdown()


@contextmanager
def association(clinic: Clinic, ae_title: str, reports: Reports | None = None) -> Iterator[Association]:
    entity = AE(ae_title=ae_title)
    handlers = [(evt.EVT_N_EVENT_REPORT, reports.on_report)] if reports else []
    opened = entity.associate(
        "127.0.0.1",
        clinic.server.dicom,
        contexts=[build_context(StorageCommitmentPushModel)],
        evt_handlers=handlers,
    )
    assert opened.is_established
    try:
        yield opened
    finally:
        opened.release()


def wanted(*references: tuple[str, str], transaction: str = "") -> pydicom.Dataset:
    information = pydicom.Dataset()
    information.TransactionUID = transaction or generate_uid()
    information.ReferencedSOPSequence = []
    for sop_class, uid in references:
        item = pydicom.Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        information.ReferencedSOPSequence.append(item)
    return information


def ask(opened: Association, information: pydicom.Dataset, action: int = 1) -> int:
    status, _ = opened.send_n_action(
        information, action, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    return int(status.Status)


def everything() -> list[tuple[str, str]]:
    return [(one.sop_class, one.uid) for one in PEOPLE]


def pairs(sequence: Any) -> list[tuple[str, str]]:
    return [(item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID) for item in sequence]


def test_all_is_committed_on_the_same_association(clinic: Clinic) -> None:
    reports, information = Reports(), wanted(*everything())
    with association(clinic, "SENDER", reports) as opened:
        assert ask(opened, information) == 0x0000
        event_type, report, came_on = reports.first()
    assert came_on is opened
    assert event_type == 1
    assert report.TransactionUID == information.TransactionUID
    assert pairs(report.ReferencedSOPSequence) == everything()
    assert "FailedSOPSequence" not in report


def test_the_truth_about_each(clinic: Clinic) -> None:
    good, unknown, other_class = everything()[0], (MR, "1.2.3.4.5"), (MR, PEOPLE[1].uid)
    reports = Reports()
    with association(clinic, "SENDER", reports) as opened:
        assert ask(opened, wanted(good, unknown, other_class)) == 0x0000
        event_type, report, _ = reports.first()
    assert event_type == 2
    assert pairs(report.ReferencedSOPSequence) == [good]
    assert pairs(report.FailedSOPSequence) == [unknown, other_class]
    reasons = [item.FailureReason for item in report.FailedSOPSequence]
    assert reasons == [NO_SUCH_OBJECT_INSTANCE, CLASS_INSTANCE_CONFLICT]


def test_nothing_is_committed_to_whom_it_does_not_concern(clinic: Clinic) -> None:
    """OTHER neither stored the studies nor may see them: to it they do not exist."""
    reports = Reports()
    with association(clinic, "OTHER", reports) as opened:
        assert ask(opened, wanted(*everything())) == 0x0000
        event_type, report, _ = reports.first()
    assert event_type == 2
    assert {item.FailureReason for item in report.FailedSOPSequence} == {NO_SUCH_OBJECT_INSTANCE}
    assert "ReferencedSOPSequence" not in report


def test_a_sender_that_hangs_up_at_once_is_called_back(clinic: Clinic) -> None:
    clinic.called.came.clear()
    clinic.called.arrived.clear()
    information = wanted(*everything())
    with association(clinic, "CALLED") as opened:
        assert ask(opened, information) == 0x0000
        opened.abort()
    event_type, report, came_on = clinic.called.first()
    assert event_type == 1
    assert report.TransactionUID == information.TransactionUID
    assert pairs(report.ReferencedSOPSequence) == everything()
    assert came_on.requestor.ae_title == "LEADGLASS"


def test_somebody_who_may_not_store_is_not_promised_anything(clinic: Clinic) -> None:
    with association(clinic, "READER") as opened:
        assert ask(opened, wanted(*everything())) == 0x0124


@pytest.mark.parametrize(
    ("information", "action", "expected"),
    [
        (wanted(("1.2.840.10008.5.1.4.1.1.2", "1.2.3")), 2, 0x0123),
        (wanted(), 1, 0x0115),
    ],
)
def test_what_is_no_request_is_refused(
    clinic: Clinic, information: pydicom.Dataset, action: int, expected: int
) -> None:
    with association(clinic, "SENDER") as opened:
        assert ask(opened, information, action) == expected


def test_a_request_without_a_transaction_uid_is_refused(clinic: Clinic) -> None:
    information = wanted(*everything())
    del information.TransactionUID
    with association(clinic, "SENDER") as opened:
        assert ask(opened, information) == 0x0120


def test_another_instance_than_the_well_known_one_is_refused(clinic: Clinic) -> None:
    with association(clinic, "SENDER") as opened:
        status, _ = opened.send_n_action(wanted(*everything()), 1, StorageCommitmentPushModel, "1.2.3.4")
    assert status.Status == 0x0112


def test_a_damaged_object_is_not_committed(clinic: Clinic) -> None:
    """Each object is read back and checked before anything is promised."""
    volume = next(path for path in sorted((clinic.server.home / "volumes").iterdir()) if path.stat().st_size)
    content = bytearray(volume.read_bytes())
    places = [at for at in range(len(content)) if content[at]]
    last = places[-1] - 100  # within the ciphertext of the last object
    content[last] ^= 1
    volume.write_bytes(content)
    reports = Reports()
    with association(clinic, "SENDER", reports) as opened:
        assert ask(opened, wanted(*everything())) == 0x0000
        event_type, report, _ = reports.first()
    assert event_type == 2
    assert pairs(report.FailedSOPSequence) == [everything()[-1]]
    assert report.FailedSOPSequence[0].FailureReason == PROCESSING_FAILURE
    assert order(clinic.server, "studies")["counts"]["instances"] == len(PEOPLE)
