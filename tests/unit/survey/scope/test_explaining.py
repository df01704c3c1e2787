"""A scope in plain words."""

from __future__ import annotations

from datetime import timedelta

from helpers.scopes import NETWORK, NOW, scope_text
from leadglass.survey.level import Level
from leadglass.survey.scope import ground_of, read_scope
from leadglass.survey.scope.explaining import Explanation, explain
from leadglass.survey.scope.template import first_scope


def explained(*parts: str, change: tuple[str, str] = ("", "")) -> Explanation:
    scope = read_scope(scope_text(*parts).replace(*change).encode())
    return explain(scope, ground_of(scope, lambda _: ("203.0.113.1",)), NOW)


def words(told: Explanation) -> str:
    return "\n".join(line for _, lines in told.sections for line in lines) + "\n" + "\n".join(told.warnings)


def test_who_what_how_far_how_gently() -> None:
    told = explained()
    text = words(told)
    for part in (
        "Example Clinic (permission: decision 7/2026). Head of IT is responsible.",
        "security@radiology.example.org",
        "192.0.2.0/24 (Example Clinic, DE): level 2, find out whether it would serve a stranger",
        "In all 256 addresses",
        "Nothing is excluded.",
        "At most 200 connections and 2,000 packets a second in all.",
        "One connection to a host at a time.",
        "until 2026-12-01 00:00 UTC",
        "It never rests",
    ):
        assert part in text
    assert told.addresses == 256
    assert told.highest is Level.ACCESS
    assert "Counting ends" not in text


def test_exclusions_quiet_hours_and_ports() -> None:
    text = words(
        explained(
            '[[network]]\naddresses = ["192.0.2.0/24", "pacs.example.org"]\nlevel = 4\nservices = ["hl7"]\n'
            "ports = [104]\n",
            '[[exclude]]\naddresses = ["192.0.2.9"]\nports = [104]\nwhy = "treatment machine"\n',
            '[[quiet]]\ndays = ["Mon"]\nfrom = "07:00"\nuntil = "18:00"\nzone = "Europe/Berlin"\n',
        )
    )
    for part in (
        "hl7 (2575, 6661), port 104",
        "port 104 of 192.0.2.9 (treatment machine)",
        "Mon from 07:00 to 18:00 (Europe/Berlin), everywhere.",
        "Counting ends at 1,000,000 records",
        "at most 10 records",
        "Level 4 asks for answers about real studies",
        "1 network without an organisation",
        "In all 257 addresses",
    ):
        assert part in text
    assert "never rests" not in text


def test_numbers_are_written_out() -> None:
    rates = "[rates]\nassociations_per_second = 1000000\n"
    rates += "per_host = { packets_per_second = 20, associations_per_second = 0.5 }\n"
    text = words(explained(rates, NETWORK))
    assert "At most 1,000,000 connections" in text
    assert "At most 0.5 connections" in text


def test_ports_that_are_the_same_everywhere_are_said_once() -> None:
    one, other = (f'[[network]]\naddresses = ["192.0.2.{n}"]\nlevel = 1\nservices = ["hl7"]\n' for n in (1, 2))
    told = words(explained(one, other))
    assert told.count("2575") == told.count("hl7") == 1
    assert "Asked for: hl7 (2575, 6661)." in told
    told = words(explained(one, other.replace('"hl7"', '"hl7", "ftp"'), NETWORK))
    assert told.count("2575") == 1
    assert "hl7, ftp" in told
    assert "Where they listen: ftp (21), hl7 (2575, 6661)." in told
    assert "all kinds of service" in told


def test_that_it_rests_now_and_until_when() -> None:
    quiet = '[[quiet]]\ndays = ["%s"]\nfrom = "07:00"\nuntil = "18:00"\nzone = "Europe/Berlin"\n'
    assert explained(NETWORK, quiet % "Sat").resting == ("everywhere until 2026-11-21 17:00 UTC",)
    assert explained(NETWORK, quiet % "Mon").resting == ()
    somewhere = 'networks = ["192.0.2.0/28"]\n'
    assert explained(NETWORK, quiet % "Sat" + somewhere).resting == ("at 192.0.2.0/28 until 2026-11-21 17:00 UTC",)


def test_what_is_excluded_is_not_counted() -> None:
    assert explained(NETWORK, '[[exclude]]\naddresses = ["192.0.2.0/25"]\n').addresses == 128


def test_warnings() -> None:
    assert "very large" in words(explained(change=("192.0.2.0/24", "10.0.0.0/8")))
    assert "too large to be walked" in words(explained(change=("192.0.2.0/24", "2001:db8::/64")))
    assert "more than a year" in words(explained(change=("2026-12-01", "2028-12-01")))
    assert "It expires on 2026-11-22" in words(explained(change=("2026-12-01", "2026-11-22")))
    assert "It expired on 2026-11-20" in words(explained(change=("2026-12-01", "2026-11-20")))


def test_long_lists_are_cut() -> None:
    many = "".join(f'[[network]]\naddresses = ["10.0.{n}.0/24"]\nlevel = 1\n' for n in range(60))
    told = explained(many)
    assert "… and 20 more." in words(told)
    assert told.addresses == 60 * 256


def test_the_first_scope_is_one_once_it_is_filled_in() -> None:
    text = first_scope(
        valid_from=NOW,
        valid_until=NOW + timedelta(days=30),
        organisation='Clinic "A" \\ B',
        person="Head of IT",
        contact="security@example.org",
        reference="7/2026",
        addresses=["192.0.2.0/24", "pacs.example.org"],
        level=Level.ACCESS,
    )
    scope = read_scope(text.encode())
    assert scope.authority.organisation == 'Clinic "A" \\ B'
    assert scope.network[0].granted is Level.ACCESS
    assert scope.valid_from == NOW
    assert all(level.words in text for level in Level)
