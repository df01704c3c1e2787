from __future__ import annotations

import html
from dataclasses import dataclass

import pytest

from helpers.leaks import NOON
from leadglass.survey.cases.case import Case, cases_of
from leadglass.survey.cases.events import Leak, NoticeSent, OpenDoor, Opened
from leadglass.survey.cases.notice.packet import LANGUAGES, Packet, write_packet
from leadglass.survey.scope.document import Authority
from leadglass.survey.services import Service

AUTHORITY = Authority(
    organisation="Example CERT", person="the duty officer", contact="cert@example.org", reference="EX-2026-1"
)


@dataclass(frozen=True)
class Said:
    title: str
    what: str
    advice: str


def words_for(rule: str, product: str, language: str) -> Said:
    return Said(f"{rule} ({language})", "Anybody can list studies.", f"Mend {product}, please.")


def case(organisation: str = "Example Clinic", country: str = "DE") -> Case:
    opened = Opened(
        case="C-0007",
        at=NOON,
        run="r",
        address="192.0.2.7",
        rung=5,
        records=12_345,
        images=999_999,
        leaks=(
            Leak(rule="dicom-answers-strangers", product="Orthanc"),
            Leak(rule="serves-images", product="Orthanc"),
        ),
        doors=(
            OpenDoor(port=104, service=Service.DICOM, how=("C-FIND",)),
            OpenDoor(port=8042, service=Service.HTTP, uses_tls=True, how=("QIDO-RS", "WADO-RS")),
            OpenDoor(port=3306, service=Service.MYSQL, how=("MySQL",)),
        ),
        product="Orthanc",
        organisation=organisation,
        country=country,
    )
    return cases_of([opened])["C-0007"]


def packet(language: str = "en", **changed: str) -> Packet:
    return write_packet(case(**changed), AUTHORITY, words_for, language=language, now=NOON)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_where_since_when_how_to_close_and_how_to_prove(language: str) -> None:
    made = packet(language)
    for form in (made.text, html.unescape(made.html)):
        for word in (
            "192.0.2.7",
            "104, 8042, 3306",
            "2026-11-20",
            f"dicom-answers-strangers ({language})",
            "Mend Orthanc, please.",
            "echoscu -aet TEST -aec TEST 192.0.2.7 104",
            "curl -ik 'https://192.0.2.7:8042/dicom-web/studies?StudyInstanceUID=2.25.1'",
            "leadglass survey self",
            "GDPR Article 33",
            "2026-11-23 12:00 UTC",
            "C-0007",
            "Example CERT",
            "cert@example.org",
            "LG EXAMPLE.ORG, Leadglass/",
            f"{NOON:%H:%M} UTC",
        ):
            assert word in form, word
    assert f'lang="{language}"' in made.html
    assert "192.0.2.7" in made.subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_whom_to_tell_and_to_ask_stands_where_it_is_needed(language: str) -> None:
    made = packet(language)
    for form in (" ".join(made.text.split()), html.unescape(made.html)):
        assert form.count("cert@example.org") == 3  # in our name in logs, where it is to be told, and who is writing
    assert "{contact}" not in made.text + made.html


def test_numbers_as_the_language_writes_them() -> None:
    assert "at least 12,345" in packet("en").text
    assert "mindestens 12.345" in packet("de").text


def test_the_same_advice_is_given_once() -> None:
    assert packet().text.count("Mend Orthanc") == 1


def test_a_hostile_name_stays_text() -> None:
    made = packet(organisation='<script>alert("x")</script>')
    assert "<script>" not in made.html
    assert "&lt;script&gt;" in made.html


def test_a_country_without_a_clock_in_the_table_has_no_such_part() -> None:
    made = packet(country="ZZ")
    assert "What the law" not in made.html
    assert "WHAT THE LAW" not in made.text


def test_the_clock_runs_from_the_first_notice() -> None:
    told = case()
    told.take(NoticeSent(case="C-0007", at=NOON.replace(day=1), to="it@example.org"))
    made = write_packet(told, AUTHORITY, words_for, language="en", now=NOON)
    assert "due 2026-11-04 12:00 UTC" in made.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_can_carry_the_text(language: str) -> None:
    assert max(map(len, packet(language).text.splitlines())) <= 105
