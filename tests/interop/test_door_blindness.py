"""What a caller may not see answers like what does not exist: the same statuses, counts and bytes but for the ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from helpers.marked import MarkedStudy, marks_in
from helpers.marked_archive import WORKSTATION, MarkedArchive, marked_archive, store
from helpers.telling import tell
from helpers.visiting import EXPLICIT, SERVICES, Visitor, ask, identifier, visit
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CFindRq, CGetRq, CMoveRq, Request
from leadglass.dicom.upperlayer import RoleSelection

GRANTED = MarkedStudy("granted")
HIDDEN = MarkedStudy("hidden")
ABSENT = MarkedStudy("never stored")

Keys = Mapping[str, str]


def _of(study: MarkedStudy) -> dict[str, Callable[[MarkedStudy], Keys]]:
    """Ways to name (parts of) a study, some together with the granted one `study`: level → identifier keys."""
    return {
        "PATIENT one": lambda it: {"PatientID": it.patient_id},
        "STUDY one": lambda it: {"StudyInstanceUID": it.study_instance_uid},
        "STUDY list": lambda it: {"StudyInstanceUID": f"{study.study_instance_uid}\\{it.study_instance_uid}"},
        "SERIES one": lambda it: {
            "StudyInstanceUID": it.study_instance_uid,
            "SeriesInstanceUID": it.series_instance_uid,
        },
        "SERIES without study": lambda it: {"SeriesInstanceUID": it.series_instance_uid},
        "IMAGE one": lambda it: {
            "StudyInstanceUID": it.study_instance_uid,
            "SeriesInstanceUID": it.series_instance_uid,
            "SOPInstanceUID": it.images[0].sop_instance_uid,
        },
        "IMAGE list": lambda it: {"SOPInstanceUID": "\\".join(image.sop_instance_uid for image in it.images)},
    }


_ASKED_FOR = {"PatientName": "", "PatientBirthDate": "", "NumberOfStudyRelatedInstances": "", "ModalitiesInStudy": ""}


async def _transcript(here: MarkedArchive, visitor: Visitor, service: str, way: str, about: MarkedStudy) -> bytes:
    """Every byte the archive said, with the ids of `about` made anonymous."""
    level = way.split()[0]
    root = "PATIENT_ROOT" if level == "PATIENT" else "STUDY_ROOT"
    abstract_syntax = getattr(uids, f"{root}_{service}")
    keys = dict(_of(GRANTED)[way](about))
    if service == "FIND":
        keys = {**_ASKED_FOR, **keys}
    messages: dict[str, Request] = {
        "FIND": CFindRq(message_id=7, affected_sop_class_uid=abstract_syntax),
        "GET": CGetRq(message_id=7, affected_sop_class_uid=abstract_syntax),
        "MOVE": CMoveRq(message_id=7, affected_sop_class_uid=abstract_syntax, move_destination=WORKSTATION),
    }
    roles = [RoleSelection(uids.CT_IMAGE_STORAGE, scu=True, scp=True)]
    async with visit(here.server, visitor, abstract_syntax, uids.CT_IMAGE_STORAGE, roles=roles) as visiting:
        context = visiting.context(abstract_syntax)
        assert context is not None
        assert visiting.association is not None
        asked = visiting.association.responses(context, messages[service], identifier(level, **keys))
        _ = [reply async for reply in asked]
    return _anonymous(bytes(visiting.tap.heard), about)


def _anonymous(data: bytes, about: MarkedStudy) -> bytes:
    for known in sorted({*about.uids, about.patient_id.encode()}):
        data = data.replace(known, b"#" * len(known))
    return data


async def test_hidden_is_absent(tmp_path: Path) -> None:
    async with marked_archive(tmp_path / "home", GRANTED, HIDDEN) as here:
        person = await here.person("reader")
        await here.grant("user:reader", "query", "view", "download", study=GRANTED)
        device = await here.device("modality", allow="store,query,retrieve")
        await here.grant("device:modality", "query", "view", "download", study=GRANTED)
        for visitor in (person, device):
            for service in ("FIND", "GET", "MOVE"):
                for way in _of(GRANTED):
                    hidden = await _transcript(here, visitor, service, way, HIDDEN)
                    absent = await _transcript(here, visitor, service, way, ABSENT)
                    assert hidden == absent, f"{service} {way}"
                    assert not marks_in(hidden, HIDDEN.marks)
            assert await _commitment(here, visitor, HIDDEN) == await _commitment(here, visitor, ABSENT)
        assert not marks_in(here.destination.tap.said, HIDDEN.marks)
        # ... and the search would have found it: what is granted is heard, on both wires
        granted = await _transcript(here, person, "GET", "STUDY one", GRANTED)
        told = GRANTED.personal - {GRANTED.patient_id.encode()}  # which the transcript has no more
        assert set(marks_in(granted, told)) == told
        assert set(marks_in(here.destination.tap.said, GRANTED.marks)) == GRANTED.marks


async def _commitment(here: MarkedArchive, visitor: Visitor, about: MarkedStudy) -> tuple[str, bytes]:
    async with visit(here.server, visitor, SERVICES["N-ACTION"][0]) as visiting:
        answer = await ask(visiting, "N-ACTION", about, about, here.destination, WORKSTATION)
    return answer, _anonymous(bytes(visiting.tap.heard), about)


async def test_a_study_granted_for_an_hour_is_absent_before_and_after(tmp_path: Path) -> None:
    """The same association, the same question: what changes is only the grant."""
    async with marked_archive(tmp_path / "home", GRANTED, HIDDEN) as here:
        person = await here.person("reader")
        roles = [RoleSelection(uids.CT_IMAGE_STORAGE, scu=False, scp=True)]
        async with visit(here.server, person, uids.STUDY_ROOT_GET, uids.CT_IMAGE_STORAGE, roles=roles) as visiting:
            answers = []
            for grant in (False, True, False):
                if grant:
                    granted = await here.grant("user:reader", "view", study=GRANTED)
                visiting.receiver.objects.clear()
                answers.append(await ask(visiting, "C-GET", GRANTED, GRANTED, here.destination, WORKSTATION))
                if grant:
                    await tell(here.server, "grant revoke", grant_id=granted)
        assert answers == ["0 sent, 0000", "2 sent, 0000", "0 sent, 0000"]


async def test_a_stored_copy_does_not_tell_a_sender_whose_study_it_is(tmp_path: Path) -> None:
    """A sender that brings another image into a hidden study is taken at its word, and hears nothing about the rest."""
    stranger = replace(HIDDEN, size=3).images[2]
    async with marked_archive(tmp_path / "home", HIDDEN) as here:
        device = await here.device("modality", allow="store")
        async with visit(here.server, device, stranger.sop_class_uid, transfer_syntaxes=[EXPLICIT]) as visiting:
            assert await store(visiting, stranger) == 0
        assert not marks_in(visiting.tap.heard, HIDDEN.marks - {stranger.sop_instance_uid.encode()})
