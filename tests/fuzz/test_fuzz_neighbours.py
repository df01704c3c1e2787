"""Invariant: whatever a database or share says, in whatever portions, no probe raises, asks for more than it may, or
goes on for ever; what the evidence keeps is short, and leads to the same sighting.

LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from helpers.neighbour_visits import probed, replayed
from leadglass.range.manner import Action, HangUp
from leadglass.survey.level import Level
from leadglass.survey.probes import PROBERS
from leadglass.survey.probes.bson import encode
from leadglass.survey.probes.mongodb_wire import as_reply
from leadglass.survey.probes.mysql_wire import Hello, as_packet
from leadglass.survey.probes.smb_wire import Answer
from leadglass.survey.services import Service

_NEIGHBOURS = [service for service in Service if service not in (Service.DICOM, Service.HTTP)]
_HELLO = Hello("8.0.36", 0x88201, "mysql_native_password").rendered
_NAMES = as_reply({"ok": 1, "cursor": {"firstBatch": [{"name": "patients", "type": "collection"}]}})
_TRUE = (
    b"\x0bMSH|^~\\&|\rMSA|AA\r\x1c\r",
    b"\x0bMSA|AE\rERR|||101\x1c\r",
    as_reply({"ok": 1, "maxWireVersion": 17}),
    as_reply({"ok": 1, "version": "6.0.14"}),
    as_reply({"ok": 1, "databases": [{"name": "clinic"}]}),
    _NAMES,
    as_reply({"ok": 1, "n": 7}),
    as_reply({"ok": 0, "code": 13}),
    as_reply({"ok": 1, "cursor": {"firstBatch": [{"fields": [{"name": "dob", "parts": ["a", 1]}, 3, {"name": 5}]}]}}),
    b"220 vsFTPd 3.0.3\r\n",
    b"220-a\r\nb\r\n220 c\r\n",
    b"331 x\r\n",
    b"230 x\r\n",
    b"530 x\r\n",
    b"120 wait\r\n",
    Answer(command=0, dialect=0x02FF).rendered,
    Answer(command=0, dialect=0x0302, first=3).rendered,
    Answer(command=1, status=0xC0000016, session=7).rendered,
    Answer(command=1).rendered,
    Answer(command=3).rendered,
    Answer(command=3, status=0xC0000022).rendered,
    Answer(is_smb1=True).rendered,
    b"S",
    b"N",
    b"R\0\0\0\x08\0\0\0\0",
    b"R\0\0\0\x08\0\0\0\x0a",
    b"Z\0\0\0\5I",
    b"D\0\0\0\x0c\0\1\0\0\0\2ab",
    b"S\0\0\0\x16server_version\x0015\0",
    b"E\0\0\0\x0cC28000\0\0",
    _HELLO,
    as_packet(2, b"\0\0\0\2\0\0\0"),
    as_packet(2, b"\xff\x15\x04"),
    as_packet(2, b"\xfe"),
    as_packet(2, b"\x01\x04"),
    as_packet(3, b"\x03def"),
    as_packet(4, b"\xfe\0\0\2\0"),
    as_packet(5, b"\x06clinic"),
    b"+PONG\r\n",
    b":0\r\n",
    b":12\r\n",
    b"-NOAUTH x\r\n",
    b"$23\r\nredis_version:7.0.15\r\n\r\n",
    b"\x15\x03\x01\0\2\2\x28",
)
_PIECES = st.one_of(
    st.sampled_from(_TRUE),
    st.sampled_from(_TRUE),
    st.tuples(st.sampled_from(_TRUE), st.integers(0, 40), st.integers(0, 255)).map(
        lambda bent: bent[0][: bent[1]] + bytes([bent[2]]) + bent[0][bent[1] + 1 :]
    ),
    st.tuples(st.sampled_from(_TRUE), st.integers(0, 40)).map(lambda cut: cut[0][: cut[1]]),
    st.binary(max_size=30),
    st.just(encode({"ok": 1})),
)
_TURNS = st.lists(st.lists(_PIECES, min_size=1, max_size=3).map(b"".join), max_size=8)


class Scripted:
    """Says one turn after another."""

    def __init__(self, turns: list[bytes], greets: bool) -> None:
        self._turns, self._greets = list(turns), greets

    def opened(self) -> Iterable[Action]:
        return self._turn() if self._greets else []

    def received(self, data: bytes) -> Iterable[Action]:
        return self._turn()

    def _turn(self) -> list[Action]:
        return [self._turns.pop(0)] if self._turns else [HangUp()]


@fuzz_for(share=1.0)
@given(
    service=st.sampled_from(_NEIGHBOURS),
    level=st.sampled_from([Level.PRESENCE, Level.ACCESS, Level.COUNTS, Level.KINDS]),
    turns=_TURNS,
    greets=st.booleans(),
    size=st.sampled_from([None, 1, 3, 50]),
)
def test_whatever_comes(service: Service, level: Level, turns: list[bytes], greets: bool, size: int | None) -> None:
    heard = probed(PROBERS[service], level, lambda law: Scripted(turns, greets), size=size)
    for call, _, said in heard.calls:
        if call.talk.level <= Level.ACCESS:
            for part in said:
                assert part.by_us or len(call.talk.reduced(part.data)) <= 2 * len(part.data) + 200
    assert replayed(PROBERS[service], level, heard) == heard.sighting
