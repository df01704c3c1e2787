"""How gently: so many connections and packets a second in all, in each network and at each host.

A turn is a moment in the future, given out once. Host and network say from when on; then the first moment with room
for all is taken. Whoever was given a turn begins at it, so the rates hold in every second and not only on average.
A connection is counted as one packet when it begins, and what it took beyond that when it is over. Within it, words
wait until the host's rate has room for them: a long talk is no faster than many short ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from leadglass.net.conversing import Turn
from leadglass.survey.addresses import key_of
from leadglass.survey.scope.document import Pace, Rates
from leadglass.terms.ceilings import MAX_PACED

__all__ = ["PACKETS_OF_A_TALK", "Pacer", "Turns"]

PACKETS_OF_A_TALK: Final = 5
"""Packets of ours beyond the SYN that a connection takes at least: acknowledgements, a word and the end."""
_TO_BEGIN: Final = 2
"""The SYN, and the acknowledgement of its answer."""
_TO_END: Final = 2
_SEGMENT: Final = 1400
"""Bytes of a packet, roughly."""
_LONGEST_PAUSE: Final = 10.0
"""Seconds: a peer that hears nothing for longer may hang up. What is owed then is waited for before the words after."""
_EXCHANGE: Final = 4
"""Packets: so many are waited for in any case."""
_SLOT: Final = 0.01
"""Seconds: turns are given out in portions that last at least so long."""
_UNHEARD_OF: Final = 100_000.0
"""A rate that nobody reaches needs no book-keeping."""
_SWEEP_AT: Final = 16_384
_IPV6_NETWORK_BITS: Final = 80  # of an address, outside its /48


class Pacer:
    """Of one run. `clock` in seconds that never run backwards."""

    def __init__(self, rates: Rates, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all = _Calendar(rates.associations_per_second, rates.packets_per_second, clock())
        self._networks = _Each(rates.per_network)
        self._hosts = _Each(rates.per_host)

    def wait_for_turn(self, address: str) -> float:
        """Take a turn. Returns the seconds until it comes; 0 if it is now."""
        now = self._clock()
        return self.reserve(address, now) - now

    def reserve(self, address: str, now: float) -> float:
        """The moment at which a connection to the address may begin. It is taken: use it, or it is lost."""
        start, network = now, ""
        if self._networks.counts:
            network = _network_of(address)
            start = max(start, self._networks.free_at(network, now))
        if self._hosts.counts:
            start = max(start, self._hosts.free_at(address, now))
        start = self._all.take(start, now)
        if self._networks.counts:
            self._networks.take(network, start)
        if self._hosts.counts:
            self._hosts.take(address, start)
        return start

    def talk(self, address: str) -> Turns:
        """For a connection that begins now."""
        return Turns(self, address, self._clock)

    def spent(self, address: str, packets: int, paced: float = 0.0) -> None:
        """So many more packets than its SYN did a connection take. The next one waits accordingly.

        At the host, what fits into `paced` seconds has been waited for already.
        """
        now = self._clock()
        self._all.owe(packets, now)
        if self._networks.counts:
            self._networks.owe(_network_of(address), packets, now)
        if self._hosts.counts:
            self._hosts.owe(address, packets, now - paced)

    @property
    def seconds_per_packet(self) -> float:
        """At one host; 0 if that needs no counting."""
        return self._hosts.packet if self._hosts.counts else 0.0

    @property
    def remembered(self) -> int:
        """Networks and hosts in the book: idle ones are forgotten."""
        return len(self._networks.free) + len(self._hosts.free)


class Turns:
    """Of one connection: when its next words may go. Packets of ours are counted: words, and an acknowledgement of
    each packet that came."""

    def __init__(self, pacer: Pacer, address: str, clock: Callable[[], float]) -> None:
        self._pacer, self._address, self._clock = pacer, address, clock
        self._began = clock()
        self._packet = pacer.seconds_per_packet
        self._at_once = max(_TO_BEGIN + 1, _SLOT / self._packet if self._packet else 0)  # nobody waits for the first
        self._packets, self._heard = _TO_BEGIN, 0

    @property
    def turn(self) -> Turn | None:
        """For `converse`; None if there is never anything to wait for."""
        return self._next if self._packet else None

    def _next(self, saying: int, heard: int) -> float:
        self._hear(heard)
        self._packets += ceil(saying / _SEGMENT)
        wait = self._began + (self._packets - self._at_once) * self._packet - self._clock()
        return min(wait, max(_LONGEST_PAUSE, _EXCHANGE * self._packet))

    def _hear(self, heard: int) -> None:
        self._packets += ceil((heard - self._heard) / _SEGMENT)
        self._heard = heard

    def over(self, sent: int, heard: int) -> None:
        """The connection is over, and so many bytes passed: the next one waits accordingly."""
        if not self._packet:
            self._pacer.spent(self._address, PACKETS_OF_A_TALK + (sent + heard) // _SEGMENT)
            return
        self._hear(heard)
        packets = self._packets + _TO_END - 1  # its SYN has been counted
        self._pacer.spent(self._address, max(packets, PACKETS_OF_A_TALK), self._clock() - self._began)


class _Calendar:
    """Slots of time with room for some connections and packets."""

    def __init__(self, connections: float, packets: float, now: float) -> None:
        # what does not divide evenly is rounded down, so that no second ever has more than its share
        self._connections = ceil(_SLOT * connections)
        self._length = self._connections / connections
        if packets * self._length < 1:
            self._length = 1 / packets  # a connection is a packet: one a slot
        self._packets = max(1, int(packets * self._length + 1e-9))
        self._taken: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._full_until = int(now / self._length) - 1  # this slot and all before have no room

    def take(self, start: float, now: float) -> float:
        slot = int(start / self._length + 1e-9)
        if slot <= self._full_until:
            slot = self._full_until + 1
        begin = slot
        taken, sent = self._taken.get(slot, 0), self._sent.get(slot, 0)
        while taken >= self._connections or sent >= self._packets:
            slot += 1
            taken, sent = self._taken.get(slot, 0), self._sent.get(slot, 0)
        if slot > begin == self._full_until + 1:
            self._full_until = slot - 1
        self._taken[slot] = taken + 1
        self._sent[slot] = sent + 1
        if len(self._taken) + len(self._sent) > _SWEEP_AT:
            self._forget(now)
        return max(start, slot * self._length)

    def owe(self, packets: int, now: float) -> None:
        slot = max(int(now / self._length) + 1, self._full_until + 1)
        while packets > 0:
            room = self._packets - self._sent.get(slot, 0)
            if room > 0:
                self._sent[slot] = self._sent.get(slot, 0) + min(room, packets)
                packets -= room
            slot += 1

    def _forget(self, now: float) -> None:
        past = int(now / self._length)
        self._taken = {slot: count for slot, count in self._taken.items() if slot >= past}
        self._sent = {slot: count for slot, count in self._sent.items() if slot >= past}


class _Each:
    """Networks, or hosts: one connection after another in each, at its rate."""

    def __init__(self, pace: Pace) -> None:
        self._between = 1 / pace.associations_per_second
        self.packet = 1 / pace.packets_per_second
        self.counts = min(pace.associations_per_second, pace.packets_per_second) < _UNHEARD_OF
        self.free: dict[str, float] = {}
        """When the next connection may begin. Packets push it on as connections do."""
        self._room_at = 0.0
        self._sweep_at = _SWEEP_AT

    def free_at(self, name: str, now: float) -> float:
        if len(self.free) >= self._sweep_at:
            self._sweep(now)
        at = self.free.get(name)
        return at if at is not None else self._room_at

    def take(self, name: str, start: float) -> None:
        self.free[name] = start + max(self._between, self.packet)

    def owe(self, name: str, packets: int, now: float) -> None:
        # a connection's packets are its own time as well: only what goes beyond pushes on
        self.free[name] = max(self.free.get(name, 0.0), now + packets * self.packet)

    def _sweep(self, now: float) -> None:
        """Forget those that are free; if too many are not, new ones wait for the first that will be."""
        self.free = {name: at for name, at in self.free.items() if at > now}
        self._room_at = min(self.free.values()) if len(self.free) >= MAX_PACED else 0.0
        self._sweep_at = min(MAX_PACED, max(_SWEEP_AT, 2 * len(self.free)))


def _network_of(address: str) -> str:
    """/24 of IPv4, /48 of IPv6."""
    if ":" not in address:
        return address.rpartition(".")[0]
    return f"{key_of(address) >> _IPV6_NETWORK_BITS:x}"
