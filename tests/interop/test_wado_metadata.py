"""Metadata and bulk data through the real server, for every sample file: what was rendered is what the file says."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx2
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, ledger_rows, token
from helpers.porter import Encoded, carry
from helpers.samples import all_samples, part10, quietly_read, sample
from helpers.web_client import web
from leadglass.dicom.header import NeedMore, read_header
from leadglass.dicom.instance_header import InstanceHeader, index_attributes
from leadglass.dicom.json import BulkData, to_json
from leadglass.dicom.uids import is_storage_sop_class
from leadglass.terms.errors import PeerViolation

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom warns of what the samples get wrong
]

Json = dict[str, Any]


class Shelf:
    """The storable samples, the first of each SOP Instance UID, and by study what the archive must then hold."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Encoded, InstanceHeader]] = {}
        self.studies: dict[str, set[str]] = defaultdict(set)
        for one in all_samples():
            syntax, data_set = one.transfer_syntax(), one.data_set_bytes()
            try:
                found = read_header(data_set, syntax, complete=True)
                assert not isinstance(found, NeedMore)
                header = index_attributes(found, syntax)
            except PeerViolation:
                continue  # lacks what every composite instance has
            if is_storage_sop_class(header.sop_class_uid) and header.sop_instance_uid not in self.kept:
                encoded = Encoded(header.sop_class_uid, header.sop_instance_uid, syntax, data_set)
                self.kept[header.sop_instance_uid] = encoded, header
                self.studies[header.study_instance_uid].add(header.sop_instance_uid)

    def metadata(self, uid: str, base: str) -> Json:
        """What our own writer makes of the whole file."""
        encoded, header = self.kept[uid]
        place = f"{base}/studies/{header.study_instance_uid}/series/{header.series_instance_uid}/instances/{uid}"
        written = to_json(
            encoded.data_set, encoded.transfer_syntax, bulk_data_uri=lambda bulk: f"{place}/bulkdata/{bulk.path}"
        )
        return json.loads(written)  # type: ignore[no-any-return]

    def bulk(self, uid: str) -> list[BulkData]:
        """The values that are not in the metadata."""
        found: list[BulkData] = []
        encoded, _ = self.kept[uid]
        to_json(encoded.data_set, encoded.transfer_syntax, bulk_data_uri=lambda bulk: found.append(bulk) or "")  # type: ignore[func-returns-value]
        return found


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Any:
    with run_archive(tmp_path_factory.mktemp("metadata") / "home") as running:
        enrol(running, "WS", "store", "query", "retrieve")
        answers = await carry(running.dicom, "WS", [encoded for encoded, _ in shelf.kept.values()])
        assert {answer.status for answer in answers} == {0}
        yield running


@pytest.fixture(scope="module")
def http(server: ArchiveServer) -> Iterator[httpx2.Client]:
    with web(server, token=token(server)) as client:
        yield client


@pytest.fixture(scope="module")
def client(server: ArchiveServer) -> Iterator[DICOMwebClient]:
    with requests.Session() as session:
        yield _client(server, session)


def _client(server: ArchiveServer, session: requests.Session) -> DICOMwebClient:
    session.headers["Authorization"] = f"Bearer {token(server)}"
    session.verify, session.trust_env = str(server.ca), False  # another bundle in the environment would go before it
    return DICOMwebClient(f"https://localhost:{server.https}/dicom-web", session=session)


def base(server: ArchiveServer) -> str:
    return f"https://localhost:{server.https}/dicom-web"


def uid_of(metadata: Json) -> str:
    return str(metadata["00080018"]["Value"][0])


def test_every_sample_is_described_as_its_file_says(
    server: ArchiveServer, shelf: Shelf, client: DICOMwebClient
) -> None:
    assert len(shelf.kept) > 140
    wrong = []
    for study, uids in shelf.studies.items():
        got = {uid_of(one): one for one in client.retrieve_study_metadata(study)}
        assert got.keys() == uids
        wrong += [uid for uid in uids if got[uid] != shelf.metadata(uid, base(server))]
    assert wrong == []
