"""What a sender says about an instance must be so: statuses to the number, by a sender that lies on purpose."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, order
from helpers.porter import Encoded, bring_back, carry
from helpers.studies import CT, MR, PEOPLE, Instance, part10_of
from leadglass.dicom.part10 import split
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from leadglass.net.errors import AssociationLost

pytestmark = pytest.mark.interop

ONE = PEOPLE[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("storing") / "home") as running:
        enrol(running, "WS", "store", "query", "retrieve")
        yield running


def encoded(one: Instance, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> Encoded:
    content = part10_of(one.data_set(), syntax)
    return Encoded(one.sop_class, one.uid, syntax, content[split(content).dataset_offset :])


def stored_instances(server: ArchiveServer) -> int:
    return int(order(server, "studies")["counts"]["instances"])


async def status_of(server: ArchiveServer, *instances: Encoded, on_context: str = "") -> list[int]:
    return [answer.status for answer in await carry(server.dicom, "WS", instances, on_context=on_context)]


@pytest.mark.parametrize(
    ("sop_class", "uid", "on_context", "expected"),
    [
        (CT, f"{ONE.uid}.1", "", 0xA900),  # the data set has another SOP Instance UID
        (MR, ONE.uid, "", 0xA900),  # ... another SOP class
        (CT, ONE.uid, MR, 0x0122),  # not the class the presentation context is for
    ],
)
async def test_a_lie_is_refused(
    server: ArchiveServer, sop_class: str, uid: str, on_context: str, expected: int
) -> None:
    before = stored_instances(server)
    lie = Encoded(sop_class, uid, EXPLICIT_VR_LITTLE_ENDIAN, encoded(ONE).data_set)
    assert await status_of(server, lie, on_context=on_context) == [expected]
    assert stored_instances(server) == before


@pytest.mark.parametrize("no_uid", ["1.2..3", "../../etc/passwd", "1." * 40 + "1"])
async def test_a_name_that_is_no_uid_ends_the_association(server: ArchiveServer, no_uid: str) -> None:
    before = stored_instances(server)
    lie = Encoded(CT, no_uid, EXPLICIT_VR_LITTLE_ENDIAN, encoded(ONE).data_set)
    with pytest.raises(AssociationLost):
        await carry(server.dicom, "WS", [lie])
    assert stored_instances(server) == before


@pytest.mark.parametrize("garbage", [b"", b"garbage", bytes(1000), b"\xff" * 70_000])
async def test_what_is_no_data_set_is_refused_and_the_association_goes_on(
    server: ArchiveServer, garbage: bytes
) -> None:
    bad = Encoded(CT, f"{ONE.uid}.9", EXPLICIT_VR_LITTLE_ENDIAN, garbage)
    good = encoded(PEOPLE[1])
    refused, taken = await status_of(server, bad, good)
    assert refused in (0xA900, 0xC000)
    assert taken == 0x0000


async def test_a_data_set_cut_off_in_its_header_is_refused(server: ArchiveServer) -> None:
    whole = encoded(PEOPLE[2])
    cut = Encoded(whole.sop_class_uid, whole.sop_instance_uid, whole.transfer_syntax, whole.data_set[:150])
    assert await status_of(server, cut) in ([0xA900], [0xC000])


async def test_the_other_encoding_of_the_same_values_is_other_content(server: ArchiveServer) -> None:
    first, second = encoded(PEOPLE[5]), encoded(PEOPLE[5], IMPLICIT_VR_LITTLE_ENDIAN)
    assert await status_of(server, first, second, first) == [0x0000, 0x0111, 0x0000]
    got = await bring_back(server.dicom, "WS", [PEOPLE[5].study_uid], [first.form, second.form])
    assert got.instances == {first.sop_instance_uid: first}


async def test_two_versions_of_one_instance_at_once_leave_one(server: ArchiveServer) -> None:
    """On one association right after each other, in a study that is new: the race is in the queue to the index."""
    mine = encoded(PEOPLE[7])
    other = Encoded(*mine.form[:1], mine.sop_instance_uid, mine.transfer_syntax, mine.data_set[:-2] + b"\x01\x02")
    assert await status_of(server, mine, other, mine, other) == [0x0000, 0x0111, 0x0000, 0x0111]
    got = await bring_back(server.dicom, "WS", [PEOPLE[7].study_uid], [mine.form])
    assert got.instances == {mine.sop_instance_uid: mine}
