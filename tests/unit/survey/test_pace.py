"""Rates hold in every second, not only on average; the book of idle hosts stays small."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.echoing import FAST
from leadglass.survey import pace
from leadglass.survey.pace import Pacer
from leadglass.survey.scope import Pace, Rates


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def most_within(moments: Iterable[float], seconds: float) -> int:
    ordered: Sequence[float] = sorted(moments)
    return max((bisect_left(ordered, at + seconds - 1e-6) - place for place, at in enumerate(ordered)), default=0)


def rates_of(
    *, packets: float = FAST.packets_per_second, associations: float = FAST.associations_per_second, **each: Pace
) -> Rates:
    """As many as you like of what is not named."""
    given = {"per_network": FAST.per_network, "per_host": FAST.per_host} | each
    return Rates(packets_per_second=packets, associations_per_second=associations, **given)


rates = st.sampled_from([0.5, 1.0, 3.0, 7.0, 20.0, 150.0, 1999.0])


@settings(deadline=None, max_examples=60)
@given(
    everywhere=rates,
    network=rates,
    host=rates,
    packets=st.sampled_from([1.0, 11.0, 600.0, 5000.0]),
    asked=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.floats(0, 0.3)), min_size=1, max_size=150),
)
def test_no_second_has_more_than_its_share(
    everywhere: float, network: float, host: float, packets: float, asked: list[tuple[int, int, float]]
) -> None:
    clock = Clock()
    pacer = Pacer(
        Rates(
            packets_per_second=packets,
            associations_per_second=everywhere,
            per_network=Pace(packets_per_second=100_000, associations_per_second=network),
            per_host=Pace(packets_per_second=100_000, associations_per_second=host),
        ),
        clock,
    )
    begun: dict[str, list[float]] = defaultdict(list)
    for net, number, pause in asked:
        clock.now += pause
        at = pacer.reserve(f"192.0.{net}.{number}", clock.now)
        assert at >= clock.now
        begun["all"].append(at)
        begun[f"net {net}"].append(at)
        begun[f"host {net} {number}"].append(at)
    for name, moments in begun.items():
        rate = min(everywhere, packets) if name == "all" else network if name.startswith("net") else host
        for seconds in (1.0, 5.0):
            slot = max(1.0, rate * 0.01 + 1)  # a slot's share may come at its beginning and the next one's as well
            assert most_within(moments, seconds) <= rate * seconds + 2 * slot, name


def test_alone_nobody_waits() -> None:
    clock = Clock()
    pacer = Pacer(Rates(), clock)
    for number in range(100):
        clock.now += 1.0
        assert pacer.wait_for_turn(f"192.0.2.{number}") <= 0.01


@pytest.mark.parametrize("rate", [100, 333, 2000])
def test_who_has_many_to_ask_uses_the_whole_rate(rate: int) -> None:
    clock = Clock()
    pacer = Pacer(rates_of(associations=rate), clock)
    moments = [pacer.reserve(f"192.0.2.{number % 250}", clock.now) for number in range(5 * rate)]
    assert 4.9 < max(moments) - clock.now < 5.3


def test_one_host_is_asked_at_its_rate() -> None:
    clock = Clock()
    pacer = Pacer(Rates(), clock)  # 5 a second at each host
    turns = [pacer.reserve("192.0.2.1", clock.now) for _ in range(6)]
    assert [round(b - a, 3) for a, b in pairwise(turns)] == [0.2] * 5


def test_a_busy_network_does_not_hold_up_the_others() -> None:
    clock = Clock()
    pacer = Pacer(Rates(), clock)  # 50 a second in each network, 200 in all
    for number in range(200):
        pacer.reserve(f"192.0.2.{number}", clock.now)  # four seconds of that network
    assert pacer.reserve("198.51.100.1", clock.now) - clock.now < 1.1


def test_who_waits_for_the_same_moment_does_not_begin_at_the_same_moment() -> None:
    clock = Clock()
    pacer = Pacer(rates_of(associations=20, per_host=Pace(packets_per_second=100, associations_per_second=100)), clock)
    hosts = [f"192.0.2.{number}" for number in range(40)]
    for host in hosts:
        pacer.spent(host, 1000)  # ten seconds of each host's
    moments = [pacer.reserve(host, clock.now) for host in hosts]
    assert min(moments) >= clock.now + 10
    assert most_within(moments, 1.0) <= 21


def test_a_networks_packets_keep_the_network_waiting_not_the_others() -> None:
    clock = Clock()
    pacer = Pacer(rates_of(per_network=Pace(packets_per_second=10, associations_per_second=1000)), clock)
    pacer.spent("192.0.2.1", 50)
    assert 4.9 <= pacer.reserve("192.0.2.2", clock.now) - clock.now <= 5.1
    assert pacer.reserve("192.0.3.1", clock.now) - clock.now < 0.1


def test_what_is_owed_adds_up() -> None:
    clock = Clock()
    pacer = Pacer(rates_of(packets=10), clock)
    pacer.reserve("192.0.2.1", clock.now)
    pacer.spent("192.0.2.1", 50)
    pacer.spent("192.0.2.2", 50)
    assert 9.9 <= pacer.reserve("192.0.2.3", clock.now) - clock.now <= 10.2


def test_what_a_talk_took_is_counted_in_all_when_it_is_over() -> None:
    clock = Clock()
    pacer = Pacer(rates_of(packets=10), clock)
    pacer.reserve("192.0.2.1", clock.now)
    pacer.talk("192.0.2.1").over(sent=10 * 1400, heard=35 * 1400)
    assert 4.9 <= pacer.reserve("192.0.2.2", clock.now) - clock.now <= 5.2  # 5 and 45 packets


def test_a_short_talk_is_counted_at_its_host_when_it_is_over() -> None:
    clock = Clock()
    pacer = Pacer(each_host(10), clock)
    talk = pacer.talk("192.0.2.1")
    assert talk.turn is not None
    talk.turn(10, 0)
    talk.over(10, 12 * 1400)  # the end of the SYN's handshake, a word, twelve acknowledgements, two to end it
    assert round((pacer.reserve("192.0.2.1", clock.now) - clock.now) * 10) == 16


def test_packets_beyond_the_first_make_the_next_one_wait() -> None:
    clock = Clock()
    pacer = Pacer(rates_of(packets=10, associations=1000), clock)
    pacer.reserve("192.0.2.1", clock.now)
    pacer.spent("192.0.2.1", 50)
    assert pacer.reserve("192.0.2.2", clock.now) - clock.now >= 4.9


def test_a_hosts_packets_keep_the_host_waiting_not_the_others() -> None:
    clock = Clock()
    pacer = Pacer(Rates(), clock)  # 100 packets a second at each host
    pacer.reserve("192.0.2.1", clock.now)
    pacer.spent("192.0.2.1", 300)
    assert pacer.reserve("192.0.2.1", clock.now) - clock.now >= 2.9
    assert pacer.reserve("198.51.100.1", clock.now) - clock.now < 1


def test_idle_hosts_are_forgotten() -> None:
    clock = Clock()
    pacer = Pacer(Rates(packets_per_second=1_000_000, associations_per_second=1_000_000), clock)
    for number in range(200_000):
        clock.now += 0.001
        pacer.reserve(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", clock.now)
    assert pacer.remembered < 50_000


def test_a_full_book_makes_newcomers_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MAX_PACED", 10)
    monkeypatch.setattr(pace, "_SWEEP_AT", 10)
    clock = Clock()
    slowly = Pace(packets_per_second=1, associations_per_second=0.01)
    pacer = Pacer(rates_of(per_host=slowly), clock)
    for number in range(10):
        assert pacer.reserve(f"192.0.2.{number}", clock.now) < clock.now + 1
    assert pacer.reserve("192.0.2.99", clock.now) >= clock.now + 99


def test_rates_that_nobody_reaches_need_no_book() -> None:
    clock = Clock()
    pacer = Pacer(FAST, clock)
    for number in range(5000):
        assert pacer.reserve(f"10.0.{number >> 8}.{number & 255}", clock.now) == clock.now
    assert pacer.remembered == 0


def test_ipv6_networks_are_48_bits() -> None:
    clock = Clock()
    pacer = Pacer(Rates(), clock)
    first = [pacer.reserve(f"2001:db8:1:{number:x}::1", clock.now) for number in range(51)]
    assert first[-1] - clock.now >= 0.99
    assert pacer.reserve("2001:db8:2::1", clock.now) - clock.now < 0.5


def each_host(packets: float) -> Rates:
    return rates_of(per_host=Pace(packets_per_second=packets, associations_per_second=1_000_000))


@pytest.mark.parametrize("rate", [0.1, 1.0, 5.0, 100.0, 2000.0])
def test_a_long_talk_keeps_the_hosts_rate(rate: float) -> None:
    clock = Clock()
    pacer = Pacer(each_host(rate), clock)
    pacer.reserve("192.0.2.1", clock.now)
    turn = pacer.talk("192.0.2.1").turn
    assert turn is not None
    assert turn(100, 0) <= 0  # nobody waits for the first word
    packets = [clock.now, clock.now, clock.now]
    for question in range(1, 200):
        packets.append(clock.now)  # of our acknowledgement
        wait = turn(100, 300 * question)
        clock.now += max(0.0, wait)
        packets.append(clock.now)
    assert most_within(packets, 1.0) <= rate + max(4.0, rate * 0.01 + 2)
    assert most_within(packets, 10.0) <= 10 * rate + max(4.0, rate * 0.01 + 2)


def test_each_portion_that_comes_is_a_packet_and_long_ones_are_several() -> None:
    clock = Clock()
    turn = Pacer(each_host(10), clock).talk("192.0.2.1").turn
    assert turn is not None
    turn(10, 0)
    for portion in range(1, 20):
        turn(0, 20 * portion)
    assert round(turn(10, 400) * 10) == 21
    clock.now += 2.1
    assert round(turn(10, 400 + 14_000) * 10) == 11


def test_no_pause_is_longer_than_peers_wait_and_what_is_owed_is_not_forgotten() -> None:
    clock = Clock()
    pacer = Pacer(each_host(10), clock)
    talk = pacer.talk("192.0.2.1")
    assert talk.turn is not None
    talk.turn(10, 0)
    assert talk.turn(10, 300 * 1400) == 10.0
    clock.now += 10.0
    assert talk.turn(10, 300 * 1400) == 10.0
    clock.now += 10.0
    talk.over(30, 300 * 1400)
    assert 9 < pacer.reserve("192.0.2.1", clock.now) - clock.now < 11  # of 30 seconds


def test_generous_rates_ask_nobody_to_wait() -> None:
    assert Pacer(FAST, Clock()).talk("192.0.2.1").turn is None
