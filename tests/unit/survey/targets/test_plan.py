"""The plan: every target once, in an order that keeps neighbours apart, without holding any."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.scopes import warrant_of
from leadglass.survey.addresses import key_of
from leadglass.survey.level import Level
from leadglass.survey.scope import Why
from leadglass.survey.services import Service
from leadglass.survey.targets.choosing import lines_of
from leadglass.survey.targets.plan import Plan
from leadglass.terms.errors import UserFault

SMALL = """
[[network]]
addresses = ["192.0.2.0/28", "pacs.example.org"]
level = 3
ports = [104, 8042]
country = "DE"

[[network]]
addresses = ["192.0.2.8/31"]
level = 1
ports = [2575]

[[network]]
addresses = ["198.51.100.0/24"]
level = 0

[[exclude]]
addresses = ["192.0.2.3"]

[[exclude]]
addresses = ["192.0.2.4"]
ports = [8042]
"""
NAMES = {"pacs.example.org": ["203.0.113.5"]}


def small(level: Level = Level.ACCESS, only: list[str] | None = None, seed: bytes = b"run 1") -> Plan:
    return Plan(warrant_of(SMALL, names=NAMES), level=level, only=only, seed=seed)


def doors(plan: Plan) -> list[str]:
    return sorted(f"{target.address}:{target.port}" for target in plan)


EXPECTED = sorted(
    ["203.0.113.5:104", "203.0.113.5:8042"]
    + [
        f"192.0.2.{host}:{port}"
        for host in range(16)
        for port in ((2575,) if host in (8, 9) else (104, 8042))
        if host != 3 and (host, port) != (4, 8042)
    ]
)


def test_every_target_of_the_scope_once() -> None:
    plan = small()
    assert doors(plan) == EXPECTED
    assert len(plan) == len(EXPECTED)


def test_a_target_says_what_is_granted_there() -> None:
    by_door = {(target.address, target.port): target for target in small()}
    assert by_door["192.0.2.1", 104].level is Level.ACCESS  # asked for, less than granted
    assert by_door["192.0.2.8", 2575].level is Level.PRESENCE  # granted, less than asked for
    assert by_door["192.0.2.8", 2575].service is Service.HL7
    assert by_door["192.0.2.1", 8042].service is Service.HTTP
    assert by_door["192.0.2.1", 104].place.country == "DE"
    assert by_door["203.0.113.5", 104].host_name == "pacs.example.org"


def test_nothing_at_level_0() -> None:
    assert len(small(Level.IMPORTS)) == 0
    assert list(small(Level.IMPORTS)) == []


def test_the_seed_says_the_order() -> None:
    assert list(small(seed=b"a")) == list(small(seed=b"a"))
    orders = {tuple(doors_in_order(small(seed=bytes([n])))) for n in range(20)}
    assert len(orders) > 10


def doors_in_order(plan: Plan) -> list[str]:
    return [f"{target.address}:{target.port}" for target in plan]


def test_a_walk_goes_on_where_another_stopped() -> None:
    plan = small()
    whole = list(plan.walk())
    assert [index for index, _ in whole] == list(range(len(plan)))
    assert list(plan.walk(7)) == whole[7:]
    assert plan[7] == whole[7][1]
    assert plan[-1] == whole[-1][1]
    with pytest.raises(IndexError):
        plan[len(plan)]


def test_neighbours_are_far_apart_in_time() -> None:
    plan = Plan(warrant_of('[[network]]\naddresses = ["10.0.0.0/16"]\nlevel = 2\nports = [104]\n'), level=Level.ACCESS)
    in_flight = 500
    keys = [key_of(plan[index].address) for index in range(20_000)]
    for start in range(0, len(keys) - in_flight, in_flight):
        some = sorted(keys[start : start + in_flight])
        nearest = min(after - before for before, after in pairwise(some))
        assert nearest > len(plan) / in_flight / 5
        assert max(sum(key >> 8 == network for key in some) for network in {key >> 8 for key in some}) <= 4


def test_a_million_targets_and_more_cost_no_memory() -> None:
    plan = Plan(warrant_of('[[network]]\naddresses = ["10.0.0.0/8"]\nlevel = 2\n'), level=Level.ACCESS)
    assert len(plan) > 400_000_000
    assert plan[123_456_789] != plan[123_456_790]
    held = sum(map(sys.getsizeof, (plan._rows, plan._ends)))
    assert held < 1000


def test_what_cannot_be_walked_is_refused() -> None:
    warrant = warrant_of('[[network]]\naddresses = ["2001:db8::/64"]\nlevel = 2\n')
    with pytest.raises(UserFault, match="more than a run can walk"):
        Plan(warrant, level=Level.ACCESS)
    assert len(Plan(warrant, level=Level.ACCESS, only=["[2001:db8::7]:104"])) == 1


def test_only_some() -> None:
    assert doors(small(only=["192.0.2.1"])) == ["192.0.2.1:104", "192.0.2.1:8042"]
    assert doors(small(only=["192.0.2.1:104", "192.0.2.1:104", "192.0.2.0/30:104"])) == [
        "192.0.2.0:104",
        "192.0.2.1:104",
        "192.0.2.2:104",
    ]
    assert doors(small(only=["pacs.example.org:104", "192.0.2.8"])) == ["192.0.2.8:2575", "203.0.113.5:104"]
    assert doors(small(only=[])) == []


def test_what_the_scope_does_not_allow_is_reported_and_left_out() -> None:
    plan = small(
        only=[
            "192.0.2.1:104",
            "192.0.2.1:22",
            "192.0.2.3",
            "192.0.2.4:8042",
            "203.0.113.9",
            "198.51.100.1",
            "other.example.org",
            "192.0.2.0/24",
        ]
    )
    assert [(text, refusal.why) for text, refusal in plan.refused] == [
        ("192.0.2.1:22", Why.PORT),
        ("192.0.2.3", Why.EXCLUDED),
        ("192.0.2.4:8042", Why.EXCLUDED),
        ("203.0.113.9", Why.OUTSIDE),
        ("198.51.100.1", Why.LEVEL),
        ("other.example.org", Why.OUTSIDE),
        ("192.0.2.0/24", Why.OUTSIDE),
    ]
    assert doors(plan) == EXPECTED[:-2]
    assert "15 of the 256" in plan.refused[-1][1].reason


@pytest.mark.parametrize(
    "text",
    ["", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2.1:x", "[2001:db8::1]:9x", "a b", "192.0.2.1/24"],
)
def test_what_is_no_target_is_named(text: str) -> None:
    if text == "192.0.2.1:":
        assert len(small(only=[text])) == 2  # a port that is not there is not asked for
        return
    with pytest.raises(UserFault, match="target 2"):
        small(only=["192.0.2.1", text])


def test_lists() -> None:
    assert lines_of("# pacs\n192.0.2.1 # first\n\n  pacs.example.org:104\r\n") == ["192.0.2.1", "pacs.example.org:104"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 255), st.integers(24, 32), st.integers(0, 4)),
        min_size=1,
        max_size=5,
        unique_by=lambda r: r[:2],
    ),
    st.integers(1, 4),
    st.binary(max_size=8),
)
def test_the_plan_is_what_the_warrant_grants(rows: list[tuple[int, int, int]], level: int, seed: bytes) -> None:
    networks = {f"10.0.0.{host >> (32 - prefix) << (32 - prefix)}/{prefix}": granted for host, prefix, granted in rows}
    warrant = warrant_of(
        *(
            f'[[network]]\naddresses = ["{network}"]\nlevel = {granted}\nports = [104, 80]\n'
            for network, granted in networks.items()
        )
    )
    plan = Plan(warrant, level=Level(level), seed=seed)
    expected = {
        (str(ip_address("10.0.0.0") + host), port)
        for host in range(256)
        for port in (80, 104)
        if warrant.grants(f"10.0.0.{host}", port, Level.PRESENCE) is None
    }
    walked = [(target.address, target.port) for _, target in plan.walk()]
    assert len(walked) == len(set(walked))
    assert set(walked) == expected
