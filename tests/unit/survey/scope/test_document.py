"""The scope file: what is read, and what is refused with words."""

from __future__ import annotations

import pytest

from helpers.scopes import HEAD, NETWORK, scope_text
from leadglass.survey.scope import read_scope
from leadglass.survey.services import DEFAULT_PORTS, Service
from leadglass.terms.ceilings import MAX_SCOPE, MAX_SCOPE_BLOCKS
from leadglass.terms.errors import UserFault

QUIET = '[[quiet]]\ndays = ["Mon"]\nfrom = "07:00"\nuntil = "18:00"\nzone = "UTC"\n'


def refused(text: str | bytes) -> str:
    with pytest.raises(UserFault) as caught:
        read_scope(text if isinstance(text, bytes) else text.encode(), "scope.toml")
    assert caught.value.advice
    return str(caught.value)


def test_what_is_left_out_has_gentle_defaults() -> None:
    scope = read_scope(scope_text().encode())
    assert scope.rates.per_host.associations_per_second <= 5
    assert scope.caps.samples_per_system <= 10
    assert scope.ports_of(Service.DICOM) == DEFAULT_PORTS[Service.DICOM]
    assert scope.authority.organisation == "Example Clinic"


def test_ports_of_a_service_can_be_set() -> None:
    scope = read_scope(scope_text(NETWORK, "[ports]\ndicom = [10104]\n").encode())
    assert scope.ports_of(Service.DICOM) == (10104,)
    assert scope.ports_of(Service.HTTP) == DEFAULT_PORTS[Service.HTTP]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("valid_from = \n", "line 1"),
        (scope_text().replace("level = 2", "level = 5"), "network 1.level: it should be a whole number of at most 4"),
        (scope_text().replace("level = 2", "lvl = 2"), "network 1: it has an unknown field `lvl`"),
        (scope_text().replace("level = 2", ""), "network 1: it lacks the field `level`"),
        (scope_text().replace('"Example Clinic"', '""', 1), "authority.organisation: it is empty"),
        (scope_text().replace('"Head of IT"', '"  "', 1), "authority.person: it is empty"),
        (scope_text().replace("security@radiology.example.org", "ask me"), "contact: it is neither a mail address"),
        (
            scope_text().replace("security@radiology.example.org", "a@b\\r\\nX: y"),
            "contact: it is neither a mail address",
        ),
        (
            scope_text().replace("security@radiology.example.org", "a@b.example\\n"),
            "contact: it is neither a mail address",
        ),
        (scope_text().replace('"Head of IT"', '"Head\\nof IT"', 1), "authority.person: it is empty, or has control"),
        (scope_text().replace('"Head of IT"', '"Head of IT\\n"', 1), "authority.person: it is empty, or has control"),
        (scope_text().replace('"Head of IT"', "7", 1), 'authority.person: it should be a text in "quotation marks"'),
        (
            scope_text().replace('"Head of IT"', '"Head \u202eTI fo"', 1),
            "authority.person: it is empty, or has control",
        ),
        (
            scope_text().replace('"Head of IT"', '"Head\u200b of IT"', 1),
            "authority.person: it is empty, or has control",
        ),
        (scope_text().replace('"Head of IT"', '"Head\x9b2J"', 1), "authority.person: it is empty, or has control"),
        (scope_text().replace("level = 2", "level = 2\nlevel = 4"), "is not TOML"),
        (scope_text().replace("level = 2", "level = 2\x00"), "is not TOML"),
        (scope_text().replace('"DE"', '"DE\\n"'), "country: it is not two capital letters"),
        (scope_text().replace('"DE"', '"Germany"'), "country: it is not two capital letters"),
        (scope_text().replace("2026-12-01T", "2026-10-01T"), "valid_until is not after valid_from"),
        (
            scope_text().replace("2026-12-01T00:00:00Z", "2026-12-01T00:00:00"),
            "valid_until: it should be a moment like",
        ),
        (scope_text().replace("2026-12-01T00:00:00Z", "2026-12-01"), "valid_until"),
        (HEAD, "it lacks the field `network`"),
        (scope_text(NETWORK, "[ports]\ndicom = [8042]\n"), "port 8042 is given to both dicom and http"),
        (scope_text(NETWORK, "[ports]\ntelnet = [23]\n"), "ports: 'telnet' is none of dicom, http"),
        (scope_text(NETWORK, "[ports]\ndicom = [0]\n"), "ports 1: it should be a whole number of at least 1"),
        (scope_text(NETWORK, "[exclude]\nwhy = 'x'\n"), "exclude: it should be a list"),
        (
            scope_text(NETWORK, "[rates]\nassociations_per_second = 0\n"),
            "rates.associations_per_second: it should be a number above 0",
        ),
        (scope_text(NETWORK, "[rates]\nassociations_per_host_at_once = 9\n"), "unknown field"),
        (scope_text(NETWORK, QUIET.replace("07:00", "7")), "quiet 1.from: it is not a time like 07:00"),
        (scope_text(NETWORK, "[caps]\nsamples_per_system = 10000\n"), "caps.samples_per_system"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, words: str) -> None:
    assert words in refused(text)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a = " + b"[" * 50_000, b"a = " + b"9" * 5000, b"\x00", b""])
def test_what_is_not_toml_is_said_to_be_none(data: bytes) -> None:
    assert "scope.toml" in refused(data)


def test_a_picture_is_not_told_to_mend_its_line() -> None:
    with pytest.raises(UserFault, match=r"it is no text in UTF-8") as caught:
        read_scope(b"\x89PNG\r\n\x1a\n", "scope.toml")
    assert "Mend that line" not in caught.value.advice


def test_ceilings() -> None:
    assert "larger than" in refused(b"#" * (MAX_SCOPE + 1))
    many = ", ".join(f'"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"' for n in range(MAX_SCOPE_BLOCKS + 1))
    assert "more than" in refused(scope_text(NETWORK, f"[[exclude]]\naddresses = [{many}]\n"))
