"""The warrant: what may be sent, and why not."""

from __future__ import annotations

import random
from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.scopes import NOW, scope_text, warrant_of
from leadglass.survey.level import Level
from leadglass.survey.scope import Warrant, Why, read_scope
from leadglass.survey.services import DEFAULT_PORTS, Service
from leadglass.terms.errors import UserFault

TWO = """
[[network]]
addresses = ["192.0.2.0/24", "pacs.example.org"]
level = 2
organisation = "Example Clinic"
country = "DE"
state = "Bayern"
district = "Oberbayern"

[[network]]
addresses = ["192.0.2.8/29"]
level = 3
ports = [104, 9999]
services = ["hl7"]
organisation = "Example Radiology"

[[exclude]]
addresses = ["192.0.2.9"]
why = "controls a treatment machine"

[[exclude]]
addresses = ["192.0.2.0/28"]
ports = [2575]
"""
NAMES = {"pacs.example.org": ("203.0.113.5", "2001:db8::5")}


def why_not(address: str, port: int, level: int = 2, warrant: Warrant | None = None) -> Why | None:
    refusal = (warrant or warrant_of(TWO, names=NAMES)).permits(address, port, Level(level), NOW)
    if refusal is None:
        return None
    assert refusal.reason
    assert refusal.advice
    return refusal.why


@pytest.mark.parametrize(
    ("address", "port", "level", "why"),
    [
        ("192.0.2.1", 104, 2, None),
        ("192.0.2.1", 104, 3, Why.LEVEL),
        ("192.0.2.10", 104, 3, None),
        ("192.0.2.10", 104, 4, Why.LEVEL),
        ("192.0.2.10", 80, 1, Why.PORT),
        ("192.0.2.10", 9999, 1, None),
        ("192.0.2.10", 6661, 1, None),
        ("192.0.2.10", 2575, 1, Why.EXCLUDED),
        ("192.0.2.17", 2575, 1, None),
        ("192.0.2.9", 104, 1, Why.EXCLUDED),
        ("192.0.2.1", 22, 1, Why.PORT),
        ("192.0.3.1", 104, 1, Why.OUTSIDE),
        ("198.51.100.1", 104, 1, Why.OUTSIDE),
        ("203.0.113.5", 104, 2, None),
        ("2001:db8::5", 104, 2, None),
        ("2001:db8::6", 104, 2, Why.OUTSIDE),
        ("::ffff:192.0.2.1", 104, 2, None),
        ("::ffff:192.0.2.9", 104, 2, Why.EXCLUDED),
        ("pacs.example.org", 104, 2, Why.OUTSIDE),
        ("", 104, 2, Why.OUTSIDE),
        ("192.0.2.1", 0, 2, Why.PORT),
        ("192.0.2.1", -1, 2, Why.PORT),
    ],
)
def test_permits(address: str, port: int, level: int, why: Why | None) -> None:
    assert why_not(address, port, level) is why


def test_reasons_are_words() -> None:
    warrant = warrant_of(TWO, names=NAMES)
    refusal = warrant.permits("192.0.2.9", 104, Level.PRESENCE, NOW)
    assert refusal is not None
    assert refusal.reason == "the scope excludes 192.0.2.9 (controls a treatment machine)"
    refusal = warrant.permits("192.0.2.1", 104, Level.COUNTS, NOW)
    assert refusal is not None
    assert "only level 2" in refusal.reason
    assert "not level 3" in refusal.reason
    assert not refusal.passes


def test_the_highest_level_anywhere() -> None:
    assert warrant_of(TWO, names=NAMES).level is Level.COUNTS


def test_nothing_is_sent_at_level_0() -> None:
    warrant = warrant_of('[[network]]\naddresses = ["192.0.2.0/24"]\nlevel = 0\n')
    assert why_not("192.0.2.1", 104, 0, warrant) is Why.LEVEL
    assert why_not("192.0.2.1", 104, 1, warrant) is Why.LEVEL
    assert warrant.covers("192.0.2.1") is None
    assert warrant.covers("192.0.3.1") is not None


def test_only_while_it_is_valid() -> None:
    warrant = warrant_of()
    scope = warrant.scope
    for moment, why in (
        (scope.valid_from - timedelta(seconds=1), Why.NOT_YET),
        (scope.valid_from, None),
        (scope.valid_until - timedelta(seconds=1), None),
        (scope.valid_until, Why.EXPIRED),
    ):
        refusal = warrant.permits("192.0.2.1", 104, Level.PRESENCE, moment)
        assert (refusal.why if refusal else None) is why
    elsewhere = warrant.permits("192.0.3.1", 104, Level.PRESENCE, scope.valid_from)
    assert elsewhere is not None
    assert elsewhere.why is Why.OUTSIDE


def test_whose_and_where() -> None:
    warrant = warrant_of(TWO, names=NAMES)
    assert warrant.place_at("192.0.2.1").district == "Oberbayern"
    assert warrant.place_at("192.0.2.10").organisation == "Example Radiology"
    assert warrant.place_at("192.0.3.1").organisation == ""
    assert warrant.level_at("192.0.2.10", 104) is Level.COUNTS
    assert warrant.level_at("192.0.2.10", 80) is Level.IMPORTS


QUIET = """
[[quiet]]
days = ["Sat"]
from = "11:00"
until = "13:00"
zone = "UTC"
networks = NETWORKS
"""


def test_quiet_everywhere() -> None:
    warrant = warrant_of(TWO, QUIET.replace("NETWORKS", "[]"), names=NAMES)
    refusal = warrant.permits("192.0.2.1", 104, Level.PRESENCE, NOW)
    assert refusal is not None
    assert refusal.why is Why.QUIET
    assert refusal.passes
    later = NOW + timedelta(hours=1)
    assert warrant.permits("192.0.2.1", 104, Level.PRESENCE, later) is None


def test_quiet_begins_and_ends_to_the_second() -> None:
    warrant = warrant_of(TWO, QUIET.replace("NETWORKS", "[]"), names=NAMES)
    begins, ends, second = NOW - timedelta(hours=1), NOW + timedelta(hours=1), timedelta(seconds=1)
    moments = (begins - second, begins, ends - second, ends)
    refusals = [warrant.permits("192.0.2.1", 104, Level.PRESENCE, moment) for moment in moments]
    assert [refusal is None for refusal in refusals] == [True, False, False, True]
    assert refusals[1] is not None
    assert refusals[1].reason == "quiet hours at 192.0.2.1 until 2026-11-21 13:00 UTC"


def test_quiet_in_one_network() -> None:
    warrant = warrant_of(TWO, QUIET.replace("NETWORKS", '["192.0.2.128/25"]'), names=NAMES)
    assert warrant.permits("192.0.2.1", 104, Level.PRESENCE, NOW) is None
    assert why_not("192.0.2.129", 104, 1, warrant) is Why.QUIET


def test_how_long_a_connection_may_go_on() -> None:
    quiet = """
[[quiet]]
days = ["Sat"]
from = "14:00"
until = "15:00"
zone = "UTC"
networks = ["192.0.2.0/25"]
"""
    warrant = warrant_of(TWO, quiet, names=NAMES)
    assert warrant.seconds_left("192.0.2.1", NOW) == 2 * 3600  # it is noon
    assert warrant.seconds_left("192.0.2.200", NOW) == timedelta(days=9, hours=12).total_seconds()
    assert warrant.seconds_left("192.0.2.1", NOW + timedelta(days=9)) == timedelta(hours=12).total_seconds()


def test_names_without_an_address_and_strange_entries_are_named() -> None:
    for entry, words in (
        ("nowhere.example.org", "nowhere.example.org has no address"),
        ("192.0.2.1/24", "has host bits set"),
        ("192.0.2.300", "is no address"),
        ("", "is no address"),
        ("a b", "is no address"),
        ("-x.example.org", "is no address"),
        ("192.0.2.1-", "is no address"),
        ("fe80::%eth0/64", "is no address"),
        ("fe80::1%eth0", "is no address"),
        # what old look-ups take for 127.0.0.1
        ("127.1", "is no address"),
        ("0x7f000001", "is no address"),
        ("127.0x1", "is no address"),
        ("017700000001", "is no address"),
        ("pacs.0x", "is no address"),
        # Cyrillic letters that look like Latin ones
        ("\u0440\u0430cs.example.org", "is no address"),
    ):
        with pytest.raises(UserFault, match=words):
            warrant_of(f'[[network]]\naddresses = ["{entry}"]\nlevel = 1\n')


def test_the_same_addresses_twice_are_a_mistake() -> None:
    one = '[[network]]\naddresses = ["192.0.2.0/24"]\nlevel = 1\n'
    with pytest.raises(UserFault, match="network 2 and network 1 both grant"):
        warrant_of(one, one)


def test_a_name_may_stand_for_an_address_that_is_named_too() -> None:
    host = '[[network]]\naddresses = ["pacs.example.org"]\nlevel = 1\n'
    address = '[[network]]\naddresses = ["203.0.113.5"]\nlevel = 2\n'
    for parts in ((host, address), (address, host)):
        warrant = warrant_of(*parts, names=NAMES)
        assert warrant.level_at("203.0.113.5", 104) is Level.PRESENCE  # the gentler one


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.1.1", "::1", "169.254.1.1", "fe80::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_back_to_this_machine_is_no_host_of_theirs(address: str) -> None:
    host = '[[network]]\naddresses = ["pacs.example.org"]\nlevel = 2\n'
    with pytest.raises(UserFault, match=r"pacs.example.org has the address .* another host on every machine"):
        warrant_of(host, names={"pacs.example.org": ("203.0.113.5", address)})


def test_a_name_means_one_address_in_a_scope_whatever_look_ups_say() -> None:
    answers = iter([("192.0.2.1",), ("192.0.2.2",)])
    text = """
[[network]]
addresses = ["192.0.2.0/24", "pacs.example.org"]
level = 2

[[exclude]]
addresses = ["pacs.example.org"]
"""
    scope = read_scope(scope_text(text).encode())
    warrant = Warrant(scope, digest="", resolve=lambda name: next(answers))
    assert why_not("192.0.2.1", 104, 1, warrant) is Why.EXCLUDED
    assert warrant.hosts == {"pacs.example.org": ("192.0.2.1",)}


@pytest.mark.parametrize("address", ["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "ff02::1"])
def test_what_is_no_host_is_never_called(address: str) -> None:
    everything = '[[network]]\naddresses = ["0.0.0.0/0", "::/0"]\nlevel = 2\n'
    warrant = warrant_of(everything)
    assert why_not(address, 104, 1, warrant) is Why.EXCLUDED
    assert why_not("192.0.2.1", 104, 1, warrant) is None
    assert why_not("2001:db8::1", 104, 1, warrant) is None
    assert why_not(address, 104, 1, warrant_of()) is Why.OUTSIDE


def test_the_caller_points_to_the_contact() -> None:
    caller = warrant_of().caller()
    assert caller.calling_ae_title == "LG EXAMPLE.ORG"
    assert "mailto:security@radiology.example.org" in caller.user_agent
    assert caller.contact == "security@radiology.example.org"


def test_for_oneself() -> None:
    warrant = Warrant.for_self(["127.0.0.1", "192.0.2.7", "2001:db8::7"], now=NOW)
    assert warrant.permits("192.0.2.7", 104, Level.ACCESS, NOW) is None
    assert why_not("192.0.2.7", 104, 3, warrant) is Why.LEVEL
    assert why_not("192.0.2.8", 104, 1, warrant) is Why.OUTSIDE
    day = timedelta(days=1)
    assert warrant.permits("192.0.2.7", 104, Level.ACCESS, NOW + day - timedelta(seconds=1)) is None
    for moment in (NOW - timedelta(minutes=2), NOW + day):
        assert warrant.permits("192.0.2.7", 104, Level.ACCESS, moment) is not None
    assert len(warrant.caller().calling_ae_title) <= 16


_PREFIXES = st.tuples(st.integers(0, 255), st.integers(22, 32))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_PREFIXES, st.integers(0, 4)), min_size=1, max_size=6, unique_by=lambda row: row[0]),
    st.lists(_PREFIXES, max_size=3),
    st.integers(1, 4),
)
def test_it_is_membership_and_the_smallest_counts_and_exclusion_wins(
    networks: list[tuple[tuple[int, int], int]], excluded: list[tuple[int, int]], level: int
) -> None:
    granted = {ip_network(f"10.0.0.{host}/{prefix}", strict=False): allowed for (host, prefix), allowed in networks}
    cut = {ip_network(f"10.0.0.{host}/{prefix}", strict=False) for host, prefix in excluded}
    warrant = warrant_of(
        *(f'[[network]]\naddresses = ["{network}"]\nlevel = {allowed}\n' for network, allowed in granted.items()),
        *(f'[[exclude]]\naddresses = ["{network}"]\n' for network in cut),
    )
    for number in range(-300, 1300, 7):
        address = ip_address("10.0.0.0") + number
        around = [network for network in granted if address in network]
        smallest = min(around, key=lambda network: network.num_addresses, default=None)
        allowed = granted[smallest] if smallest is not None else 0
        expected = allowed >= level and not any(address in network for network in cut)
        assert (warrant.permits(str(address), 104, Level(level), NOW) is None) is expected
        if not any(address in network for network in cut):
            assert warrant.level_at(str(address), 104) == allowed


def test_large_scopes_are_laid_out_once() -> None:
    numbers = random.Random(7).sample(range(1 << 16), 5000)
    addresses = ", ".join(f'"10.{n >> 8}.{n & 255}.0/24"' for n in numbers)
    warrant = warrant_of(f"[[network]]\naddresses = [{addresses}]\nlevel = 2\n")
    assert len(warrant.ground.pieces) == 5000
    for number in numbers[:500]:
        assert warrant.permits(f"10.{number >> 8}.{number & 255}.9", 104, Level.ACCESS, NOW) is None


def test_default_ports_name_each_port_once() -> None:
    ports = [port for service in Service for port in DEFAULT_PORTS[service]]
    assert len(ports) == len(set(ports))
