"""A run: every target once, never two at one host, stopped at once, resumed without a second look."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from helpers.echoing import CALLER, Anything, Kept, Ports, courier, hello, targets
from helpers.hostile_servers import closed_port
from leadglass.net.conversing import Ending
from leadglass.survey.campaign import Progress, Totals, survey
from leadglass.survey.courier import Forbidden
from leadglass.survey.probe import Caller, Chance, Probe
from leadglass.survey.scope import Refusal, Why
from leadglass.survey.services import Service
from leadglass.survey.target import Target
from leadglass.terms.errors import StorageFault

PROBERS = {Service.DICOM: hello}


class Crowd:
    """Answers on all of 127/8 at one port, and notes who was called how often, and how many at once at one host."""

    def __init__(self, pause: float = 0.0) -> None:
        self.calls: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self.most_at_one_host = 0
        self.pause = pause
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        self.calls[host] += 1
        self.open[host] += 1
        self.most_at_one_host = max(self.most_at_one_host, self.open[host])
        await reader.read(100)
        await asyncio.sleep(self.pause)
        self.open[host] -= 1
        writer.write(b"welcome")
        writer.close()

    async def __aenter__(self) -> Crowd:
        self._server = await asyncio.start_server(self.answer, "0.0.0.0", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def hosts(self, count: int, *, times: int = 1) -> Ports:
        doors = [(f"127.7.{n >> 8}.{n & 255}", self.port) for n in range(count)]
        return targets(*doors * times)


async def run(plan: Ports, kept: Kept, **options: object) -> Totals:
    ours = options.pop("courier", None) or courier()
    return await survey(plan, ours, CALLER, kept, probers=options.pop("probers", PROBERS), **options)  # type: ignore[arg-type]


async def test_every_target_is_looked_at_once() -> None:
    kept = Kept()
    async with Crowd() as crowd:
        totals = await run(crowd.hosts(600), kept)
    assert sorted(o.number for o in kept.observations) == list(range(1, 601))
    assert set(crowd.calls.values()) == {1}
    assert len(crowd.calls) == 600
    assert totals.is_finished
    assert (totals.looked_at, totals.answered, totals.open, totals.connections) == (600, 600, 600, 600)
    assert all(calls[0].drawn and calls[0].said for calls in kept.calls)


async def test_one_host_is_never_called_twice_at_once() -> None:
    kept = Kept()
    async with Crowd(pause=0.01) as crowd:
        await run(crowd.hosts(7, times=20), kept)
    assert crowd.most_at_one_host == 1
    assert len(kept.observations) == 140


async def test_what_was_done_is_not_done_again() -> None:
    kept = Kept()
    done = set(range(1, 100, 2))
    async with Crowd() as crowd:
        totals = await run(crowd.hosts(100), kept, done=done)
    assert {o.number for o in kept.observations} == set(range(2, 101, 2))
    assert len(crowd.calls) == 50
    assert (totals.before, totals.looked_at, totals.is_finished) == (50, 50, True)


async def test_an_empty_plan_is_done() -> None:
    assert (await run(targets(), Kept())).is_finished


async def test_refused_ports_and_plans_far_longer_than_what_may_wait() -> None:
    kept = Kept()
    port = closed_port()
    totals = await run(targets(*[(f"127.8.{n >> 8}.{n & 255}", port) for n in range(3000)]), kept, at_once=50)
    assert (totals.refused, totals.looked_at) == (3000, 3000)
    assert kept.endings() == {Ending.REFUSED}


async def test_told_to_stop_it_stops_and_says_what_is_left() -> None:
    kept = Kept()
    told = threading.Event()
    async with Crowd(pause=0.05) as crowd:
        task = asyncio.get_running_loop().create_task(run(crowd.hosts(5000), kept, stop=told.is_set, at_once=20))
        while not kept.observations:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        told.set()
        totals = await task
        so_far = len(kept.observations)
        await asyncio.sleep(0.2)
        calls = sum(crowd.calls.values())
        await asyncio.sleep(0.2)
        assert sum(crowd.calls.values()) == calls  # silence since then
        done = {o.number for o in kept.observations}
        rest = await run(crowd.hosts(200), kept, done=done)
    assert 0 < so_far == totals.looked_at < 5000
    assert not totals.is_finished
    assert rest.is_finished
    assert Counter(o.number for o in kept.observations).most_common(1)[0][1] == 1


async def test_a_refusal_of_the_warrant_ends_the_run_with_what_was_seen() -> None:
    kept = Kept()
    async with Crowd() as crowd:
        expired = Refusal(Why.EXPIRED, "the scope has expired")

        class Expiring(Anything):
            def permits(self, *question: object) -> Refusal | None:
                self.asked.append(question)  # type: ignore[arg-type]
                return expired if len(self.asked) > 50 else None

        with pytest.raises(Forbidden, match="expired"):
            await run(crowd.hosts(5000), kept, courier=courier(Expiring()), at_once=5)
    assert 40 <= len(kept.observations) <= 50
    assert sum(crowd.calls.values()) == 50


async def test_a_recorder_that_fails_ends_the_run() -> None:
    class Broken(Kept):
        def record(self, *_: object) -> None:
            raise StorageFault("the disk is full")

    async with Crowd() as crowd:
        with pytest.raises(StorageFault):
            await run(crowd.hosts(500), Broken(), at_once=5)
        assert sum(crowd.calls.values()) < 100


async def test_a_fault_of_a_probe_costs_one_target_and_is_told() -> None:
    def clumsy(target: Target, caller: Caller, chance: Chance) -> Probe:
        if target.address.endswith(".3"):
            raise KeyError(target.address)
        return (yield from hello(target, caller, chance))

    seen: list[Progress] = []
    kept = Kept()
    async with Crowd() as crowd:
        totals = await run(crowd.hosts(10), kept, probers={Service.DICOM: clumsy}, progress=seen.append)
    assert (totals.faults, totals.looked_at) == (1, 9)
    assert totals.is_finished
    assert "KeyError" in seen[-1].fault
    assert "127.7" not in seen[-1].fault


@pytest.mark.parametrize(("late", "ending"), [(1, Ending.OVER), (2, Ending.STALLED)], ids=["once", "always"])
async def test_who_owes_an_answer_is_looked_at_once_more(late: int, ending: Ending) -> None:
    kept = Kept()
    slow, asked = "127.7.0.3", Counter[str]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        asked[host] += 1
        if host == slow and asked[host] <= late:
            await reader.read()  # until the caller gives up
        else:
            writer.write(b"welcome")
        writer.close()

    async with await asyncio.start_server(answer, "0.0.0.0", 0) as server:
        port = server.sockets[0].getsockname()[1]
        plan = targets(*[(f"127.7.0.{n}", port) for n in range(6)])
        totals = await run(plan, kept, courier=courier(for_answer=1.0))
    assert sorted(o.number for o in kept.observations) == list(range(1, 7))
    assert asked[slow] == 2
    assert {asked[host] for host in asked if host != slow} == {1}
    (seen,) = (o.sighting.ending for o in kept.observations if o.target.address == slow)
    assert seen is ending
    assert totals.is_finished


async def test_progress_is_told_at_the_end_whatever_happens() -> None:
    seen: list[Progress] = []
    async with Crowd() as crowd:
        await run(crowd.hosts(30), Kept(), progress=seen.append)
    assert seen[-1].totals.looked_at == 30
    assert seen[-1].underway == 0


@contextmanager
def silent(count: int) -> Iterator[Callable[[], Ports]]:
    """Addresses whose listener's queue is full: the kernel drops every SYN."""
    sockets: list[socket.socket] = []
    doors = []
    for number in range(count):
        full = socket.socket()
        full.bind((f"127.9.0.{number + 1}", 0))
        full.listen(0)
        sockets.append(full)
        doors.append(full.getsockname())
        for _ in range(2):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
            sockets.append(caller)
    yield lambda: targets(*doors)
    for sock in sockets:
        sock.close()


async def test_silent_hosts_are_told_from_closed_ones_and_do_not_hold_up_the_run() -> None:
    kept = Kept()
    with silent(40) as plan:
        await asyncio.sleep(0.05)
        began = time.monotonic()
        totals = await run(plan(), kept)
    assert totals.silent == 40
    assert totals.connections == 80  # each was called again
    assert time.monotonic() - began < 20  # all at once: one after another would be half a minute
