"""Invariant: whatever the bytes, the readers of data sets return or raise PeerViolation, in bounded memory.

A few seconds by default; LEADGLASS_FUZZ_SECONDS gives each target more.
"""

from __future__ import annotations

import os
import random
import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.samples import all_samples, explicit, identifying, implicit, item, nested, sequence
from leadglass.dicom.header import Header, NeedMore, read_header
from leadglass.dicom.identifier import decode_identifier, encode_identifier
from leadglass.dicom.instance_header import InstanceHeader, index_attributes
from leadglass.dicom.json import to_json
from leadglass.dicom.part10 import split
from leadglass.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from leadglass.terms.errors import PeerViolation

SECONDS = float(os.environ.get("LEADGLASS_FUZZ_SECONDS", "2"))
SYNTAXES = [
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
]
MEMORY = 8 << 20
"""Bytes one reading of a small input may allocate at its peak."""


def walk(data: bytes, transfer_syntax: str) -> None:
    for complete in (True, False):
        header = read_header(data, transfer_syntax, complete=complete)
        if isinstance(header, NeedMore):
            assert not complete
            assert header.at_least > len(data)
        else:
            assert isinstance(header, Header)
            assert isinstance(index_attributes(header, transfer_syntax), InstanceHeader)


def render(data: bytes, transfer_syntax: str) -> None:
    assert to_json(data, transfer_syntax).startswith(b"{")


def query(data: bytes, transfer_syntax: str) -> None:
    decoded = decode_identifier(data, EXPLICIT_VR_LITTLE_ENDIAN if "99" in transfer_syntax else transfer_syntax)
    assert isinstance(encode_identifier(decoded, EXPLICIT_VR_LITTLE_ENDIAN), bytes)


def cut(data: bytes, transfer_syntax: str) -> None:
    assert 132 <= split(data).dataset_offset <= len(data)


TARGETS = [walk, render, query, cut]


def quietly(target: Callable[[bytes, str], None], data: bytes, transfer_syntax: str) -> None:
    refusal: PeerViolation | None = None
    try:
        target(data, transfer_syntax)
    except PeerViolation as raised:
        refusal = raised
    assert refusal is None or refusal.answer.status in (0xC000, 0xA900)


# --- bytes made of pieces that mean something ------------------------------------------------------------------

_TAG = st.sampled_from([0x00080005, 0x00080016, 0x00081140, 0x00091010, 0x00100010, 0x0020000D, 0x00400275, 0x7FE00010])
_VR = st.sampled_from(["UI", "PN", "SQ", "UN", "OB", "OW", "US", "DS", "AT", "UT", "ZZ", "??"])
_LENGTH = st.one_of(st.none(), st.sampled_from([0, 1, 7, 8, 0xFFFE, 0xFFFF]))
_LONG = st.one_of(st.none(), st.sampled_from([0, 1, 8, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 1 << 25]))
_LONG_VRS = ("OB", "OW", "SQ", "UN", "UT")


@st.composite
def _explicit(draw: st.DrawFn, body: st.SearchStrategy[bytes]) -> bytes:
    vr = draw(_VR)
    return explicit(draw(_TAG), vr, draw(body), length=draw(_LONG if vr in _LONG_VRS else _LENGTH))


_LEAF = st.binary(max_size=12) | st.sampled_from([implicit(0xFFFEE00D), implicit(0xFFFEE0DD), implicit(0xFFFEE000)])
_PIECE = st.recursive(
    _LEAF,
    lambda inner: (
        _explicit(inner)
        | st.builds(lambda tag, body, length: implicit(tag, body, length=length), _TAG, inner, _LONG)
        | st.builds(lambda body, delimited: item(body, is_delimited=delimited), inner, st.booleans())
        | st.builds(lambda tag, body, d: sequence(tag, item(body), is_delimited=d), _TAG, inner, st.booleans())
        | st.lists(inner, max_size=4).map(b"".join)
    ),
    max_leaves=12,
)
_DATA = st.binary(max_size=200) | st.lists(_PIECE, max_size=6).map(b"".join)


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: t.__name__)
def test_made_up_data_sets_are_read_or_refused(target: Callable[[bytes, str], None]) -> None:
    deadline = time.monotonic() + SECONDS / 2

    @settings(max_examples=int(400 * max(1.0, SECONDS)), deadline=None, suppress_health_check=list(HealthCheck))
    @given(_DATA, st.sampled_from(SYNTAXES))
    def check(data: bytes, transfer_syntax: str) -> None:
        if time.monotonic() < deadline:
            quietly(target, b"\0" * 128 + b"DICM" + data if target is cut else data, transfer_syntax)

    check()


# --- real files, damaged ---------------------------------------------------------------------------------------


def _damaged(data: bytes, chance: random.Random) -> bytes:
    raw = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(raw)) if raw else 0
        match chance.randrange(5):
            case 0:
                raw[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                raw[at : at + 4] = b"\xff\xff\xff\xff"
            case 2:
                del raw[at : at + chance.randint(1, 20)]
            case 3:
                raw[at:at] = raw[chance.randrange(len(raw) + 1) :][: chance.randint(1, 60)]
            case _:
                del raw[max(8, at) :]
    return bytes(raw)


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: t.__name__)
def test_damaged_real_files_are_read_or_refused(target: Callable[[bytes, str], None]) -> None:
    seed = 20201121 if SECONDS <= 2 else time.time_ns()
    chance = random.Random(seed)
    small = [s for s in all_samples() if s.path.stat().st_size < 20_000]
    deadline = time.monotonic() + SECONDS
    runs = 0
    while time.monotonic() < deadline or runs < 20:
        found = chance.choice(small)
        data = found.data() if target is cut else found.data_set_bytes()
        damaged = _damaged(data, chance)
        try:
            quietly(target, damaged, found.transfer_syntax())
        except BaseException as fault:
            fault.add_note(f"seed {seed}, run {runs}, {found.name}: {damaged[:4000].hex()}")
            raise
        runs += 1


@pytest.mark.parametrize(
    "data",
    [
        nested(3000, is_delimited=True),
        nested(3000, is_delimited=False),
        explicit(0x00091010, "OB", b"x", length=0xFFFFFFFE),
        b"".join(identifying())
        + explicit(0x00091010, "UN", implicit(0xFFFEE000, length=0xFFFFFFFF), length=0xFFFFFFFF),
        explicit(0x00080005, "CS", b"ISO 2022 IR 87\\" * 1000),
        implicit(0xFFFEE000) * 2000,
    ],
    ids=["deep", "deep-defined", "lying", "open-un", "charsets", "items"],
)
@pytest.mark.parametrize("target", [walk, render, query], ids=lambda t: t.__name__)
def test_memory_stays_small(target: Callable[[bytes, str], None], data: bytes) -> None:
    quietly(target, b"", EXPLICIT_VR_LITTLE_ENDIAN)  # tables are built once
    tracemalloc.start()
    try:
        for transfer_syntax in SYNTAXES:
            quietly(target, data, transfer_syntax)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY
