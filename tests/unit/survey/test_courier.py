"""Nothing leaves without the warrant's word, right before each connection."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import leadglass.survey
from helpers.echoing import FAST, Anything, Hello, courier, targets
from helpers.hostile_servers import closed_port, served
from leadglass.net.conversing import Ending, Patience
from leadglass.survey.conversation import Said
from leadglass.survey.courier import Courier, Forbidden
from leadglass.survey.level import Level
from leadglass.survey.pace import Pacer
from leadglass.survey.patience import ConnectTimes
from leadglass.survey.probe import Call
from leadglass.survey.scope import Pace, Rates, Refusal, Why
from leadglass.terms.errors import LocalViolation

NO = Refusal(Why.OUTSIDE, "outside")


def test_nobody_else_in_the_survey_opens_connections() -> None:
    folder = Path(leadglass.survey.__file__).parent
    for path in folder.rglob("*.py"):
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("leadglass.net")
            for alias in node.names
        }
        if path.name != "courier.py":
            assert not names & {"converse", "calling", "Line", "line", "open_association"}, path


async def test_what_passed_is_noted_in_order() -> None:
    said: list[Said] = []
    with served(lambda peer: (peer.recv(100), peer.sendall(b"welcome"))[0] and None) as port:
        plan = targets(("127.0.0.1", port))
        outcome = await courier().carry(plan[0], Call(Hello("AB")), said)
    assert outcome.ending is Ending.OVER
    assert said == [Said(True, b"hello AB"), Said(False, b"welcome")]


async def test_above_access_nothing_is_noted() -> None:
    said: list[Said] = []
    with served(lambda peer: peer.sendall(b"welcome")) as port:
        plan = targets(("127.0.0.1", port), level=Level.COUNTS)
        talk = Hello(level=Level.COUNTS)
        await courier().carry(plan[0], Call(talk), said)
    assert talk.heard == b"welcome"
    assert not said


async def test_refused_by_the_warrant_nothing_is_sent() -> None:
    reached = []
    with served(lambda peer: reached.append(peer)) as port:
        plan = targets(("127.0.0.1", port))
        with pytest.raises(Forbidden) as refusal:
            await courier(Anything({port: NO})).carry(plan[0], Call(Hello()))
    assert refusal.value.refusal is NO
    assert not reached


async def test_a_talk_above_what_the_target_grants_is_a_fault() -> None:
    plan = targets(("127.0.0.1", closed_port()), level=Level.PRESENCE)
    warrant = Anything()
    with pytest.raises(Forbidden):
        await courier(warrant).carry(plan[0], Call(Hello(level=Level.ACCESS)))
    assert not warrant.asked


async def test_two_connections_to_one_host_never_stand_together() -> None:
    with served(lambda peer: peer.recv(10) and peer.recv(10) and None) as port:
        plan = targets(("127.0.0.1", port), ("127.0.0.1", port))
        ours = courier()
        first = asyncio.get_running_loop().create_task(ours.carry(plan[0], Call(Hello())))
        await asyncio.sleep(0.05)
        with pytest.raises(LocalViolation):
            await ours.carry(plan[1], Call(Hello()))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_each_new_try_asks_the_warrant_again() -> None:
    warrant = Anything()
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        await asyncio.sleep(0.05)
        outcome = await courier(warrant, tries_again=2).carry(targets(("127.0.0.1", port))[0], Call(Hello()))
        for sock in waiting:
            sock.close()
    assert outcome.ending is Ending.SILENT
    assert len(warrant.asked) == 3


async def test_in_quiet_hours_it_rests_and_then_goes_on() -> None:
    warrant = Anything()
    slept: list[float] = []
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with served(lambda peer: peer.sendall(b"welcome")) as port:
        warrant.refusals[port] = Refusal(Why.QUIET, "quiet hours")

        async def sleep(seconds: float) -> None:
            nonlocal now
            slept.append(seconds)
            now += timedelta(seconds=seconds)
            if len(slept) == 3:
                warrant.refusals.clear()

        ours = courier(warrant, sleep=sleep, now=lambda: now)
        outcome = await ours.carry(targets(("127.0.0.1", port))[0], Call(Hello()))
        assert ours.is_resting
        now += timedelta(minutes=1)
        assert not ours.is_resting
    assert outcome.ending is Ending.OVER
    assert len(slept) == 3


@pytest.mark.parametrize("rates", [FAST, Rates(per_host=Pace(packets_per_second=1, associations_per_second=100))])
async def test_a_talk_ends_when_quiet_hours_begin_or_the_scope_ends(rates: Rates) -> None:
    """Also one that waits for its turn, or that is told something all the time."""

    def chatter(peer: socket.socket) -> None:
        peer.settimeout(10)
        with contextlib.suppress(OSError):
            while True:
                peer.sendall(b"more " * 1000)
                time.sleep(0.01)

    with served(chatter) as port:
        ours = Courier(Anything(left=0.3), Pacer(rates), Patience(in_all=30))
        outcome = await ours.carry(targets(("127.0.0.1", port))[0], Call(Talkative()))
    assert outcome.ending is Ending.STALLED


class Talkative(Hello):
    """Has an answer to everything."""

    ceiling = 1 << 30

    def receive(self, data: bytes) -> bytes:
        return b"and?"


def test_patience_is_learnt_from_those_that_answer() -> None:
    times = ConnectTimes(Patience(to_connect=2.0))
    assert times.patience(0).to_connect == 0.5
    assert times.patience(1).to_connect == 2.0  # nobody has answered yet: the whole of it
    for _ in range(20):
        times.took(0.001)
    assert times.is_known
    assert [round(times.patience(attempt).to_connect, 3) for attempt in range(4)] == [0.2, 0.6, 1.8, 2.0]
    for _ in range(20):
        times.took(0.4)
    assert 0.4 < times.patience(0).to_connect <= 2.0
    for _ in range(20):
        times.took(1.9)
    assert times.patience(0).to_connect <= 2.0


async def test_a_long_talk_is_no_faster_than_its_hosts_rate() -> None:
    class Chatty(Hello):
        def receive(self, data: bytes) -> bytes:
            self.heard += data
            self.is_over = len(self.heard) >= 30
            return b"" if self.is_over else b"and?"

    moments: list[float] = []

    def answer(peer: socket.socket) -> None:
        while peer.recv(100):
            moments.append(time.monotonic())
            peer.sendall(b".")

    quick = Pace(packets_per_second=1_000_000, associations_per_second=1_000_000)
    gentle = Pace(packets_per_second=50, associations_per_second=1000)
    rates = Rates(packets_per_second=1e6, associations_per_second=1e6, per_network=quick, per_host=gentle)
    with served(answer) as port:
        ours = Courier(Anything(), Pacer(rates), Patience(for_answer=1.0, in_all=1.0))
        outcome = await ours.carry(targets(("127.0.0.1", port))[0], Call(Chatty()))
    assert outcome.ending is Ending.OVER
    assert len(moments) == 30
    assert moments[-1] - moments[0] > 1.0  # 58 packets of ours, at 50 a second
