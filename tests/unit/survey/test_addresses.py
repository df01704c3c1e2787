"""Addresses and blocks as integers."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.survey.addresses import IPV6_FIRST, Block, address_of, block_of, key_of, overlaid


@given(st.ip_addresses())
def test_an_address_survives_its_key(address: IPv4Address | IPv6Address) -> None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        assert address_of(key_of(str(address))) == str(address.ipv4_mapped)
    else:
        assert address_of(key_of(str(address))) == str(address)


def test_an_ipv4_address_in_ipv6_clothes_is_that_ipv4_address() -> None:
    assert key_of("::ffff:192.0.2.1") == key_of("192.0.2.1")
    assert key_of("::192.0.2.1") > IPV6_FIRST


@pytest.mark.parametrize(
    "text", ["", "x", "192.0.2", "192.0.2.256", "192.0.2.01", "fe80::1%eth0", "1", " 192.0.2.1", "٣.1.1.1"]
)
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        key_of(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("192.0.2.0/24", 256),
        ("192.0.2.7", 1),
        ("192.0.2.7/32", 1),
        ("192.0.2.1-192.0.2.9", 9),
        ("192.0.2.1 - 192.0.2.9", 9),
        ("2001:db8::/64", 1 << 64),
        ("::/0", 1 << 128),
        ("0.0.0.0/0", 1 << 32),
    ],
)
def test_a_block_is_a_network_a_range_or_one_address(text: str, size: int) -> None:
    assert block_of(text).size == size


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.1/24",
        "192.0.2.9-192.0.2.1",
        "192.0.2.1-2001:db8::1",
        "192.0.2.0/33",
        "a-b",
        "/",
        "-",
        "192.0.2.0/24-192.0.2.9",
    ],
)
def test_what_is_no_block(text: str) -> None:
    with pytest.raises(ValueError):
        block_of(text)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12))
def test_pieces_tell_which_blocks_lie_over_each_number(pairs: list[tuple[int, int]]) -> None:
    blocks = [Block(first, first + length) for first, length in pairs]
    pieces = [(block, tuple(over)) for block, over in overlaid(blocks)]
    assert [piece.first for piece, _ in pieces] == sorted({piece.first for piece, _ in pieces})
    told = {number: set(over) for piece, over in pieces for number in range(piece.first, piece.last + 1)}
    for number in range(90):
        assert told.get(number, set()) == {n for n, block in enumerate(blocks) if block.first <= number <= block.last}


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_is_as_ipaddress_has_it(address: IPv4Address, prefix: int) -> None:
    network = ip_network(f"{address}/{prefix}", strict=False)
    assert block_of(str(network)) == Block(int(network[0]), int(network[-1]))
