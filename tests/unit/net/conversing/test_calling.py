"""Every way a connection may end, met on loopback."""

from __future__ import annotations

import asyncio
import select
import socket
import threading
import time

import pytest

from helpers.hostile_servers import closed_port, reset, served
from helpers.speaking_lines import Lines
from leadglass.net.conversing import Ending, Patience, converse, line
from leadglass.net.conversing import switchboard as switchboards

HASTY = Patience(to_connect=0.3, for_answer=0.3, in_all=2.0)


@pytest.fixture(autouse=True, params=["epoll", "readers"])
def watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to watch sockets are tested; the second is for systems without epoll."""
    if request.param == "readers":
        monkeypatch.delattr(select, "epoll")
    return str(request.param)


def greet(peer: socket.socket) -> None:
    peer.recv(100)
    peer.sendall(b"welcome, bye\n")
    peer.recv(100)


async def test_a_conversation_comes_to_its_end() -> None:
    talk = Lines()
    with served(greet) as port:
        outcome = await converse("127.0.0.1", port, talk)
    assert outcome.ending is Ending.OVER
    assert outcome.seconds_to_connect is not None
    assert outcome.seconds_to_connect >= 0
    assert (outcome.bytes_sent, outcome.bytes_received) == (6, 13)
    assert talk.heard == b"welcome, bye\n"
    assert not talk.was_hung_up


async def test_a_peer_that_speaks_first_is_waited_for() -> None:
    with served(lambda peer: peer.sendall(b"220 bye\n")) as port:
        outcome = await converse("127.0.0.1", port, Lines(b""))
    assert outcome.ending is Ending.OVER


async def test_what_is_heard_without_an_answer_is_acknowledged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a peer with Nagle's algorithm keeps the end of a message back for 40 ms."""
    heard: list[bytes] = []
    talk = Lines()
    monkeypatch.setattr(line, "rearm_quickack", lambda sock: heard.append(bytes(talk.heard)))

    def tell(peer: socket.socket) -> None:
        peer.recv(100)
        peer.sendall(b"one of ")
        while not heard:
            time.sleep(0.001)
        peer.sendall(b"two, bye\n")

    with served(tell) as port:
        outcome = await converse("127.0.0.1", port, talk)
    assert outcome.ending is Ending.OVER
    assert heard[0] == b"one of "


async def test_a_conversation_that_has_nothing_to_say_is_over_when_it_is_connected() -> None:
    talk = Lines(b"")
    talk.is_over = True
    with served(lambda peer: None) as port:
        outcome = await converse("127.0.0.1", port, talk)
    assert (outcome.ending, outcome.bytes_sent) == (Ending.OVER, 0)


async def test_nothing_listens() -> None:
    talk = Lines()
    outcome = await converse("127.0.0.1", closed_port(), talk)
    assert outcome.ending is Ending.REFUSED
    assert outcome.seconds_to_connect is None
    assert not talk.was_hung_up


@pytest.mark.parametrize("address", ["no.address", "127.0.0.1.5", "", "fe80::1%lo", "255.255.255.255"])
async def test_there_is_no_way(address: str) -> None:
    outcome = await converse(address, 104, Lines(), patience=HASTY)
    assert outcome.ending is Ending.UNREACHABLE


async def test_nobody_answers() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)  # its queue holds one; the kernel drops every SYN after that
        waiting = [socket.socket() for _ in range(3)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        await asyncio.sleep(0.05)
        began = time.monotonic()
        outcome = await converse("127.0.0.1", full.getsockname()[1], Lines(), patience=HASTY)
        for sock in waiting:
            sock.close()
    assert outcome.ending is Ending.SILENT
    assert time.monotonic() - began >= 0.3


async def test_reset_and_hung_up_are_told_apart() -> None:
    for behaviour, ending in ((reset, Ending.RESET), (lambda peer: peer.recv(10), Ending.HUNG_UP)):
        talk = Lines()
        with served(behaviour) as port:
            outcome = await converse("127.0.0.1", port, talk)
        assert outcome.ending is ending
        assert talk.was_hung_up == 1


async def test_an_answer_is_overdue() -> None:
    silent = threading.Event()
    talk = Lines()
    with served(lambda peer: silent.wait(3) and None) as port:
        outcome = await converse("127.0.0.1", port, talk, patience=HASTY)
        silent.set()
    assert outcome.ending is Ending.STALLED
    assert talk.was_hung_up == 1


async def test_a_dribbling_peer_is_left_when_all_time_is_up() -> None:
    def dribble(peer: socket.socket) -> None:
        for _ in range(100):
            peer.sendall(b".")
            time.sleep(0.05)

    with served(dribble) as port:
        outcome = await converse("127.0.0.1", port, Lines(), patience=Patience(for_answer=5.0, in_all=0.5))
    assert outcome.ending is Ending.STALLED
    assert outcome.bytes_received < 100


async def test_a_peer_that_sends_much_is_heard_out() -> None:
    def tell(peer: socket.socket) -> None:
        peer.recv(100)
        for _ in range(8):
            peer.sendall(bytes(200_000))  # that is worth twelve seconds
            time.sleep(0.1)
        peer.sendall(b" bye\n")
        peer.recv(100)

    talk = Lines(ceiling=10_000_000)
    with served(tell) as port:
        outcome = await converse("127.0.0.1", port, talk, patience=Patience(in_all=0.4))
    assert outcome.ending is Ending.OVER
    assert outcome.bytes_received == 1_600_005


async def test_a_flood_ends_at_the_ceiling() -> None:
    def flood(peer: socket.socket) -> None:
        while True:
            peer.sendall(bytes(65_536))

    talk = Lines(ceiling=100_000)
    with served(flood) as port:
        outcome = await converse("127.0.0.1", port, talk)
    assert outcome.ending is Ending.FLOODED
    assert len(talk.heard) == 100_000
    assert outcome.bytes_received <= 100_001
    assert talk.was_hung_up == 1


async def test_exactly_the_ceiling_is_no_flood() -> None:
    with served(lambda peer: peer.sendall(bytes(996) + b"bye\n")) as port:
        outcome = await converse("127.0.0.1", port, Lines(ceiling=1000))
    assert outcome.ending is Ending.OVER


async def test_a_peer_that_does_not_read_gets_all_in_portions() -> None:
    heard = bytearray()

    def slowly(peer: socket.socket) -> None:
        time.sleep(0.1)
        while len(heard) < 8_000_000:
            heard.extend(peer.recv(100_000))
        peer.sendall(b"bye\n")

    with served(slowly) as port:
        outcome = await converse("127.0.0.1", port, Lines(bytes(8_000_000)))
    assert outcome.ending is Ending.OVER
    assert outcome.bytes_sent == len(heard) == 8_000_000


async def test_cancelled_it_hangs_up_at_once_and_leaves_nothing_behind() -> None:
    ended = threading.Event()

    def wait(peer: socket.socket) -> None:
        peer.recv(10)
        peer.recv(10)  # returns when we hang up
        ended.set()

    with served(wait) as port:
        task = asyncio.get_running_loop().create_task(converse("127.0.0.1", port, Lines()))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(ended.wait, 20)
    board = switchboards.switchboard()
    assert not board.is_busy


async def test_a_fault_of_the_conversation_itself_is_raised_where_it_was_asked_for() -> None:
    talk = Lines()
    talk.receive = lambda data: 1 // 0  # type: ignore[method-assign, assignment, return-value]
    with served(greet) as port, pytest.raises(ZeroDivisionError):
        await converse("127.0.0.1", port, talk)
    assert not switchboards.switchboard().is_busy


async def test_while_descriptors_are_short_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    real, attempts = socket.SocketType, []

    def short(*arguments: int) -> socket.SocketType:
        attempts.append(arguments)
        if len(attempts) < 3:
            raise OSError(24, "Too many open files")
        return real(*arguments)

    monkeypatch.setattr(socket, "SocketType", short)
    with served(greet) as port:
        outcome = await converse("127.0.0.1", port, Lines())
    assert outcome.ending is Ending.OVER
    assert len(attempts) == 3


async def test_many_at_once() -> None:
    def echo(peer: socket.socket) -> None:
        peer.sendall(peer.recv(100)[:2] + b"bye\n")

    with served(echo, connections=300) as port:
        outcomes = await asyncio.gather(*(converse("127.0.0.1", port, Lines()) for _ in range(300)))
    assert {outcome.ending for outcome in outcomes} == {Ending.OVER}


async def test_when_we_were_late_ourselves_what_has_come_is_heard_first() -> None:
    has_spoken = threading.Event()

    def greet_first(peer: socket.socket) -> None:
        peer.sendall(b"welcome, bye\n")
        has_spoken.set()
        peer.recv(100)

    with served(greet_first) as port:
        task = asyncio.get_running_loop().create_task(
            converse("127.0.0.1", port, Lines(), patience=Patience(to_connect=0.05, for_answer=0.05))
        )
        await asyncio.sleep(0)
        has_spoken.wait()
        time.sleep(0.1)  # noqa: ASYNC251 - a busy program
        outcome = await task
    assert outcome.ending is Ending.OVER


@pytest.mark.parametrize("seconds", [0.05, 5.0])
async def test_late_ourselves_a_reset_is_still_no_silence(seconds: float) -> None:
    with served(reset) as port:
        task = asyncio.get_running_loop().create_task(
            converse("127.0.0.1", port, Lines(), patience=Patience(to_connect=seconds))
        )
        await asyncio.sleep(0)
        time.sleep(0.2)  # noqa: ASYNC251 - a busy program
        outcome = await task
    assert outcome.ending is Ending.RESET
    assert outcome.seconds_to_connect is not None
