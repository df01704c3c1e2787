"""Invariant: each hostile manner does what its name says, costs no memory, and never raises."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import pytest

from leadglass.range.law import Law
from leadglass.range.manner import Action, HangUp, Manner, Pause, Reset
from leadglass.range.manners.ftp import FtpServer
from leadglass.range.manners.hostile import Cut, Drip, Endless, Garbage, HalfOpen, RedirectLoop, Says, UnfinishedTls
from leadglass.range.world import SimulatedSystem
from leadglass.range.worlds import load

WORLD = load("hostile")


def taken(actions: Iterable[Action], count: int = 50) -> list[Action]:
    return list(islice(actions, count))


def test_half_open() -> None:
    manner = HalfOpen(Law())
    assert taken(manner.opened()) == taken(manner.received(b"hello")) == []


def test_says_its_piece_once() -> None:
    manner = Says(Law(), b"piece", leaves=True)
    assert taken(manner.opened()) == []
    assert taken(manner.received(b"x")) == [b"piece", HangUp()]
    assert taken(manner.received(b"x")) == []
    assert taken(Says(Law(), b"piece", greets=True).opened()) == [b"piece"]


def test_drips_what_it_says_and_then_zeros() -> None:
    said = taken(Drip(Law(), b"ab", seconds=0.1, greets=True).opened(), 9)
    pause = Pause(0.1)
    assert said == [pause, b"a", pause, b"b", b"", pause, b"\0", pause, b"\0"]


def test_endless_comes_in_pieces() -> None:
    said = taken(Endless(Law(), b"first", b"again").received(b"x"), 1000)
    assert len(said) == 1000
    assert said[0] == b"first"
    assert all(isinstance(piece, bytes) and 0 < len(piece) <= 4096 for piece in said)


def test_garbage_is_the_same_noise_each_time() -> None:
    first, second = (taken(Garbage(Law(), 7, size=640).received(b"x")) for _ in range(2))
    assert first == second
    assert len(first) == 11
    assert first[-1] == HangUp()
    assert first != taken(Garbage(Law(), 8, size=640).received(b"x"))


@pytest.mark.parametrize("after", range(12))
def test_cut_breaks_off_after_so_many_bytes(after: int) -> None:
    manner = Cut(FtpServer(Law(), lets_in_anonymous=True, greeting="hello"), after)
    said = taken(manner.opened())
    assert b"".join(part for part in said if isinstance(part, bytes)) == b"220 hello\r\n"[:after]
    assert (said[-1] == Reset()) is (after <= 11)


def test_cut_goes_on_counting_over_answers() -> None:
    manner = Cut(FtpServer(Law(), lets_in_anonymous=True, greeting="hello"), 14, polite=True)
    assert taken(manner.opened()) == [b"220 hello\r\n"]
    assert taken(manner.received(b"USER anonymous\r\n")) == [b"331", HangUp()]


def test_unfinished_tls() -> None:
    clear = taken(UnfinishedTls(Law()).received(b"GET / HTTP/1.1\r\n\r\n"))
    assert clear[0] == bytes.fromhex("15030100020228")
    assert clear[-1] == HangUp()
    shaking = taken(UnfinishedTls(Law()).received(b"\x16\x03\x01"))
    assert isinstance(shaking[0], bytes)
    assert shaking[0].startswith(b"\x16\x03\x03")
    assert HangUp() not in shaking


def test_redirections_lead_round_in_circles() -> None:
    law = Law()
    seen = set()
    path = "/"
    for _ in range(8):
        (answer, *_) = taken(RedirectLoop(law).received(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()))
        assert isinstance(answer, bytes)
        path = answer.split(b"Location: ")[1].split(b"\r\n")[0].decode()
        seen.add(path)
    assert len(seen) < 8 or all(p.startswith(("/a/", "/b/")) for p in seen)
    assert not law.above(1)


def test_the_world_has_every_evil_at_an_address_of_its_own() -> None:
    assert len(WORLD.by_address) == len(WORLD.systems) > 150
    assert {system.truth.reality for system in WORLD.systems} == {"unknown", "honeypot"}
    assert WORLD.truth_in_all().records == 0


@pytest.mark.parametrize("system", WORLD.systems, ids=lambda system: system.address)
def test_nobody_in_it_raises(system: SimulatedSystem) -> None:
    for door in system.doors:
        for data in (b"", b"\0" * 64, b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)), b"\x16\x03\x01\x02\x00" * 99):
            manner: Manner = door.manner(Law())
            taken(manner.opened())
            taken(manner.received(data))
            taken(manner.received(data))
