from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from helpers.leaks import CLOSED_TRIES, NOON, observation, system
from helpers.sightings import handshake
from leadglass.net.conversing import Ending
from leadglass.survey.cases.case import Case, CaseState, cases_of
from leadglass.survey.cases.events import (
    Closed,
    Dismissed,
    Event,
    Leak,
    Moved,
    NoticeSent,
    OpenDoor,
    Opened,
    OwnerFound,
    Reopened,
    Seen,
    Unanswered,
)
from leadglass.survey.cases.following import Look, follow
from leadglass.survey.finding import Confidence, Finding, Reality, Severity
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Try, Verdict
from leadglass.survey.services import Service
from leadglass.survey.system import System
from leadglass.survey.target import Place

HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


def look(
    day: int = 0,
    level: Level = Level.ACCESS,
    covers: Callable[[str, Sequence[int]], bool] = lambda address, ports: True,
    absence: Ending = Ending.REFUSED,
) -> Look:
    at = NOON + timedelta(days=day)
    return Look(run=f"run {day}", began=at, at=at, level=level, covers=covers, absence=lambda address: {11112: absence})


def finding(address: str, reality: Reality = Reality.REAL) -> Finding:
    return Finding(
        rule="dicom-answers-strangers",
        address=address,
        port=11112,
        severity=Severity.CRITICAL,
        confidence=Confidence(reality=reality, reasons=()),
        title="",
        what="",
        advice="",
        observations=(1,),
        evidence=(),
    )


def followed(*runs: tuple[Look, Sequence[System]]) -> tuple[list[Event], dict[str, Case]]:
    """The events of the last run, and the cases after it."""
    events: list[Event] = []
    new: list[Event] = []
    for run, systems in runs:
        new = follow(cases_of(events), run, systems, [finding(s.address) for s in systems])
        events += new
    return new, cases_of(events)


def kinds(events: Sequence[Event]) -> list[type]:
    """Of the events, but for who may be the owner."""
    return [type(event) for event in events if not isinstance(event, OwnerFound)]


def test_a_leak_nobody_knew_opens_a_case() -> None:
    events, cases = followed((look(), [system(HOME, records=500, images=9000)]))
    assert kinds(events) == [Opened]
    case = cases["C-0001"]
    assert (case.address, case.opened.organisation, case.opened.country) == (HOME, "Example Clinic", "DE")
    assert (case.last_seen.records, case.last_seen.images, case.last_seen.ports) == (500, 9000, (11112,))
    assert case.last_seen.leaks == (Leak(rule="dicom-answers-strangers", product="Orthanc"),)
    assert case.last_seen.doors == (
        OpenDoor(port=11112, service=Service.DICOM, how=("A-ASSOCIATE", "C-FIND", "C-GET")),
    )
    assert case.last_seen.evidence
    assert [(owner.source, owner.name) for owner in case.owners] == [("scope", "Example Clinic")]


def test_a_closed_door_opens_none() -> None:
    events, _ = followed((look(), [system(HOME, tries=CLOSED_TRIES)]))
    assert events == []


def test_a_honeypot_is_no_case() -> None:
    assert follow({}, look(), [system(HOME)], [finding(HOME, Reality.HONEYPOT)]) == []


def test_still_open() -> None:
    events, cases = followed((look(), [system(HOME)]), (look(30), [system(HOME)]))
    assert kinds(events) == [Seen]
    assert len(cases) == 1
    assert cases["C-0001"].days_open == 30


def test_what_was_not_counted_is_not_nothing() -> None:
    _, cases = followed((look(), [system(HOME)]))
    assert cases["C-0001"].last_seen.records is None


@pytest.mark.parametrize(
    ("absence", "others", "kind"),
    [
        (Ending.REFUSED, False, Closed),
        (Ending.SILENT, True, Closed),
        (Ending.SILENT, False, Unanswered),
        (Ending.UNREACHABLE, True, Unanswered),
        (Ending.UNREACHABLE, False, Unanswered),
    ],
)
def test_silence_that_may_be_our_own_closes_nothing(absence: Ending, others: bool, kind: type) -> None:
    beside = [system(ELSEWHERE, tries=CLOSED_TRIES)] if others else []
    events, cases = followed((look(), [system(HOME)]), (look(1, absence=absence), beside))
    assert kinds(events) == [kind]
    assert (cases["C-0001"].state is CaseState.CLOSED) == (kind is Closed)


def test_a_silence_that_lasts_closes() -> None:
    silent = [(look(day, absence=Ending.SILENT), list[System]()) for day in (1, 1, 2)]
    events, _ = followed((look(), [system(HOME)]), *silent[:2])
    assert kinds(events) == [Unanswered]
    events, cases = followed((look(), [system(HOME)]), *silent)
    assert kinds(events) == [Closed]
    assert cases["C-0001"].state is CaseState.CLOSED


def test_a_silence_that_was_broken_begins_anew() -> None:
    quiet, again = look(1, absence=Ending.SILENT), look(4, absence=Ending.SILENT)
    events, _ = followed((look(), [system(HOME)]), (quiet, []), (look(3), [system(HOME)]), (again, []))
    assert kinds(events) == [Unanswered]


def test_gone_is_closed() -> None:
    events, cases = followed((look(), [system(HOME)]), (look(12), []))
    assert kinds(events) == [Closed]
    assert cases["C-0001"].state is CaseState.CLOSED
    assert cases["C-0001"].days_open == 12


def test_a_door_that_refuses_now_is_closed_with_its_evidence() -> None:
    events, _ = followed((look(), [system(HOME)]), (look(1), [system(HOME, tries=CLOSED_TRIES)]))
    assert kinds(events) == [Closed]
    assert isinstance(events[0], Closed)
    assert events[0].evidence


@pytest.mark.parametrize(
    "run",
    [look(1, level=Level.PRESENCE), look(1, covers=lambda address, ports: False)],
    ids=["a run that did not ask", "a run that did not look there"],
)
def test_nothing_is_closed_by(run: Look) -> None:
    events, cases = followed((look(), [system(HOME)]), (run, []))
    assert events == []
    assert cases["C-0001"].state is CaseState.OPEN


def test_an_unclear_answer_closes_nothing() -> None:
    unclear = (*CLOSED_TRIES, Try(act=Act.QUERY, how="C-FIND", verdict=Verdict.UNCLEAR, code="0xC000"))
    events, _ = followed((look(), [system(HOME)]), (look(1), [system(HOME, tries=unclear)]))
    assert events == []


@pytest.mark.parametrize("first", [104, 11112])
def test_one_door_that_says_neither_is_enough_to_close_nothing(first: int) -> None:
    """In whichever order the doors were seen; the leak was at 11112."""
    unclear = (*CLOSED_TRIES, Try(act=Act.QUERY, how="C-FIND", verdict=Verdict.UNCLEAR, code="0xC000"))
    doors = [observation(HOME, port=104, tries=unclear), observation(HOME, port=11112, tries=CLOSED_TRIES)]
    doors.sort(key=lambda door: door.target.port != first)
    events, _ = followed((look(), [system(HOME)]), (look(1), [System(HOME, tuple(doors))]))
    assert events == []


SPOKEN = Try(act=Act.SPEAK, how="A-ASSOCIATE", verdict=Verdict.OPEN)
MUTE = Try(act=Act.SPEAK, how="A-ASSOCIATE", verdict=Verdict.UNCLEAR, code="stalled")
BUSY = Try(act=Act.ENTER, how="A-ASSOCIATE", verdict=Verdict.UNCLEAR, code="rejected 2/3/2")
TLS_ONLY = Try(act=Act.SPEAK, how="A-ASSOCIATE", verdict=Verdict.NOT_OFFERED, code="TLS")


@pytest.mark.parametrize(
    "seen",
    [
        system(HOME, tries=(MUTE,)),
        system(HOME, tries=(SPOKEN, BUSY)),
        system(HOME, tries=(TLS_ONLY,), speaks_tls=True, handshakes=(handshake(demands_client_certificate=None),)),
        system(HOME, tries=(), ending=Ending.RESET),
        system(HOME, service=Service.HTTP, tries=(SPOKEN, replace(BUSY, how="landing page", code="503"))),
    ],
    ids=["it hangs", "it is full for now", "TLS went in front, and nobody got to ask", "it breaks off", "in trouble"],
)
def test_a_door_that_says_neither_closes_nothing(seen: System) -> None:
    events, cases = followed((look(), [system(HOME)]), (look(1), [seen]))
    assert events == []
    assert cases["C-0001"].state is CaseState.OPEN


@pytest.mark.parametrize(
    "seen",
    [
        system(HOME, tries=(TLS_ONLY,), speaks_tls=True, handshakes=(handshake(demands_client_certificate=True),)),
        system(HOME, tries=(replace(TLS_ONLY, code="HTTP"),), speaks_tls=False),
    ],
    ids=["it wants a certificate", "something else stands there"],
)
def test_a_door_that_wants_somebody_else_closes(seen: System) -> None:
    events, _ = followed((look(), [system(HOME)]), (look(1), [seen]))
    assert kinds(events) == [Closed]


def test_another_door_does_not_speak_for_the_one_that_stood_open() -> None:
    web = system(HOME, port=80, service=Service.HTTP, tries=(Try(act=Act.SPEAK, how="x", verdict=Verdict.OPEN),))
    events, _ = followed((look(), [system(HOME)]), (look(1, absence=Ending.UNREACHABLE), [web]))
    assert kinds(events) == [Unanswered]
    events, _ = followed((look(), [system(HOME)]), (look(1, absence=Ending.SILENT), [web]))
    assert isinstance(events[0], Closed)
    assert events[0].because == "nothing answers there any more; others were reached"


def test_what_turns_out_to_be_a_trap_is_not_said_to_be_closed() -> None:
    cases = cases_of(follow({}, look(), [system(HOME)], []))
    assert follow(cases, look(1), [system(HOME)], [finding(HOME, Reality.HONEYPOT)]) == []


@pytest.mark.parametrize("systems", [[system(HOME)], []], ids=["open then", "gone then"])
def test_an_older_run_that_is_taken_in_later_says_nothing_new(systems: list[System]) -> None:
    for newer in ([system(HOME)], list[System]()):
        events, _ = followed((look(), [system(HOME)]), (look(9), newer), (look(5), systems))
        assert events == []


def test_an_older_run_does_not_bring_back_a_case_that_has_moved() -> None:
    shown = (handshake(),)
    events, cases = followed(
        (look(), [system(HOME, handshakes=shown)]),
        (look(9), [system(ELSEWHERE, handshakes=shown)]),
        (look(5), [system(HOME, handshakes=shown)]),
    )
    assert events == []
    assert len(cases) == 1


def test_who_leaks_again_is_told_again() -> None:
    events, _ = followed((look(), [system(HOME)]))
    told = [*events, NoticeSent(case="C-0001", at=NOON + timedelta(hours=1), to="it@example.org")]
    assert cases_of(told)["C-0001"].noticed_at == NOON + timedelta(hours=1)
    told += follow(cases_of(told), look(1), [], [])
    told += follow(cases_of(told), look(30), [system(HOME)], [])
    assert cases_of(told)["C-0001"].noticed_at is None
    told.append(NoticeSent(case="C-0001", at=NOON + timedelta(days=31), to="it@example.org"))
    assert cases_of(told)["C-0001"].noticed_at == NOON + timedelta(days=31)


def test_opened_again() -> None:
    events, cases = followed((look(), [system(HOME)]), (look(1), []), (look(2), [system(HOME)]))
    assert kinds(events) == [Reopened]
    assert cases["C-0001"].state is CaseState.OPEN
    assert cases["C-0001"].times_reopened == 1


@pytest.mark.parametrize("closed_between", [True, False])
def test_the_same_archive_at_a_new_address_is_the_same_case(closed_between: bool) -> None:
    shown = (handshake(),)
    runs = [(look(), [system(HOME, handshakes=shown)])]
    if closed_between:
        runs.append((look(1), []))
    events, cases = followed(*runs, (look(2), [system(ELSEWHERE, handshakes=shown)]))
    assert kinds(events) == [Moved]
    assert cases["C-0001"].address == ELSEWHERE
    assert cases["C-0001"].addresses == [HOME, ELSEWHERE]
    assert cases["C-0001"].state is CaseState.OPEN


def test_two_leaks_with_one_certificate_are_two_cases() -> None:
    shown = (handshake(),)
    here, there = system(HOME, handshakes=shown), system(ELSEWHERE, handshakes=shown)
    events, cases = followed((look(), [here]), (look(1), [here, there]))
    assert kinds(events) == [Seen, Opened]
    assert len(cases) == 2


def test_a_certificate_that_several_show_proves_no_move() -> None:
    shown = (handshake(),)
    events, cases = followed(
        (look(), [system(HOME, handshakes=shown)]),
        (look(1), [system(ELSEWHERE, handshakes=shown), system("203.0.113.5", handshakes=shown)]),
    )
    assert kinds(events) == [Opened, Opened, Closed]
    assert cases["C-0001"].state is CaseState.CLOSED


def test_a_certificate_that_one_who_stays_shows_too_proves_no_move() -> None:
    shown = (handshake(),)
    stays = system("203.0.113.5", handshakes=shown)
    events, cases = followed(
        (look(), [system(HOME, handshakes=shown), stays]), (look(1), [system(ELSEWHERE, handshakes=shown), stays])
    )
    assert kinds(events) == [Opened, Seen, Closed]
    assert cases["C-0001"].state is CaseState.CLOSED


def test_without_a_look_at_the_old_address_nothing_has_moved() -> None:
    shown = (handshake(),)
    events, _ = followed(
        (look(), [system(HOME, handshakes=shown)]),
        (look(1, covers=lambda address, ports: address == ELSEWHERE), [system(ELSEWHERE, handshakes=shown)]),
    )
    assert kinds(events) == [Opened]


def test_what_a_person_dismissed_stays_dismissed() -> None:
    events = follow({}, look(), [system(HOME)], [])
    cases = cases_of([*events, Dismissed(case="C-0001", at=NOON, because="our own test archive")])
    assert follow(cases, look(1), [system(HOME)], []) == []


def test_what_was_not_there_when_it_was_dismissed_was_not_judged() -> None:
    home, dismissed = system(HOME), Dismissed(case="C-0001", at=NOON, because="our own test archive")
    first = follow({}, look(), [home], [])
    (seen,) = home.observations
    other_port = replace(seen, number=2, target=replace(seen.target, port=104))
    new_door = replace(home, observations=(seen, other_port))
    for systems, findings in (([new_door], []), ([home], [finding(HOME)])):
        cases = cases_of([*first, dismissed])
        again = follow(cases, look(1), systems, findings)
        assert kinds(again) == [Reopened]
        assert cases_of([*first, dismissed, *again])["C-0001"].state is CaseState.OPEN
        assert kinds(follow(cases_of([*first, dismissed, *again]), look(2), systems, findings)) == [Seen]


def test_ids_go_on_counting() -> None:
    other = replace(system(ELSEWHERE), observations=system(ELSEWHERE, place=Place()).observations)
    _, cases = followed((look(), [system(HOME)]), (look(1), [system(HOME), other]))
    assert list(cases) == ["C-0001", "C-0002"]
