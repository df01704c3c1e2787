"""Invariant: counts are exact whatever limit a peer has, end at the cap, and are the same again from the evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest

from helpers.surveying import CALLER, Played, local, play_in_memory, replay
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.dimse.messages import CFindRsp
from leadglass.dicom.identifier import encode_identifier
from leadglass.dicom.upperlayer import AssociateAc, AssociateRq, ContextResult, UserInformation, decode_pdu, encode_pdu
from leadglass.net.conversing import Ending
from leadglass.range.law import Law
from leadglass.range.manners.dicom import DicomSite
from leadglass.range.manners.dicom_admitting import Admitting
from leadglass.range.manners.dicom_products import CONQUEST, LIMITED
from leadglass.range.manners.studies import Shelf
from leadglass.survey.level import Level
from leadglass.survey.probes import dicom_counting
from leadglass.survey.probes.dicom import dicom
from leadglass.survey.probes.dicom_association import ABORT, AssociationTalk
from leadglass.survey.probes.dicom_count import Count
from leadglass.survey.probes.dicom_counting import CountTalk
from leadglass.survey.probes.dicom_presence import PresenceTalk, filled_in
from leadglass.survey.probes.dicom_slices import FIRST

NAME, BIRTH_DATE, PHYSICIAN = 0x00100010, 0x00100030, 0x00080090
T = TypeVar("T", bound=AssociationTalk)
SHELF = Shelf(seed=7, records=12_345, images=99_999, attributes=(NAME, BIRTH_DATE))
EVERYTHING = (NAME, BIRTH_DATE, PHYSICIAN, 0x00100020, 0x00100040, 0x00101000, 0x00101040, 0x00102154, 0x00104000)
IMPLICIT = "1.2.840.10008.1.2"


def counted(
    conduct: object, *, portion: int = 1 << 16, shelf: Shelf = SHELF, samples_cap: int = 10, **caps: int
) -> tuple[Played, Law]:
    law = Law()
    site = DicomSite(name="it", admitting=Admitting(conduct), shelf=shelf)  # type: ignore[arg-type]
    whom = replace(local(104, Level.KINDS, **caps), samples_cap=samples_cap)
    played = play_in_memory(dicom, whom, site, law, portion)
    assert law.above(Level.KINDS) == {}
    assert replay(dicom, played, whom) == played.sighting
    return played, law


@pytest.mark.parametrize("conduct", [CONQUEST, LIMITED], ids=["without a limit", "no more than 500"])
@pytest.mark.parametrize("portion", [1 << 16, 99])
def test_counts_are_exact(conduct: object, portion: int) -> None:
    played, _ = counted(conduct, portion=portion)
    counts = played.sighting.counts
    assert counts is not None
    assert (counts.records, counts.images, counts.is_at_least) == (SHELF.records, SHELF.images, False)
    assert played.sighting.kinds == ("birth date", "name")


def test_a_count_over_several_associations_is_replayed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_counting, "MAX_RECORDS_PER_ASSOCIATION", 3000)
    played, _ = counted(CONQUEST)
    tallies = [call.talk.tally for call, _, _ in played.calls if call.talk.kind == "dicom count"]
    assert len(tallies) > 2
    assert len({str(tally) for tally in tallies}) == len(tallies)


@pytest.mark.parametrize(
    ("conduct", "records", "undated", "expected", "is_told"),
    [
        (CONQUEST, 900, 250, 900, True),
        (CONQUEST, 77, 77, 77, True),
        (CONQUEST, 1_503, 503, 1_503, True),
        (CONQUEST, 1_500, 400, 1_100, False),  # too many with a date to be asked for twice
        (LIMITED, 490, 9, 490, True),
        (LIMITED, 700, 0, 700, False),  # stops at 500 answers: nobody knows what it keeps back
    ],
)
def test_few_studies_are_asked_for_without_a_date_too(
    conduct: object, records: int, undated: int, expected: int, is_told: bool
) -> None:
    played, _ = counted(conduct, shelf=replace(SHELF, records=records, undated=undated))
    counts = played.sighting.counts
    assert counts is not None
    assert (counts.records, counts.is_at_least) == (expected, False)
    assert counts.how.endswith("once without") is is_told


def test_those_without_a_date_of_whom_some_may_be_kept_back_are_the_least_there_are() -> None:
    played, _ = counted(LIMITED, shelf=replace(SHELF, records=700, undated=600))
    counts = played.sighting.counts
    assert counts is not None
    assert counts.records is not None
    assert (counts.records <= 600, counts.is_at_least) == (True, True)


def test_the_cap_holds_for_those_without_a_date() -> None:
    played, _ = counted(CONQUEST, shelf=replace(SHELF, records=700, undated=600), records_cap=300)
    counts = played.sighting.counts
    assert counts is not None
    assert (counts.records, counts.is_at_least) == (300, True)


def test_it_ends_at_the_cap() -> None:
    played, _ = counted(CONQUEST, records_cap=1000)
    counts = played.sighting.counts
    assert counts is not None
    assert (counts.records, counts.is_at_least) == (1000, True)


@pytest.mark.parametrize("conduct", [CONQUEST, LIMITED], ids=["without a limit", "no more than 500"])
@pytest.mark.parametrize(("cap", "expected"), [(1, 1), (10, 10), (100, 100)])
def test_no_more_patients_cross_the_wire_than_the_cap(conduct: object, cap: int, expected: int) -> None:
    shelf = replace(SHELF, attributes=EVERYTHING)
    played, law = counted(conduct, shelf=shelf, samples_cap=cap)
    assert played.heard.count(b"EXAMPLE^PATIENT") == expected
    (asked,) = [call.talk for call, _, _ in played.calls if call.talk.kind == "dicom presence"]
    assert asked.tally is not None
    assert asked.tally["looked_at"] == expected
    assert law.asked[4, "C-FIND for attributes"] == expected
    assert played.calls[-1][1].ending is Ending.OVER
    kept = repr([call.talk.tally or call.talk.kept(said) for call, _, said in played.calls])
    assert "EXAMPLE" not in kept
    assert shelf.uid_prefix not in kept


def test_fewer_than_the_cap_are_all_looked_at() -> None:
    shelf = Shelf(seed=8, records=3, images=9, attributes=EVERYTHING)
    played, _ = counted(CONQUEST, shelf=shelf)
    assert played.heard.count(b"EXAMPLE^PATIENT") == 3
    assert {"name", "birth date", "patient id", "sex", "contact", "physician"} <= set(played.sighting.kinds)


def test_below_level_4_no_uid_is_kept() -> None:
    count = Count(b"key", 1000)
    count.add(b"1.2.3", b"1")
    assert count.take_chosen() == ()


def test_the_samples_are_a_fair_choice_and_forgotten_when_taken() -> None:
    chosen: list[int] = []
    for key in range(50):
        count = Count(b"key %d" % key, 10_000, samples=10)
        for number in range(1000):
            count.add(b"1.2.%d\0" % number, None)
            count.add(b"1.2.%d" % number, None)  # once more
        assert count.tally["chosen"] == 10
        some = count.take_chosen()
        assert len(set(some)) == 10
        assert count.take_chosen() == ()
        assert "1.2." not in repr(count)
        chosen += [int(uid.removeprefix("1.2.")) for uid in some]
    assert 350 < sum(chosen) / len(chosen) < 650
    assert len({number // 100 for number in chosen}) == 10


@pytest.mark.parametrize("uid", [b"*", b"1.2.*", b"1.2\\1.3", b"", b"1.2?", b"1" * 65, b"2.25.\xc3\xa4"])
def test_what_is_no_uid_is_not_asked_for(uid: bytes) -> None:
    count = Count(b"key", 1000, samples=10)
    count.add(uid, b"1")
    assert (count.records, count.take_chosen()) == (1, ())


def test_below_level_3_nothing_is_counted() -> None:
    law = Law()
    site = DicomSite(name="it", admitting=Admitting(CONQUEST), shelf=SHELF)
    played = play_in_memory(dicom, local(104, Level.ACCESS), site, law)
    assert played.sighting.counts is None
    assert law.above(Level.ACCESS) == {}


def answers(keys: list[dict[int, str]], *, together: bool = False) -> bytes:
    command = encode_command(CFindRsp(message_id_being_responded_to=1, status=0xFF00, has_data_set=True))
    parts = []
    for values in keys:
        pdus = b"".join(frame_message(1, command, encode_identifier(values, IMPLICIT), 16384))
        if together:  # both values in one PDU
            length = int.from_bytes(pdus[2:6], "big")
            body = pdus[6 : 6 + length] + pdus[12 + length :]
            pdus = pdus[:2] + len(body).to_bytes(4, "big") + body
        parts.append(pdus)
    done = encode_command(CFindRsp(message_id_being_responded_to=1, status=0))
    return b"".join(parts) + b"".join(frame_message(1, done, None, 16384))


def begun() -> CountTalk:
    return associated(CountTalk("X", CALLER, Count(b"key", 1000)))


def associated(talk: T) -> T:
    request = decode_pdu(talk.begin())
    assert isinstance(request, AssociateRq)
    result = (ContextResult(1, 0, IMPLICIT),)
    accept = AssociateAc(request.called_ae_title, request.calling_ae_title, result, UserInformation(16384, "1.2"))
    talk.receive(encode_pdu(accept))
    return talk


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("portion", [1, 50, 1 << 16])
def test_answers_of_all_shapes_are_counted_once_each(together: bool, portion: int) -> None:
    talk = begun()
    keys = [{0x00080020: "20200101", 0x0020000D: f"1.2.{n % 40}", 0x00201208: str(n % 40)} for n in range(60)]
    keys += [{0x0020000D: "1.3.1"}, {0x0020000D: "1.3.2", 0x00201208: ""}, {0x0020000D: "1.3.3", 0x00201208: "many"}]
    heard = answers(keys, together=together)
    for at in range(0, len(heard), portion):
        talk.receive(heard[at : at + portion])
    assert (talk.count.records, talk.count.images) == (43, sum(range(40)))
    assert "1.3.2" not in repr(talk.tally)


def test_a_peer_whose_dates_mean_nothing_is_not_asked_for_ever() -> None:
    talk = begun()
    heard = answers([{0x0020000D: f"1.2.{n}"} for n in range(50)])
    for _ in FIRST:
        talk.receive(heard)
    assert talk.count.records == 50
    assert not talk.count.pending


def test_nor_one_that_cuts_every_answer_off_as_well() -> None:
    talk = begun()
    heard = answers([{0x0020000D: f"1.2.{n}"} for n in range(100)])
    for _ in range(14):
        talk.receive(heard)
    assert talk.count.records == 100
    assert not talk.count.pending


def test_what_was_published_or_put_out_as_bait_is_known() -> None:
    talk = begun()
    keys = [{0x0020000D: f"1.3.6.1.4.1.14519.5.2.1.{n}"} for n in range(3)]
    talk.receive(answers([*keys, {0x0020000D: "1.3.6.1.4.1.53684.1.1.2.1098940923.2240.1611872054.34565"}]))
    assert talk.count.published == 3
    assert talk.count.holds_a_honeypots_study


def test_presence_is_all_that_is_learnt() -> None:
    told = encode_identifier({NAME: "^^", BIRTH_DATE: "19700101", PHYSICIAN: " "}, IMPLICIT)
    assert filled_in(told) == (frozenset({"PatientBirthDate"}), False)
    assert filled_in(encode_identifier({0x00120062: "YES"}, IMPLICIT)) == (frozenset(), True)
    assert filled_in(b"\x10\x00\x10\x00\xff\xff") == (frozenset(), False)


def test_who_answers_more_than_one_study_is_cut_off_at_once() -> None:
    talk = associated(PresenceTalk("X", CALLER, ("1.2.1", "1.2.2")))
    heard = answers([{0x0020000D: "1.2.1", BIRTH_DATE: "19700101"}, {0x0020000D: "1.2.7", NAME: "MARK"}])
    assert talk.receive(heard).endswith(ABORT)
    assert talk.is_over
    assert talk.tally == {"present": "PatientBirthDate", "is_deidentified": False, "looked_at": 1}


def test_an_answer_without_end_is_not_kept() -> None:
    talk = associated(PresenceTalk("X", CALLER, ("1.2.1",)))
    talk.receive(answers([{NAME: "MARK" * 3}])[:-40])
    talk.hung_up()
    assert b"MARK" not in repr(vars(talk)).encode()


def test_a_message_nobody_asked_for_is_a_violation() -> None:
    talk = associated(PresenceTalk("X", CALLER, ()))
    assert talk.receive(answers([{NAME: "MARK"}])).endswith(ABORT)
    assert talk.fault
    assert talk.present == frozenset()
