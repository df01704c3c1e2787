"""The whole server with its index on PostgreSQL: store, find, get, delete, start again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.archive_server import run_archive
from helpers.clinic import enrol, order
from helpers.dcmtk import responses_in, run_dcmtk
from helpers.porter import Encoded, bring_back, carry
from helpers.postgres import postgres_cluster
from helpers.studies import PEOPLE, part10_of
from leadglass.dicom.part10 import split
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN

pytestmark = [pytest.mark.interop, pytest.mark.postgres]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres_cluster() as cluster:
        yield cluster


def encoded() -> list[Encoded]:
    files = [part10_of(one.data_set()) for one in PEOPLE]
    return [
        Encoded(one.sop_class, one.uid, EXPLICIT_VR_LITTLE_ENDIAN, file[split(file).dataset_offset :])
        for one, file in zip(PEOPLE, files, strict=True)
    ]


async def found(port: int, folder: Path) -> set[str]:
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=adams*", "-k", "StudyInstanceUID")
    asked = await run_dcmtk("findscu", "-S", "-aet", "WS", *keys, "-X", "-od", folder, "127.0.0.1", port)
    assert asked.exit_code == 0, asked.output
    return {answer.StudyInstanceUID for answer in responses_in(folder)}


async def test_a_day_on_postgresql(url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home, configuration = tmp_path / "home", f'[index]\nurl = "{url}"\n'
    instances, studies = encoded(), {one.study_uid for one in PEOPLE}
    adams = {one.study_uid for one in PEOPLE if one.patient_id in ("P1", "P2")}
    first, second = PEOPLE[0].study_uid, PEOPLE[5].study_uid
    forms = [one.form for one in instances]

    with run_archive(home, configuration=configuration) as server:
        enrol(server, "WS", "store", "query", "retrieve")
        assert {answer.status for answer in await carry(server.dicom, "WS", instances)} == {0x0000}
        assert {answer.status for answer in await carry(server.dicom, "WS", instances)} == {0x0000}
        assert await found(server.dicom, tmp_path_factory.mktemp("found")) == adams
        got = await bring_back(server.dicom, "WS", studies, forms)
        assert got.instances == {one.sop_instance_uid: one for one in instances}
        order(server, "study delete", study_instance_uid=first)
        assert await found(server.dicom, tmp_path_factory.mktemp("found")) == adams - {first}

    with run_archive(home) as server:
        assert await found(server.dicom, tmp_path_factory.mktemp("found")) == adams - {first}
        got = await bring_back(server.dicom, "WS", [first, second], forms)
        assert set(got.instances) == {one.uid for one in PEOPLE if one.study == 2}
        again = [one for one in instances if one.sop_instance_uid.startswith(f"{first}.")]
        assert {answer.status for answer in await carry(server.dicom, "WS", again)} == {0x0000}
        assert await found(server.dicom, tmp_path_factory.mktemp("found")) == adams
    assert server.command("store", "check").returncode == 0
