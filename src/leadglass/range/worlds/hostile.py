"""The world `hostile`: everything that can be wrong with a peer, honeypots and fleets. Nobody in it has a patient.

Each system is one evil at one port, so that what a survey makes of one says nothing of another. Only honeypots and
fleets say what they are; of the rest nobody can tell more than that something is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from leadglass.range.law import Law
from leadglass.range.manner import Manner
from leadglass.range.manners.dicom import DicomSite
from leadglass.range.manners.dicom_conduct import Conduct
from leadglass.range.manners.dicom_products import DCM4CHEE, DCMQRSCP_OPEN, ORTHANC_OPEN
from leadglass.range.manners.hl7 import Hl7Receiver
from leadglass.range.manners.hostile import (
    Cut,
    Drip,
    Endless,
    EndlessMatches,
    Garbage,
    HalfOpen,
    RedirectLoop,
    Says,
    UnfinishedTls,
)
from leadglass.range.manners.studies import Shelf
from leadglass.range.manners.web_orthanc import OrthancWeb
from leadglass.range.manners.web_pages import CitrixPage, NginxNotFound
from leadglass.range.world import Door, Reality, SimulatedSystem, Truth, World
from leadglass.range.worlds.archives import admitting_of
from leadglass.range.worlds.kinds import KINDS

__all__ = ["hostile"]

_Make = Callable[[Law], Manner]

_PORTS: Final = (104, 80, 443, 2575, 27017, 21, 445, 5432, 3306, 6379)
_SHELF: Final = Shelf(seed=7, records=1_000, images=9_000)
_WEB: Final = partial(OrthancWeb, patients=10, studies=20, images=90)
_GREETERS: Final = frozenset({21, 3306})

_BEGINNINGS: Final[Mapping[int, bytes]] = {
    104: bytes.fromhex("02000000ffff0001"),
    80: b"HTTP/1.1 200 OK\r\nServer: x\r\n",
    443: b"HTTP/1.1 200 OK\r\n",
    2575: b"\x0bMSH|^~\\&|",
    27017: bytes.fromhex("00ff0000 01000000 01000000 dd070000 00000000 00 00ff0000"),
    21: b"220-welcome\r\n220-",
    445: bytes.fromhex("0000ffff fe534d42"),
    5432: b"S\0\0\xff\xffx\0",
    3306: bytes.fromhex("ffff00 00 0a") + b"8.0.36\0",
    6379: b"$60000\r\n",
}
"""How a true answer would begin, at each port."""
_LIES: Final[Mapping[int, tuple[bytes, ...]]] = {
    104: (
        bytes.fromhex("0200ffffffff00010000"),  # a PDU of 4 GiB
        bytes.fromhex("020000000048 0001 0000")
        + b"A" * 32
        + bytes(32)
        + bytes.fromhex("1000ffff"),  # an item past the end
        bytes.fromhex("020000000004 0001 0000"),  # one that is too short for what it must hold
        bytes.fromhex("0300000000ff 00 01 01 07"),
        bytes.fromhex("0400ffffffff") + bytes(64),
    ),
    80: (
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
        b"HTTP/1.1 999 " + b"x" * 9_000 + b"\r\n\r\n",
    ),
    2575: (b"\x0b" + b"MSA|AA\r" * 9, b"\x0b\x1c\r" * 9, b"\x0bMSH\rMSA|AA|" + b"\xff" * 200 + b"\x1c\r"),
    27017: (
        bytes.fromhex("ffffff7f 01000000 01000000 dd070000"),
        bytes.fromhex("24000000 01000000 01000000 dd070000 00000000 00 ffffff7f 03610000000000"),
        bytes.fromhex("00000000 00000000 00000000 00000000"),
        bytes.fromhex("80000000 01000000 01000000 01000000") + bytes(20) + bytes.fromhex("5c000000") + b"\x03a\0" * 29,
    ),
    21: (b"220" + b"-" * 60_000, b"220 x\r\n331 x\r\n230 x\r\n" * 99, b"999 x\r\n", b"220-x\r\n221 x\r\n"),
    445: (
        bytes.fromhex("00ffffff fe534d42") + bytes(64),
        bytes.fromhex("00000008 fe534d42 00000000"),
        bytes.fromhex("00000020 ff534d42") + bytes(28),
    ),
    5432: (b"S", b"N", b"NN", b"SR\0\0\0\x08\0\0\0\0", b"R\xff\xff\xff\xff", b"E\0\0\0\0"),
    3306: (
        bytes.fromhex("ffffff 00 0a"),
        bytes.fromhex("050000 00 0a 38 00 00 00"),
        bytes.fromhex("030000 00 ff 6a 04"),
    ),
    6379: (b"$999999999999\r\n", b"$-9\r\n", b"*9999999\r\n", b"-" + b"x" * 9_000, b"+PONG\r\n$5\r\n"),
}
"""Lengths that lie, and answers that are none."""
_ENDLESS: Final[Mapping[int, tuple[tuple[bytes, bytes], ...]]] = {
    104: ((b"", bytes.fromhex("04000000000600000002 0100")), (bytes.fromhex("0200ffffffff"), b"\0"), (b"", b"\0")),
    80: (
        (b"HTTP/1.1 200 OK\r\n", b"X-More: more\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nmore\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"<a href=x>more</a>"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 ", b"2"),
    ),
    2575: ((b"\x0b", b"MSA|AA|1\r"), (b"", b"\x0b\x1c\r")),
    27017: ((bytes.fromhex("0000ff7f01000000 01000000 dd070000"), b"\0"),),
    21: ((b"220-", b"more\r\n"), (b"", b"120 wait\r\n"), (b"220 ", b"x")),
    445: ((bytes.fromhex("0000ffff fe534d42"), b"\0"),),
    5432: ((b"S", b"R\0\0\0\x08\0\0\0\0"), (b"N", b"N")),
    3306: ((bytes.fromhex("ffffff000a"), b"1"),),
    6379: ((b"$60000\r\n", b"x"), (b"+PONG\r\n", b"+PONG\r\n")),
}


def hostile() -> World:
    """All of it, at 127.64.0.1 and following; honeypots and fleets in networks of their own."""
    systems = list(_numbered(_evils()))
    return World("hostile", [*systems, _liar(), *_honeypots(), *_fleets()])


def _numbered(evils: Iterable[tuple[int, _Make]]) -> Iterator[SimulatedSystem]:
    for number, (port, make) in enumerate(evils, 1):
        address = f"127.64.{number >> 8}.{number & 255}"
        truth = Truth(is_archive=False, reality=Reality.UNKNOWN)
        yield SimulatedSystem(address=address, doors=(Door(port=port, manner=make),), truth=truth)


def _evils() -> Iterator[tuple[int, _Make]]:
    for port in _PORTS:
        greets = port in _GREETERS
        yield port, HalfOpen
        yield port, partial(_cut, HalfOpen, 0, False)
        yield port, partial(Garbage, seed=port, greets=greets)
        yield port, partial(Drip, said=_BEGINNINGS[port], greets=greets)
        yield port, partial(Drip, greets=True)
        yield port, partial(Says, said=_BEGINNINGS[port], greets=greets)
        yield port, partial(Says, said=_BEGINNINGS[port], greets=greets, leaves=True)
        yield port, UnfinishedTls
        for lie in _LIES.get(port, ()):
            yield port, partial(Says, said=lie, greets=greets)
        for first, piece in _ENDLESS.get(port, ()):
            yield port, partial(Endless, first=first, piece=piece, greets=greets)
    yield from _evil_archives()
    yield from ((port, RedirectLoop) for port in (80, 8042))


def _evil_archives() -> Iterator[tuple[int, _Make]]:
    for after in (1, 5, 6, 7, 40, 74, 75, 90):
        yield 11112, partial(_cut, _archive(f"cut after {after}", ORTHANC_OPEN), after, False)
        yield 8042, partial(_cut, _WEB, after, True)


def _cut(make: _Make, after: int, polite: bool, law: Law) -> Manner:
    return Cut(make(law), after, polite=polite)


def _archive(name: str, conduct: Conduct) -> DicomSite:
    return DicomSite(name=name, admitting=admitting_of(conduct), shelf=_SHELF)


def _liar() -> SimulatedSystem:
    """It does answer strangers, without an end; what it says is of no study that was asked for."""
    manner = partial(EndlessMatches, site=_archive("liar", DCMQRSCP_OPEN))
    truth = Truth(is_archive=True, is_open=True, reality=Reality.UNKNOWN)
    return SimulatedSystem(address="127.68.0.1", doors=(Door(port=104, manner=manner),), truth=truth)


def _honeypots() -> Iterator[SimulatedSystem]:
    """Dicompot as T-Pot brings it, and DICOMHawk."""
    t_pot, alone, hawk = "127.65.0.1", "127.66.0.1", "127.67.0.1"
    one_study = Shelf(seed=1, records=1, images=50, uid_root="1.3.6.1.4.1.53684")
    pot = KINDS["dicompot"].make(t_pot, one_study)
    yield _trap(t_pot, [Door(port=104, manner=pot), Door(port=11112, manner=pot), Door(port=2575, manner=Hl7Receiver)])
    yield _trap(alone, [Door(port=104, manner=KINDS["dicompot"].make(alone, one_study))])
    rotating = KINDS["dicomhawk"].make(hawk, Shelf(seed=2, records=60, images=600))
    yield _trap(hawk, [Door(port=104, manner=rotating), Door(port=11112, manner=rotating)])


def _fleets() -> Iterator[SimulatedSystem]:
    """The same odd page beside DICOM in networks that have nothing to do with each other."""
    for network in range(70, 77):
        archive = _archive(f"fleet {network}", DCM4CHEE)
        doors = [Door(port=104, manner=archive), Door(port=443, manner=CitrixPage, uses_tls=True)]
        yield _trap(f"127.{network}.0.1", doors)
    for network in range(80, 84):
        yield _trap(f"127.{network}.0.1", [Door(port=port, manner=NginxNotFound) for port in (8042, 8043)])


def _trap(address: str, doors: Iterable[Door]) -> SimulatedSystem:
    truth = Truth(is_archive=False, reality=Reality.HONEYPOT)
    return SimulatedSystem(address=address, doors=tuple(doors), truth=truth)
