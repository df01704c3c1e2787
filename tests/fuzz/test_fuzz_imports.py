"""Invariant: whatever is in a scan, a scope, a signature or a table of places, it is read or refused with words.

LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from helpers.scopes import NOW, scope_text
from leadglass.survey.addresses import key_of
from leadglass.survey.level import Level
from leadglass.survey.scope import Signed, SigningKey, Warrant, read_scope, sign, verify
from leadglass.survey.scope.explaining import explain
from leadglass.survey.targets.imports import read_scan
from leadglass.survey.targets.places.packing import countries_from, networks_from
from leadglass.survey.targets.places.table import Damaged, Table
from leadglass.survey.targets.plan import Plan
from leadglass.terms.errors import UserFault

SCANS = sorted((Path(__file__).resolve().parents[1] / "vectors/scans").iterdir())
_DAMAGE = st.tuples(st.floats(0, 1), st.binary(min_size=0, max_size=12), st.integers(0, 12))
_DAMAGES = st.lists(_DAMAGE, min_size=1, max_size=5)
_WORDS = st.sampled_from(
    (
        *("ip", "ip_str", "port", "ports", "timestamp", "services", "service_name", "observed_at", "protocols"),
        *("updated_at", "result", "hits", "data", "status", "_shodan"),
    )
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(("192.0.2.1", "1", "104/dicom")),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_WORDS, inner, max_size=5)),
    max_leaves=12,
)
_TOML_WORDS = st.sampled_from(
    ("level = 2", "192.0.2.0/24", "2026-12-01", "Example Clinic", "security@", "network", "[", "]", '"', "=", "\n")
)


def damaged(data: bytes, damages: list[tuple[float, bytes, int]]) -> bytes:
    changed = bytearray(data)
    for where, what, over in damages:
        at = int(where * len(changed))
        changed[at : at + over] = what
    return bytes(changed)


@contextmanager
def scratch() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def scanned(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with suppress(UserFault):
        for one in read_scan(path):
            key_of(one.address)
            assert 0 <= one.port < 65_536
            assert isinstance(one.seen_at, datetime)
            assert one.seen_at.tzinfo is not None
            assert len(one.product) <= 64
            assert len(one.protocol) <= 8


@fuzz_for(share=0.3)
@given(st.sampled_from(SCANS), _DAMAGES, st.floats(0, 1))
def test_damaged_scans(path: Path, damages: list[tuple[float, bytes, int]], cut: float) -> None:
    data = damaged(path.read_bytes(), damages)
    with scratch() as folder:
        scanned(folder / "scan", data[: int(cut * 2 * len(data))])


@fuzz_for(share=0.2)
@given(st.lists(_VALUES, min_size=1, max_size=4), st.booleans())
def test_made_up_json(values: list[Any], one_a_line: bool) -> None:
    lines = [msgspec.json.encode(value) for value in values]
    with scratch() as folder:
        scanned(folder / "scan", b"\n".join(lines) if one_a_line else b"[" + b",".join(lines) + b"]")


@fuzz_for(share=0.3)
@given(_DAMAGES, st.lists(st.tuples(st.floats(0, 1), _TOML_WORDS), max_size=4))
def test_damaged_scopes(damages: list[tuple[float, bytes, int]], words: list[tuple[float, str]]) -> None:
    text = scope_text().encode()
    for where, word in words:
        text = damaged(text, [(where, word.encode(), 0)])
    for data in (text, damaged(text, damages)):
        with suppress(UserFault):
            scope = read_scope(data)
            warrant = Warrant(scope, digest="", resolve=lambda _: ("192.0.2.77",))
            warrant.permits("192.0.2.1", 104, Level.ACCESS, NOW)
            explain(scope, warrant.ground, NOW)
            assert len(warrant.caller().calling_ae_title) <= 16
            Plan(warrant, level=Level.ACCESS)


@fuzz_for(share=0.1)
@given(_DAMAGES)
def test_damaged_signatures(damages: list[tuple[float, bytes, int]]) -> None:
    with scratch() as folder:
        path = folder / "scope.toml"
        path.write_text(scope_text())
        made = sign(path, SigningKey.load_or_make(folder / "key.pem"), signer="Head of IT", now=NOW)
        beside = path.with_name("scope.toml.sig")
        beside.write_bytes(damaged(beside.read_bytes(), damages))
        found = verify(path)
        if isinstance(found, Signed):  # another way to write the same
            assert found.signature == made


@fuzz_for(share=0.1)
@given(_DAMAGES)
def test_damaged_tables(damages: list[tuple[float, bytes, int]]) -> None:
    raw = (
        b'leadglass places 1\n{"of":"as","date":"2026-01-01","credit":"","rows":[2,1]}\n' + bytes(2 * 8 + 12) + b"\nAU"
    )
    with suppress(Damaged):
        table = Table.unpacked(lzma.compress(damaged(raw, damages)))
        for address in ("0.0.0.0", "255.255.255.255", "::", "2001:db8::1"):
            table.label_of(key_of(address))


_CELLS = st.one_of(
    st.sampled_from(
        ("192.0.2.0", "9.9.9.0", "9.9.9.255", "16843008", "::", "2620:fe::", "2620:fe::ff", "AU", "AS7", '"')
    ),
    st.integers().map(str),
    st.text(max_size=8),
)


@fuzz_for(share=0.1)
@given(st.lists(st.lists(_CELLS, max_size=5), max_size=6), st.binary(max_size=8), st.floats(0, 1))
def test_any_table_of_places(rows: list[list[str]], what: bytes, where: float) -> None:
    whole = "\n".join(["9.9.9.0,9.9.9.255,AU,Example", *(",".join(row) for row in rows)]).encode("utf-8", "replace")
    at = int(where * len(whole))
    with scratch() as folder:
        path = folder / "places.csv"
        for data in (whole, whole[:at] + what + whole[at:]):
            path.write_bytes(data)
            for make in (countries_from, networks_from):
                with suppress(UserFault):
                    table = make([path], date(2026, 11, 1))
                    again = Table.unpacked(table.packed())
                    for address in ("0.0.0.0", "9.9.9.9", "255.255.255.255", "::", "2620:fe::9", "ffff::"):
                        assert again.label_of(key_of(address)) == table.label_of(key_of(address))
