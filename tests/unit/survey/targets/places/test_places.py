"""Country and network of an address."""

from __future__ import annotations

import lzma
import re
from contextlib import suppress
from datetime import date
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadglass.survey.addresses import key_of
from leadglass.survey.targets.places import Places
from leadglass.survey.targets.places.packing import countries_from, networks_from
from leadglass.survey.targets.places.places import COUNTRIES
from leadglass.survey.targets.places.table import Damaged, Table
from leadglass.terms.errors import UserFault

DAY = date(2026, 6, 17)
SHIPPED = Path(__file__).resolve().parents[5] / "src/leadglass/survey/targets/places"


@pytest.fixture(scope="module")
def places() -> Places:
    return Places()


def test_what_comes_with_leadglass(places: Places) -> None:
    assert places.place_of("8.8.8.8")[:2] == ("US", 15169)
    assert places.place_of("2001:4860:4860::8888")[:2] == ("US", 15169)
    assert places.place_of("193.0.6.139")[0] == "NL"
    assert "Google" in places.place_of("8.8.8.8")[2]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.1.2.3",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "fe80::1",
        "fd00::1",
        "2001:db8::1",
        "ff02::1",
        "::",
        "not-an-address",
    ],
)
def test_special_addresses_are_nowhere(places: Places, address: str) -> None:
    assert places.place_of(address) == ("", 0, "")


def test_age_and_credit_are_there_to_be_shown(places: Places) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", places.date)
    for name in ("CC0", "nro.net", "CC BY 4.0", "routeviews.org", "https://db-ip.com"):
        assert name in places.credit


def test_the_packed_tables_are_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.glob("*.xz")) < 3_000_000


def csv_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ranges.csv"
    path.write_text(text)
    return path


def test_packing_and_looking_up(tmp_path: Path) -> None:
    rows = (
        "1.0.0.0,1.0.0.255,AU\n"
        "16777472,16778239,CN\n"  # 1.0.1.0 - 1.0.3.255
        "1.0.8.0,1.0.15.255,cn\n"
        "1.0.9.0,1.0.9.255,JP\n"  # inside the one before
        "2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n"
        "10.0.0.0,10.255.255.255,ZZ\n"
        "255.0.0.0,255.255.255.255,ZZ\n"
    )
    table = Table.unpacked(countries_from([csv_of(tmp_path, rows)], DAY).packed())
    for address, country in (
        ("0.255.255.255", ""),
        ("1.0.0.0", "AU"),
        ("1.0.0.255", "AU"),
        ("1.0.1.0", "CN"),
        ("1.0.3.255", "CN"),
        ("1.0.4.0", ""),
        ("1.0.8.1", "CN"),
        ("1.0.9.1", "JP"),
        ("1.0.10.1", "CN"),
        ("1.0.16.0", ""),
        ("10.1.1.1", ""),
        ("2001:200::1", "JP"),
        ("2001:201::", ""),
        ("::", ""),
    ):
        assert table.label_of(key_of(address)) == country, address
    assert table.head.date == "2026-06-17"


def test_networks_have_number_and_name(tmp_path: Path) -> None:
    table = networks_from([csv_of(tmp_path, '1.0.0.0,1.0.0.255,13335,"Example,  Inc."\n')], DAY)
    assert Table.unpacked(table.packed()).label_of(key_of("1.0.0.7")) == "13335 Example, Inc."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.0.0.0,1.0.0.255,AU\n1.0.0.0,x,AU\n", "line 2: field 2 is no address"),
        ("1.0.0.9,1.0.0.1,AU\n", "line 1: the range ends before it begins"),
        ("1.0.0.0,2001::,AU\n", "line 1: the range ends before it begins"),
        ("1.0.0.0,1.0.0.255\n", "line 1: there are fewer than three fields"),
        ("1.0.0.0,1.0.0.255,Australia\n", "line 1: field 3 is no country code"),
        (f"{'9' * 39},{'9' * 39},AU\n", "line 1: field 1 is no address"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserFault, match=re.escape(words)):
        countries_from([csv_of(tmp_path, text)], DAY)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60), st.sampled_from(["AU", "CN", "DE"])), max_size=12))
def test_the_smallest_range_counts(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, str]]) -> None:
    base = int(ip_address("1.0.0.0"))
    text = "".join(f"{base + first},{base + first + length},{code}\n" for first, length, code in rows)
    table = countries_from([csv_of(tmp_path_factory.mktemp("places"), text)], DAY)
    for number in range(300):
        over = [(length, order) for order, (first, length, _) in enumerate(rows) if first <= number <= first + length]
        smallest = {rows[order][2] for length, order in over if length == min(over)[0]}
        assert table.label_of(base + number) in (smallest or {""})


def test_refreshed_tables_take_the_place_of_those_that_were_shipped(tmp_path: Path) -> None:
    table = countries_from([csv_of(tmp_path, "8.8.8.0,8.8.8.255,FR\n")], DAY)
    (tmp_path / COUNTRIES).write_bytes(table.packed())
    assert Places(tmp_path).place_of("8.8.8.8")[:2] == ("FR", 15169)
    (tmp_path / COUNTRIES).write_bytes(b"junk")
    with pytest.raises(UserFault, match=r"country\.xz: it is cut short"):
        Places(tmp_path).place_of("8.8.8.8")


def test_damage_is_noticed(tmp_path: Path) -> None:
    packed = countries_from([csv_of(tmp_path, "1.0.0.0,1.0.0.255,AU\n2001:200::,2001:201::,JP\n")], DAY).packed()
    raw = lzma.decompress(packed)
    for length in range(len(packed)):
        with pytest.raises(Damaged):
            Table.unpacked(packed[:length])
    for length in range(len(raw) - 6):
        with pytest.raises(Damaged):
            Table.unpacked(lzma.compress(raw[:length]))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 0xFF
        with suppress(Damaged):
            Table.unpacked(lzma.compress(bytes(changed))).label_of(key_of("1.0.0.1"))
