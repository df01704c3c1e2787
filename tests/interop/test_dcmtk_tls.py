"""DCMTK through the TLS door: enrolled certificates, user identities, and which profiles meet which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

from helpers.archive_server import ArchiveServer, DeviceFiles, run_archive
from helpers.clinic import ALL_ACTIONS, enrol, enrol_tls, ledger_rows, order
from helpers.dcmtk import ToolResult, require_tool, responses_in, run_dcmtk, running_tool
from helpers.ports import free_port
from helpers.studies import PEOPLE, write_files

pytestmark = pytest.mark.interop

PASSCODE = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Clinic:
    """An archive with one enrolled TLS workstation, one that may only store, two people and a token."""

    server: ArchiveServer
    files: list[Path]
    station: DeviceFiles
    modality: DeviceFiles
    token: Path
    inbox: Path
    """What the TLS storescp RECEIVER has received."""

    async def run(
        self,
        tool: str,
        *options: object,
        ae_title: str = "STATION",
        tls: tuple[object, ...] | None = None,
        then: tuple[object, ...] = (),
    ) -> ToolResult:
        tls = self.station.dcmtk if tls is None else tls
        return await run_dcmtk(tool, "-v", *tls, "-aet", ae_title, *options, "127.0.0.1", self.server.dicom_tls, *then)

    @property
    def anonymous(self) -> tuple[object, ...]:
        """TLS without a certificate of one's own."""
        return ("+tla", "+cf", self.station.folder / "ca.pem")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    require_tool("storescu")
    folder = tmp_path_factory.mktemp("dcmtk-tls")
    inbox = folder / "inbox"
    inbox.mkdir()
    port = free_port()
    with run_archive(folder / "home") as server:
        station = enrol_tls(server, "STATION", "store", "query", "retrieve")
        modality = enrol_tls(server, "MODALITY", "store")
        enrol(server, "PLAIN", "store", "query", "retrieve")
        receiver = enrol_tls(server, "RECEIVER", listens_at=port, sees="")
        enrol_tls(server, "OTHER", listens_at=port, sees="")  # says it listens where RECEIVER does
        order(server, "user add", name="ann", roles=["clinician"], passcode=PASSCODE)
        order(server, "user add", name="adam", roles=["administrator"], passcode=PASSCODE)
        order(server, "grant add", to="user:ann", allow=ALL_ACTIONS, studies="everything", why="test")
        token = folder / "token"
        token.write_text(
            order(server, "token create", name="script", role="service", expires="1d", studies="everything")["token"]
        )
        with running_tool("storescp", port, *receiver.dcmtk, "-od", inbox, log=folder / "receiver.log"):
            yield Clinic(server, write_files(folder / "files"), station, modality, token, inbox)


# --- certificates --------------------------------------------------------------------------------------------


async def test_send_and_query_with_an_enrolled_certificate(clinic: Clinic, tmp_path: Path) -> None:
    assert (await clinic.run("echoscu")).exit_code == 0
    sent = await clinic.run("storescu", then=tuple(clinic.files))
    assert sent.exit_code == 0, sent.output
    assert sent.output.count("Received Store Response (Success)") == len(PEOPLE)
    keys = ("-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID")
    asked = await clinic.run("findscu", "-S", *keys, "-X", "-od", tmp_path)
    assert asked.exit_code == 0, asked.output
    answers = responses_in(tmp_path)
    assert {answer.SOPInstanceUID for answer in answers} == {one.uid for one in PEOPLE}


async def test_a_certificate_opens_for_its_own_ae_title_only(clinic: Clinic) -> None:
    result = await clinic.run("echoscu", ae_title="MODALITY")
    assert result.exit_code != 0
    assert "Calling AE Title Not Recognized" in result.output


async def test_tls_alone_is_no_name(clinic: Clinic) -> None:
    result = await clinic.run("echoscu", tls=clinic.anonymous)
    assert result.exit_code != 0
    assert "Calling AE Title Not Recognized" in result.output


async def test_a_modality_that_may_store_may_not_query(clinic: Clinic) -> None:
    sent = await clinic.run("storescu", ae_title="MODALITY", tls=clinic.modality.dcmtk, then=tuple(clinic.files[:1]))
    assert sent.exit_code == 0, sent.output
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
    asked = await clinic.run("findscu", "-S", *keys, ae_title="MODALITY", tls=clinic.modality.dcmtk)
    assert "Pending" not in asked.output
    assert "Unknown Status: 0x124" in asked.output  # not authorised; this DCMTK has no name for it


async def test_an_enrolled_tls_device_is_nobody_on_the_plain_door(clinic: Clinic) -> None:
    result = await run_dcmtk("echoscu", "-v", "-aet", "STATION", "127.0.0.1", clinic.server.dicom)
    assert result.exit_code != 0
    assert "Calling AE Title Not Recognized" in result.output


async def test_plain_dicom_at_the_tls_door_and_tls_at_the_plain_door(clinic: Clinic) -> None:
    assert (await run_dcmtk("echoscu", "-aet", "PLAIN", "127.0.0.1", clinic.server.dicom_tls)).exit_code != 0
    tls = clinic.station.dcmtk
    assert (await run_dcmtk("echoscu", *tls, "-aet", "STATION", "127.0.0.1", clinic.server.dicom)).exit_code != 0
    assert (await clinic.run("echoscu")).exit_code == 0
    log = (clinic.server.home.parent / "home.log").read_text()
    assert "peer spoke plain DICOM to the TLS port" in log


async def test_a_move_to_a_tls_device_goes_through_tls(clinic: Clinic) -> None:
    sent = await clinic.run("storescu", then=tuple(clinic.files))
    assert sent.exit_code == 0, sent.output
    keys = ("-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=P1")
    plain = ("-aet", "PLAIN", "-aem", "RECEIVER", "-P", *keys)
    moved = await run_dcmtk("movescu", "-v", *plain, "127.0.0.1", clinic.server.dicom)
    assert moved.exit_code == 0, moved.output
    received = {str(pydicom.dcmread(path).SOPInstanceUID) for path in clinic.inbox.iterdir()}
    assert received == {one.uid for one in PEOPLE if one.patient_id == "P1"}


async def test_a_move_to_another_device_at_the_same_address_is_not_made(clinic: Clinic) -> None:
    before = set(clinic.inbox.iterdir())
    keys = ("-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=P2")
    plain = ("-aet", "PLAIN", "-aem", "OTHER", "-P", *keys)
    moved = await run_dcmtk("movescu", "-v", *plain, "127.0.0.1", clinic.server.dicom)
    assert moved.exit_code != 0
    assert set(clinic.inbox.iterdir()) == before


# --- user identity (storescu is the one tool that negotiates it) ---------------------------------------------


async def store_as(clinic: Clinic, *identity: object, tls: tuple[object, ...] | None = None) -> ToolResult:
    tls = clinic.anonymous if tls is None else tls
    return await clinic.run("storescu", *identity, ae_title="ANYBODY", tls=tls, then=tuple(clinic.files[:1]))


async def test_a_person_with_a_passcode(clinic: Clinic) -> None:
    result = await store_as(clinic, "-usr", "ann", "-pwd", PASSCODE)
    assert result.exit_code == 0, result.output


async def test_a_positive_response_is_given_when_asked_for(clinic: Clinic) -> None:
    """storescu -rsp ends the association itself if the acceptor does not answer."""
    result = await store_as(clinic, "-usr", "ann", "-pwd", PASSCODE, "-rsp")
    assert result.exit_code == 0, result.output


async def test_a_token_in_place_of_a_jwt(clinic: Clinic) -> None:
    result = await store_as(clinic, "--jwt", clinic.token, "-rsp")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "identity",
    [
        ("-usr", "ann"),
        ("-usr", "ann", "-epw"),
        ("-usr", "ann", "-pwd", "wrong"),
        ("-usr", "nobody", "-pwd", PASSCODE),
    ],
    ids=["name only", "empty passcode", "wrong passcode", "unknown person"],
)
async def test_who_is_not_let_in(clinic: Clinic, identity: tuple[str, ...]) -> None:
    result = await store_as(clinic, *identity)
    assert result.exit_code != 0
    assert "Association Rejected" in result.output, result.output
    assert "Store Response" not in result.output


@pytest.mark.parametrize("flag", ["-kt", "--saml", "--jwt"])
async def test_kerberos_saml_and_foreign_tokens_are_rejected(clinic: Clinic, tmp_path: Path, flag: str) -> None:
    ticket = tmp_path / "ticket"
    ticket.write_text("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.")
    result = await store_as(clinic, flag, ticket)
    assert result.exit_code != 0
    assert "Association Rejected" in result.output, result.output


async def test_an_unsupported_identity_is_refused_even_with_a_good_certificate(clinic: Clinic, tmp_path: Path) -> None:
    ticket = tmp_path / "ticket"
    ticket.write_text("ticket")
    result = await clinic.run("storescu", "-kt", ticket, then=tuple(clinic.files[:1]))
    assert result.exit_code != 0
    assert "Association Rejected" in result.output


async def test_a_person_at_an_enrolled_device(clinic: Clinic) -> None:
    result = await clinic.run("storescu", "-usr", "ann", "-pwd", PASSCODE, then=tuple(clinic.files[:1]))
    assert result.exit_code == 0, result.output
    assert any(row["who"] == "station with ann" for row in ledger_rows(clinic.server))


async def test_an_administrator_signs_in_and_may_not_store(clinic: Clinic) -> None:
    result = await store_as(clinic, "-usr", "adam", "-pwd", PASSCODE)
    assert result.exit_code != 0
    assert "Association Accepted" in result.output
    assert "Unknown Status: 0x124" in result.output


async def test_no_passcode_is_taken_on_the_plain_door(clinic: Clinic) -> None:
    options = ("-v", "-aet", "ANYBODY", "-usr", "ann", "-pwd", PASSCODE)
    result = await run_dcmtk("storescu", *options, "127.0.0.1", clinic.server.dicom, clinic.files[0])
    assert result.exit_code != 0
    assert "Association Rejected" in result.output


# --- profiles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["+py", "+px", "+pz"])
async def test_the_profiles_of_today_meet_b12(clinic: Clinic, profile: str) -> None:
    result = await clinic.run("echoscu", profile)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("profile", ["+pa", "+pn"])
async def test_the_retired_profiles_do_not(clinic: Clinic, profile: str) -> None:
    result = await clinic.run("echoscu", profile)
    assert result.exit_code != 0
    assert "Association Accepted" not in result.output


@pytest.fixture(scope="module")
def modified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """An archive set to profile B.13."""
    folder = tmp_path_factory.mktemp("dcmtk-b13")
    with run_archive(folder / "home", configuration='[tls]\nprofile = "B.13"\n') as server:
        station = enrol_tls(server, "STATION", "store")
        yield Clinic(server, write_files(folder / "files"), station, station, folder, folder)


@pytest.mark.parametrize("profile", ["+py", "+px", "+pz"])
async def test_the_profiles_of_today_meet_b13(modified: Clinic, profile: str) -> None:
    result = await modified.run("storescu", profile, then=tuple(modified.files[:1]))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("profile", ["+pa", "+pn"])
async def test_the_retired_profiles_do_not_meet_b13(modified: Clinic, profile: str) -> None:
    assert (await modified.run("echoscu", profile)).exit_code != 0
