"""Law 6, on a running server: patient data is nowhere but inside encrypted objects and the encrypted index.

A day in the life of an archive with marked studies: stores, searches, retrievals, duplicates, broken objects, refused
callers, aborted transfers, commitments, a deletion, a restart after SIGKILL. Then everything it said and every byte it
keeps is searched for the marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from helpers.archive_server import ArchiveServer, run_archive
from helpers.attacks import associate, attacker, pdv
from helpers.marked import MarkedStudy, marks_in
from helpers.marked_archive import PASSCODE, WORKSTATION, MarkedArchive, marked_archive, store
from helpers.requests import message_bytes
from helpers.samples import explicit
from helpers.telling import tell
from helpers.visiting import EXPLICIT, SERVICES, Visit, Visitor, ask, visit
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CStoreRq
from leadglass.dicom.upperlayer import RoleSelection
from leadglass.terms.evidence import UserIdentity

FIRST = MarkedStudy("first", size=3)
SECOND = MarkedStudy("second")
BROKEN = MarkedStudy("broken")
HALF = MarkedStudy("half sent")
STUDIES = (FIRST, SECOND, BROKEN, HALF)
CT = uids.CT_IMAGE_STORAGE


async def test_no_mark_leaves_the_encryption(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with marked_archive(home, FIRST, SECOND) as here:
        await _a_day(here)
        here.server.kill()  # what is on disk now is what a thief finds, write-ahead log and all
        _search(home, "after SIGKILL")
    with run_archive(home) as server:
        await tell(server, "study delete", study_instance_uid=SECOND.study_instance_uid)
        by_patient = ("ledger", "show", "--patient", FIRST.patient_id)
        for words in (("studies",), ("ledger", "show"), by_patient, ("store", "check")):
            assert not marks_in(server.command(*words).stdout.encode(), _personal()), words
    _search(home, "after a restart and a deletion")
    log = (tmp_path / "home.log").read_bytes()
    assert len(log) > 200
    assert not marks_in(log, _personal())
    assert PASSCODE.encode() not in log


async def _a_day(here: MarkedArchive) -> None:
    """Every service, and every kind of trouble that has patient data near it."""
    server = here.server
    person = await here.person("reader")
    await here.grant("user:reader", "query", "view", "download", study=FIRST)
    device = await here.device("modality", allow="store,query,retrieve")
    stranger = Visitor("STRANGER")
    for visitor in (person, device, stranger, replace(stranger, identity=UserIdentity(2, b"reader", b"wrong"))):
        for service, (abstract_syntax, taken) in SERVICES.items():
            roles = [RoleSelection(one, scu=False, scp=True) for one in taken]
            async with visit(server, visitor, abstract_syntax, *taken, roles=roles) as visiting:
                for study in (FIRST, SECOND):
                    visiting.receiver.objects.clear()
                    visiting.receiver.events.clear()
                    visiting.receiver.heard_event.clear()
                    await ask(visiting, service, study, study, here.destination, WORKSTATION)
    async with visit(server, device, CT) as visiting:
        await _troubles(visiting)
    await here.weak_device("attacker")
    await _half_sent(server)


async def _troubles(storing: Visit) -> None:
    """Duplicates, conflicts and broken objects: each is refused with a comment, none of which may quote it."""
    assert storing.association is not None
    context = storing.context(CT)
    assert context is not None
    good, known = BROKEN.images[0].data_set(), FIRST.images[0].data_set()
    name = explicit(0x00100010, "PN", BROKEN.patient_name.encode() + b" ")
    uid = BROKEN.images[0].sop_instance_uid
    broken = {
        "another patient's study": known.replace(FIRST.patient_id.encode(), BROKEN.patient_id.encode()),
        "another content": known.replace(FIRST.pixel_mark, BROKEN.pixel_mark),
        "no study UID": good.replace(BROKEN.study_instance_uid.encode(), b" " * len(BROKEN.study_instance_uid)),
        "cut": good[:-200],
        "no element": good[:300] + b"\xff" * 50,
        "a name as a UID": explicit(0x00080018, "UI", BROKEN.patient_name.encode()) + good,
        "a name out of order": good + name,
        "a name too long": name.replace(b"PN", b"UT") * 3 + good,
    }
    for number, data_set in enumerate(broken.values()):
        said = FIRST.images[0].sop_instance_uid if number < 2 else uid
        message = CStoreRq(message_id=number + 1, affected_sop_class_uid=CT, affected_sop_instance_uid=said)
        response = await storing.association.request(context, message, data_set)
        assert response.status in (0x0000, 0x0111, 0xA900, 0xC000)
    assert not marks_in(storing.tap.heard, {*BROKEN.personal, *FIRST.personal})  # nor may an error comment
    assert await store(storing, FIRST.images[0]) == 0  # the same again


async def _half_sent(server: ArchiveServer) -> None:
    """A connection lost in the middle of an image, and one that puts a name where a UID belongs."""
    image = HALF.images[0]
    message = CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid=image.sop_instance_uid)
    begun = message_bytes(1, message, b"")[: -len(pdv(1, 2, b""))]
    async with attacker(server) as peer:
        await associate(peer, CT, transfer_syntax=EXPLICIT)
        await peer.send(begun + pdv(1, 0, image.data_set()))
    wrong = replace(message, affected_sop_instance_uid=HALF.patient_name)
    async with attacker(server) as peer:
        await associate(peer, CT, transfer_syntax=EXPLICIT)
        await peer.send(message_bytes(1, wrong, image.data_set()))
        await peer.read_pdu()


def _personal() -> set[bytes]:
    return {mark for study in STUDIES for mark in study.personal}


def _search(home: Path, when: str) -> None:
    """No mark of a person in any file or file name; UIDs of studies only in the ledger, which names studies by them."""
    everything = {mark for study in STUDIES for mark in study.marks}
    searched = 0
    for path in _files(home):
        assert not marks_in(str(path.relative_to(home)).encode(), everything), f"{when}: the name of {path.name}"
        data = path.read_bytes()
        searched += len(data)
        in_ledger = "ledger" in path.relative_to(home).parts
        found = marks_in(data, _personal() if in_ledger else everything)
        assert not found, f"{when}: {path.relative_to(home)} holds {found}"
    assert searched > 100_000


def _files(home: Path) -> Iterator[Path]:
    return (path for path in sorted(home.rglob("*")) if path.is_file())
