"""Invariant: whatever a server says before encryption begins is read in bounded memory, alike in any portions.

LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from leadglass.net.conversing.certificate import certificate_of
from leadglass.net.conversing.flight import Flight
from leadglass.terms.ceilings import MAX_TLS_FLIGHT

_VERSIONS = ("", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_NUMBERS = st.one_of(st.sampled_from((0x0300, 0x0301, 0x0303, 0x0304, 0x7F1C, 0)), st.integers(0, 0xFFFF))
_DER = st.one_of(st.binary(max_size=40), st.just(b"\x30\x03\x02\x01\x01"))


def sized(data: bytes, width: int, lie: int = 0) -> bytes:
    return max(0, len(data) + lie).to_bytes(width, "big") + data


_LIES = st.sampled_from((0, 0, 0, 0, -1, 1, 300))


@st.composite
def server_hellos(draw: st.DrawFn) -> bytes:
    extensions = b""
    for kind in draw(st.lists(st.sampled_from((0, 16, 43, 51)), max_size=3)):
        body = draw(st.one_of(st.binary(max_size=5), _NUMBERS.map(lambda number: number.to_bytes(2, "big"))))
        extensions += kind.to_bytes(2, "big") + sized(body, 2, draw(_LIES))
    session = sized(draw(st.binary(max_size=32)), 1)
    return draw(_NUMBERS).to_bytes(2, "big") + bytes(32) + session + b"\xc0\x2f\0" + sized(extensions, 2, draw(_LIES))


_BODIES = st.one_of(
    st.tuples(st.just(2), server_hellos()),
    st.tuples(st.just(11), _DER.map(lambda der: sized(sized(der, 3), 3))),
    st.tuples(st.just(11), st.binary(max_size=12)),
    st.tuples(st.sampled_from((12, 13, 14, 22)), st.binary(max_size=30)),
    st.tuples(st.integers(0, 255), st.binary(max_size=30)),
)


@st.composite
def flights(draw: st.DrawFn) -> bytes:
    messages = b"".join(
        bytes([kind]) + sized(body, 3, draw(_LIES)) for kind, body in draw(st.lists(_BODIES, max_size=6))
    )
    records, at = b"", 0
    while at < len(messages):
        length = draw(st.integers(1, 200))
        kind = draw(st.sampled_from((22, 22, 22, 22, 22, 22, 20, 21, 23)))
        records += bytes([kind]) + b"\x03\x03" + sized(messages[at : at + length], 2, draw(_LIES))
        at += length
    return records + draw(st.binary(max_size=8))


def read(data: bytes, portion: int) -> tuple[str, bytes | None, bool | None]:
    flight = Flight()
    for at in range(0, len(data), portion):
        flight.feed(data[at : at + portion])
        assert len(flight._records) + len(flight._messages) <= MAX_TLS_FLIGHT + portion
    assert flight.version in _VERSIONS
    assert flight.certificate is None or 0 < len(flight.certificate) <= len(data)
    certificate_of(flight.certificate)
    return flight.version, flight.certificate, flight.asks_client_certificate


@fuzz_for(share=0.7)
@given(flights(), st.integers(1, 60))
def test_flights_of_all_shapes(data: bytes, portion: int) -> None:
    assert read(data, portion) == read(data, 1) == read(data, len(data) or 1)


@fuzz_for(share=0.2)
@given(st.binary(max_size=300), st.integers(1, 60))
def test_any_bytes(data: bytes, portion: int) -> None:
    assert read(data, portion) == read(data, len(data) or 1)


@fuzz_for(share=0.1)
@given(st.integers(0, 255), st.sampled_from((b"\xff\xff", b"\x40\0", b"\0\0", b"\0\1")))
def test_without_end(kind: int, length: bytes) -> None:
    record = (
        b"\x16\x03\x03" + length + (bytes([kind]) + b"\xff\xff\xff" + bytes(70_000))[: int.from_bytes(length, "big")]
    )
    read(record * (2 * MAX_TLS_FLIGHT // len(record) + 1), 9000)
