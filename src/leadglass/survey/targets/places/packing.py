"""A table made from CSV of address ranges: `first,last,country` or `first,last,AS number,AS name`.

Addresses may be written as numbers or as addresses. What lies in special-purpose
blocks (loopback, private, documentation …) is left out: such an address is in no country.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from leadglass.survey.addresses import IPV6_FIRST, Block, key_of, overlaid
from leadglass.survey.targets.places.table import Head, Table
from leadglass.terms.errors import UserFault

__all__ = ["COUNTRY_CREDIT", "NETWORK_CREDIT", "countries_from", "networks_from"]

COUNTRY_CREDIT: Final = (
    "Country of an address: geo-whois-asn-country of ip-location-db (CC0), from data of the NRO (nro.net, CC BY 4.0)."
)
NETWORK_CREDIT: Final = (
    "Network of an address: asn of ip-location-db, from Route Views (routeviews.org), "
    "DB-IP (https://db-ip.com) and the NRO (nro.net), all CC BY 4.0."
)
_ADVICE: Final = "Take the CSV files of ip-location-db as they are: first,last,country and first,last,number,name."

_Labeller: TypeAlias = Callable[[Sequence[str]], str]


class _Range(NamedTuple):
    block: Block
    label: str


def countries_from(paths: Iterable[Path], when: date, credit: str = COUNTRY_CREDIT) -> Table:
    """The table of countries. UserFault names the file and line that cannot be read."""
    return _table("country", when, credit, [one for path in paths for one in _ranges(path, _country)])


def networks_from(paths: Iterable[Path], when: date, credit: str = NETWORK_CREDIT) -> Table:
    """The table of AS numbers with their names. UserFault as above."""
    return _table("as", when, credit, [one for path in paths for one in _ranges(path, _network)])


def _country(fields: Sequence[str]) -> str:
    code = fields[2].strip().upper()
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise ValueError("field 3 is no country code (ISO 3166-1 alpha-2)")
    return code


def _network(fields: Sequence[str]) -> str:
    number = fields[2].strip().upper().removeprefix("AS")
    if not (number.isascii() and number.isdigit() and len(number) <= 10):
        raise ValueError("field 3 is no AS number")
    name = " ".join(fields[3].split()) if len(fields) > 3 else ""
    return f"{int(number)} {name}"[:200]


def _ranges(path: Path, label_of: _Labeller) -> Iterator[_Range]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.reader(file)
        try:
            for fields in rows:
                if not fields:
                    continue
                if len(fields) < 3:
                    raise ValueError("there are fewer than three fields")
                block = Block(_key(fields[0], 1), _key(fields[1], 2))
                if block.last < block.first or (block.first < IPV6_FIRST) != (block.last < IPV6_FIRST):
                    raise ValueError("the range ends before it begins")
                if _is_public(block.first):
                    yield _Range(block, label_of(fields))
        except (ValueError, csv.Error) as error:
            raise UserFault(f"{path}, line {rows.line_num}: {error}", _ADVICE) from None


def _key(text: str, field: int) -> int:
    text = text.strip()
    try:
        if text.isascii() and text.isdigit() and len(text) < 40:
            number = int(text)
            return number if number < 1 << 32 else key_of(str(ip_address(number)))
        return key_of(text)
    except ValueError:
        raise ValueError(f"field {field} is no address") from None


def _is_public(key: int) -> bool:
    return ip_address(key if key < IPV6_FIRST else key - IPV6_FIRST).is_global


def _table(of: str, when: date, credit: str, ranges: list[_Range]) -> Table:
    numbers: dict[str, int] = {"": 0}
    columns = []
    for is_ipv6 in (False, True):
        family = [one for one in ranges if (one.block.first >= IPV6_FIRST) == is_ipv6]
        edges = list(_edges(family, shift=64 if is_ipv6 else 0, base=IPV6_FIRST if is_ipv6 else 0))
        columns.append(([start for start, _ in edges], [numbers.setdefault(label, len(numbers)) for _, label in edges]))
    head = Head(of=of, date=when.isoformat(), credit=credit, rows=(len(columns[0][0]), len(columns[1][0])))
    return Table(head, [starts for starts, _ in columns], [labels for _, labels in columns], list(numbers))


def _edges(ranges: Sequence[_Range], *, shift: int, base: int) -> Iterator[tuple[int, str]]:
    """Where the label changes. Of ranges that overlap the smaller counts: it knows more."""
    blocks = [Block((one.block.first - base) >> shift, (one.block.last - base) >> shift) for one in ranges]
    label, end = "", 0
    for block, over in overlaid(blocks):
        if block.first > end and label:
            label = ""
            yield end, label
        following = ranges[min(over, key=lambda number: ranges[number].block.size)].label
        if following != label:
            label = following
            yield block.first, label
        end = block.last + 1
    if label and end < 1 << (64 if shift else 32):
        yield end, ""
