"""Words that wait for their turn: nothing is lost, and the wait is nobody's delay."""

from __future__ import annotations

import asyncio
import socket
import time
from itertools import pairwise

from helpers.hostile_servers import served
from leadglass.net.conversing import Ending, Patience, converse

IMPATIENT = Patience(to_connect=2.0, for_answer=0.5, in_all=0.8)


class Pings:
    """Says ping so many times, each when the one before was answered, and then bye."""

    ceiling = 10_000

    def __init__(self, count: int) -> None:
        self.left = count
        self.is_over = False
        self.was_hung_up = False

    def begin(self) -> bytes:
        return b"ping"

    def receive(self, data: bytes) -> bytes:
        self.left -= data.count(b"!")
        if self.left > 0:
            return b"ping"
        self.is_over = True
        return b"bye"

    def hung_up(self) -> None:
        self.was_hung_up = True
        self.is_over = True


class Answering:
    """Notes when it heard what."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []

    def __call__(self, peer: socket.socket) -> None:
        while data := peer.recv(100):
            self.heard.append((time.monotonic(), data))
            if data == b"ping":
                peer.sendall(b"pong!")


async def test_words_wait_longer_than_patience_and_all_are_said() -> None:
    peer, asked = Answering(), list[tuple[int, int]]()

    def turn(saying: int, heard: int) -> float:
        asked.append((saying, heard))
        return 0.6 if saying else 0.0

    with served(peer) as port:
        outcome = await converse("127.0.0.1", port, Pings(3), patience=IMPATIENT, turn=turn)
        assert outcome.ending is Ending.OVER
    assert [data for _, data in peer.heard] == [b"ping", b"ping", b"ping", b"bye"]
    gaps = [b - a for (a, _), (b, _) in pairwise(peer.heard)]
    assert min(gaps) > 0.15
    assert asked == [(4, 0), (4, 5), (4, 10), (3, 15)]
    assert (outcome.bytes_sent, outcome.bytes_received) == (15, 15)


async def test_words_that_follow_words_that_wait_come_after_them() -> None:
    waits = iter([0.0, 0.5, 0.0, 0.0])

    def twice(peer: socket.socket) -> None:
        peer.recv(100)
        for _ in range(2):
            peer.sendall(b"pong!")
            time.sleep(0.02)
        heard.append(peer.recv(100))

    heard: list[bytes] = []
    with served(twice) as port:
        outcome = await converse("127.0.0.1", port, Pings(2), patience=IMPATIENT, turn=lambda *_: next(waits))
    assert outcome.ending is Ending.OVER
    assert heard == [b"pingbye"]


async def test_a_peer_that_hangs_up_meanwhile_ends_it() -> None:
    with served(lambda peer: peer.recv(100) and peer.sendall(b"pong!")) as port:
        began = time.monotonic()
        talk = Pings(3)
        outcome = await converse("127.0.0.1", port, talk, turn=lambda _, heard: 20.0 if heard else 0.0)
    assert outcome.ending is Ending.HUNG_UP
    assert talk.was_hung_up
    assert time.monotonic() - began < 10


async def test_an_answer_that_is_overdue_after_the_wait_is_overdue() -> None:
    def once(peer: socket.socket) -> None:
        peer.recv(100)
        peer.sendall(b"pong!")
        while peer.recv(100):
            pass

    with served(once) as port:
        outcome = await converse("127.0.0.1", port, Pings(3), patience=IMPATIENT, turn=lambda *_: 0.1)
    assert outcome.ending is Ending.STALLED
    assert outcome.bytes_sent == 8


async def test_cancelled_meanwhile_nothing_more_is_said() -> None:
    peer = Answering()
    with served(peer) as port:
        turn = lambda _, heard: 0.5 if heard else 0.0  # noqa: E731
        task = asyncio.get_running_loop().create_task(converse("127.0.0.1", port, Pings(3), turn=turn))
        while not peer.heard:  # noqa: ASYNC110 - another thread
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.6)
    assert [data for _, data in peer.heard] == [b"ping"]
