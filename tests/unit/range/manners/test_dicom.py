"""Simulated DICOM products: who is let in, what is answered, what the law is told."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from helpers.dicom_words import CONTEXTS, hear, request, say
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import (
    CCancelRq,
    CEchoRq,
    CFindRq,
    CGetRq,
    CMoveRq,
    CStoreRq,
    NGetRq,
)
from leadglass.dicom.identifier import Identifier
from leadglass.dicom.upperlayer import Abort, AssociateAc, AssociateRj, ReleaseRp, ReleaseRq, encode_pdu
from leadglass.range.law import NEVER, Law
from leadglass.range.manners import dicom_products as products
from leadglass.range.manners.dicom import DicomManner, DicomSite
from leadglass.range.manners.dicom_admitting import Admitting, Rejected
from leadglass.range.manners.dicom_conduct import Conduct
from leadglass.range.manners.studies import UID_SLOT, Shelf
from leadglass.terms.evidence import UserIdentity

LEVEL, DATE, UID, IMAGES, NAME = 0x00080052, 0x00080020, 0x0020000D, 0x00201208, 0x00100010
NOBODY: Identifier = {LEVEL: "STUDY", UID: "2.25.4711"}
SHELF = Shelf(seed=5, records=2_000, images=61_234, attributes=(NAME,))
ECHO = say(CEchoRq(message_id=1))
RELEASE = encode_pdu(ReleaseRq())


def find(identifier: Identifier, message_id: int = 2) -> bytes:
    return say(CFindRq(message_id=message_id, affected_sop_class_uid=uids.STUDY_ROOT_FIND), identifier)


def get(identifier: Identifier) -> bytes:
    return say(CGetRq(message_id=3, affected_sop_class_uid=uids.STUDY_ROOT_GET), identifier)


def move(identifier: Identifier) -> bytes:
    request = CMoveRq(message_id=4, affected_sop_class_uid=uids.STUDY_ROOT_MOVE, move_destination="PROBE")
    return say(request, identifier)


def worklist(identifier: Identifier) -> bytes:
    return say(CFindRq(message_id=5, affected_sop_class_uid=uids.MODALITY_WORKLIST_FIND), identifier)


def manner_of(conduct: Conduct, law: Law | None = None, shelf: Shelf = SHELF) -> DicomManner:
    site = DicomSite(name="127.1.0.1", admitting=Admitting(conduct), shelf=shelf)
    return site(law or Law())


@pytest.mark.parametrize(
    "conduct", [products.ORTHANC, products.DCM4CHEE, products.STORESCP, products.MODALITY, products.WORKLIST]
)
def test_a_stranger_is_let_in_and_may_echo(conduct: Conduct) -> None:
    heard = hear(manner_of(conduct), [request(), ECHO, RELEASE])
    accept, released = heard.pdus
    assert isinstance(accept, AssociateAc)
    assert accept.called_ae_title.text == "RANDOM"
    assert accept.user_information.implementation_version_name == conduct.implementation_version_name
    assert isinstance(released, ReleaseRp)
    assert heard.statuses == [0]
    assert heard.hung_up


@pytest.mark.parametrize(
    ("conduct", "reason"),
    [
        (products.AE_CHECKING, (1, 1, 7)),
        (products.DCMQRSCP, (1, 1, 7)),
        (products.AE_LISTED, (1, 1, 3)),
        (products.DCM4CHEE_LISTED, (1, 1, 3)),
        (products.IDENTITY_DEMANDING, (1, 1, 1)),
    ],
)
def test_a_stranger_is_rejected(conduct: Conduct, reason: tuple[int, int, int]) -> None:
    heard = hear(manner_of(conduct), [request()])
    assert heard.pdus == [AssociateRj(*reason)]
    assert heard.hung_up


def test_the_right_titles_are_let_in() -> None:
    heard = hear(manner_of(products.DCMQRSCP), [request("MAINARCHIVE", "MAINARCHIVE"), find(NOBODY)])
    assert heard.statuses == [0]


@pytest.mark.parametrize(
    "conduct",
    [products.DCM4CHEE, products.CONQUEST, products.PYNETDICOM, products.ORTHANC_OPEN, products.DCMQRSCP_OPEN],
)
def test_who_serves_says_that_there_is_nothing_by_that_uid(conduct: Conduct) -> None:
    law = Law()
    heard = hear(manner_of(conduct, law), [request(), find(NOBODY), get(NOBODY), move(NOBODY)])
    assert heard.statuses == [0, 0, 0xA801]
    assert law.above(2) == {}
    assert law.asked[2, "C-GET by an unknown UID"] == 1


@pytest.mark.parametrize("question", [find(NOBODY), get(NOBODY), move(NOBODY), worklist({0x00080050: "A1"})])
def test_orthanc_aborts_what_its_policy_forbids(question: bytes) -> None:
    heard = hear(manner_of(products.ORTHANC), [request(), question])
    assert heard.pdus[-1] == Abort(0)
    assert heard.hung_up


def test_a_worklist_tells_that_nobody_is_on_it() -> None:
    law = Law()
    heard = hear(manner_of(products.WORKLIST, law), [request(), worklist({0x00080050: "RANDOM"})])
    assert heard.statuses == [0]
    assert law.above(2) == {}


def test_a_slice_of_time_is_counted_exactly() -> None:
    law = Law()
    manner = manner_of(products.DCM4CHEE, law)
    years = [f"{year}0101-{year}1231" for year in range(2005, 2025)]
    asked = [find({LEVEL: "STUDY", UID: "", IMAGES: "", DATE: year}) for year in years]
    heard = hear(manner, [request(), *asked])
    assert len({str(identifier[UID]) for identifier in heard.identifiers}) == len(heard.identifiers) == SHELF.records
    assert sum(int(str(identifier[IMAGES])) for identifier in heard.identifiers) == SHELF.images
    assert heard.statuses.count(0) == len(years)
    assert law.above(2) == {"C-FIND for counts": len(years)}


def test_an_answer_in_explicit_form_and_small_pieces_is_the_same() -> None:
    whole = hear(manner_of(products.DCM4CHEE), [request(), find({LEVEL: "STUDY", UID: "", DATE: "20150601"})])
    bytewise = [bytes([byte]) for byte in request() + find({LEVEL: "STUDY", UID: "", DATE: "20150601"})]
    assert hear(manner_of(products.DCM4CHEE), bytewise) == whole
    assert {str(identifier[DATE]) for identifier in whole.identifiers} == {"20150601"}


def test_a_limit_ends_an_answer() -> None:
    heard = hear(manner_of(products.LIMITED), [request(), find({LEVEL: "STUDY", UID: "", DATE: "2015-"})])
    assert heard.statuses == [0xA900]  # that is no date
    heard = hear(manner_of(products.LIMITED), [request(), find({LEVEL: "STUDY", UID: "", DATE: "20150101-"})])
    assert len(heard.identifiers) == products.LIMITED.limit
    assert heard.statuses[-1] == 0xA700


def test_a_cancel_ends_an_answer() -> None:
    manner = manner_of(products.DCM4CHEE)
    hear(manner, [request()])
    answer = iter(manner.received(find({LEVEL: "STUDY", UID: "", DATE: "20000101-"})))
    assert isinstance(next(answer), bytes)
    cancel = CCancelRq(message_id_being_responded_to=2)
    assert not _some(manner.received(say(cancel)))
    (final,) = answer
    assert isinstance(final, bytes)
    assert b"\x00\xfe" in final  # (0000,0900) FE00


def _some(actions: Iterable[object]) -> list[object]:
    return list(actions)


KNOWN = SHELF.uid_prefix + "0" * 12


@pytest.mark.parametrize(
    ("question", "level", "what"),
    [
        (find({LEVEL: "STUDY", UID: KNOWN, NAME: ""}), 4, "C-FIND for attributes"),
        (find({LEVEL: "STUDY", UID: "", NAME: "", DATE: "20150601"}), NEVER, "list of patients"),
        (find({LEVEL: "STUDY", UID: "", NAME: "*"}), NEVER, "list of patients"),
        (find({LEVEL: "PATIENT", NAME: ""}), NEVER, "list of patients"),
        (get({LEVEL: "STUDY", UID: KNOWN}), NEVER, "C-GET of images"),
        (move({LEVEL: "STUDY", UID: "2.25.*"}), NEVER, "C-MOVE of images"),
        (
            say(
                CStoreRq(
                    message_id=9, affected_sop_class_uid=uids.CT_IMAGE_STORAGE, affected_sop_instance_uid="2.25.8"
                ),
                NOBODY,
            ),
            NEVER,
            "C-STORE",
        ),
        (
            say(NGetRq(message_id=9, requested_sop_class_uid=uids.VERIFICATION, requested_sop_instance_uid="2.25.8")),
            NEVER,
            "an N-service",
        ),
    ],
)
def test_the_law_hears_what_goes_too_far(question: bytes, level: int, what: str) -> None:
    law = Law()
    hear(manner_of(products.DCM4CHEE, law), [request(), question])
    assert law.above(level - 1).keys() - law.above(level).keys() == {what}


def test_a_list_of_the_days_patients_is_never_allowed() -> None:
    law = Law()
    hear(manner_of(products.WORKLIST, law), [request(), worklist({0x00080050: "", NAME: ""})])
    assert law.above(4) == {"list of the day's patients": 1}


@pytest.mark.parametrize(
    ("conduct", "name", "answer"),
    [
        (products.IDENTITY_DEMANDING, b"RANDOM", None),
        (products.IDENTITY_DEMANDING, b"MAINARCHIVE", (False,)),
        (products.IDENTITY_ANY, b"RANDOM", (True,)),
        (products.IDENTITY_ANSWERING, b"RANDOM", (True,)),
        (products.DCM4CHEE, b"RANDOM", (False,)),
    ],
)
def test_one_user_name(conduct: Conduct, name: bytes, answer: tuple[bool] | None) -> None:
    law = Law()
    identity = UserIdentity(kind=1, primary=name, secondary=b"", response_requested=True)
    admitting = Admitting(conduct)
    for _ in range(2):  # worked out, and remembered
        (heard,) = hear(DicomSite(name="x", admitting=admitting)(law), [request(identity=identity)]).pdus
        if answer is None:
            assert heard == AssociateRj(1, 1, 1)
        else:
            assert isinstance(heard, AssociateAc)
            assert (heard.user_information.identity_response is not None,) == answer
    assert law.above(2) == {}
    assert law.asked[2, "user identity without a passcode"] == 2


def test_who_is_rejected_without_a_name_is_not_remembered_by_others() -> None:
    admitting, law = Admitting(products.IDENTITY_ANY), Law()
    shown = [UserIdentity(1, b"ONE", b""), None, UserIdentity(1, b"TWO", b"")]
    answers = [admitting.answer(request(identity=identity), law, "x") for identity in shown]
    assert answers[0] is answers[2]
    assert isinstance(answers[1], Rejected)
    assert law.above(4) == {"guessing user names": 1}


def test_a_passcode_is_a_log_in() -> None:
    law = Law()
    identity = UserIdentity(kind=2, primary=b"admin", secondary=b"admin")
    hear(manner_of(products.DCM4CHEE, law), [request(identity=identity)])
    hear(manner_of(products.DCM4CHEE, law), [request(identity=identity)])
    assert law.above(4) == {"logging in": 2}


def test_attributes_are_told_of_single_studies_and_of_no_more_than_a_hundred() -> None:
    law = Law()
    manner = manner_of(products.DCM4CHEE, law)
    studies = [f"{SHELF.uid_prefix}{number:0{UID_SLOT}d}" for number in range(101)]
    questions = [find({LEVEL: "STUDY", UID: study, NAME: "", 0x00100030: ""}) for study in studies]
    heard = hear(manner, [request(), *questions[:100]])
    assert [str(found[UID]) for found in heard.identifiers] == studies[:100]
    assert all(str(found[NAME]).startswith("EXAMPLE^PATIENT") and not found[0x00100030] for found in heard.identifiers)
    assert law.above(4) == {}
    hear(manner, questions[100:])
    assert law.above(4) == {"attributes of more than 100 studies": 1}


def test_values_are_nobodys() -> None:
    heard = hear(
        manner_of(products.DCM4CHEE), [request(), find({LEVEL: "STUDY", UID: KNOWN, NAME: "", 0x00100030: ""})]
    )
    (identifier,) = heard.identifiers
    assert str(identifier[NAME]).startswith("EXAMPLE^PATIENT")
    assert identifier[0x00100030] == ""  # not filled in on this shelf


def test_what_was_negotiated_once_serves_all() -> None:
    admitting, law = Admitting(products.DCM4CHEE), Law()
    answers = [admitting.answer(request(called), law, "x") for called in ("ONE", "OTHER", "THIRD")]
    assert answers[0] is answers[1] is answers[2]
    assert law.asked[1, "A-ASSOCIATE"] == 3


@pytest.mark.parametrize(
    "portions",
    [
        [b"GET / HTTP/1.0\r\n\r\n"],
        [b"\x16\x03\x01\x00\xc8" + b"\0" * 200],
        [request()[:76] + b"\xff\xff" + request()[78:]],
        [request(), request()],
        [ECHO],
        [request(), ECHO[:12] + b"\xff" * 20 + ECHO[32:]],
        [request(), b"\x04\x00\xff\xff\xff\xff" + b"\0" * 40],
    ],
)
def test_what_is_no_dicom_ends_in_an_abort(portions: list[bytes]) -> None:
    heard = hear(manner_of(products.DCM4CHEE), portions)
    assert isinstance(heard.pdus[-1], Abort)
    assert heard.hung_up


def test_contexts_are_told_apart() -> None:
    accept = hear(manner_of(products.STORESCP), [request()]).pdus[0]
    assert isinstance(accept, AssociateAc)
    granted = {context.presentation_context_id for context in accept.contexts if context.is_accepted}
    assert granted == {CONTEXTS[uids.VERIFICATION], CONTEXTS[uids.CT_IMAGE_STORAGE]}
