"""Addresses as integers in one order, IPv4 before IPv6, so that a block is a pair of keys and a look-up a bisection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import pairwise
from typing import Final, NamedTuple

__all__ = ["IPV6_FIRST", "Block", "address_of", "block_of", "ip_of", "key_of", "overlaid"]

IPV6_FIRST: Final = 1 << 128
"""The key of `::`. No IPv4 key comes near it: blocks of both families never touch."""
_REMEMBERED: Final = 16_384
"""Keys: a system is asked about several times while it is looked at."""
_OCTETS: Final = {str(octet): octet for octet in range(256)}
"""As IPv4 addresses write them, without needless zeros: several times as quick as `ipaddress`."""
_MAPPED_PREFIX: Final = 0xFFFF  # ::ffff:0:0/96, RFC 4291 §2.5.5.2


class Block(NamedTuple):
    """Addresses from `first` to `last`, both included, as keys of one family."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@lru_cache(maxsize=_REMEMBERED)
def key_of(address: str) -> int:
    """The key of a numeric address. An IPv4 address written as an IPv6 one is that IPv4 address. ValueError if not."""
    if ":" not in address:
        return _ipv4_key(address)
    parsed = IPv6Address(address)
    if parsed.scope_id is not None:
        raise ValueError("an address with a zone means something else on every machine")
    return _normal(int(parsed))


def address_of(key: int) -> str:
    """The numeric address of a key, as RFC 5952 writes it."""
    if key < IPV6_FIRST:
        return f"{key >> 24}.{key >> 16 & 255}.{key >> 8 & 255}.{key & 255}"
    return str(ip_of(key))


def ip_of(key: int) -> IPv4Address | IPv6Address:
    """The address of a key."""
    return IPv4Address(key) if key < IPV6_FIRST else IPv6Address(key - IPV6_FIRST)


def block_of(text: str) -> Block:
    """The block that `192.0.2.0/24`, `192.0.2.1-192.0.2.9` or one address names.

    ValueError if the text is none of these, if bits stand behind the prefix, or if a range runs backwards.
    """
    if "%" in text:
        raise ValueError("an address with a zone means something else on every machine")
    if "/" in text:
        network = ip_network(text)
        return _checked(Block(_key(network[0]), _key(network[-1])))
    first, dash, last = text.partition("-")
    start = key_of(first.strip())
    return _checked(Block(start, key_of(last.strip()) if dash else start))


def overlaid(blocks: Sequence[Block]) -> Iterator[tuple[Block, Sequence[int]]]:
    """The pieces that the blocks cut each other into, in order, with the numbers of the blocks that lie over each."""
    edges = sorted({edge for block in blocks for edge in (block.first, block.last + 1)})
    to_come = sorted(range(len(blocks)), key=lambda number: blocks[number].first, reverse=True)
    over: list[int] = []
    for first, end in pairwise(edges):
        over = [number for number in over if blocks[number].last >= first]
        while to_come and blocks[to_come[-1]].first == first:
            over.append(to_come.pop())
        if over:
            yield Block(first, end - 1), over


def _ipv4_key(address: str) -> int:
    try:
        first, second, third, fourth = (_OCTETS[octet] for octet in address.split("."))
    except (KeyError, ValueError):
        raise ValueError(f"{address!r} is no address") from None
    return first << 24 | second << 16 | third << 8 | fourth


def _key(address: IPv4Address | IPv6Address) -> int:
    return int(address) if isinstance(address, IPv4Address) else _normal(int(address))


def _normal(ipv6: int) -> int:
    return ipv6 & 0xFFFF_FFFF if ipv6 >> 32 == _MAPPED_PREFIX else ipv6 + IPV6_FIRST


def _checked(block: Block) -> Block:
    if block.last < block.first:
        raise ValueError("a range ends before it begins")
    if (block.first < IPV6_FIRST) != (block.last < IPV6_FIRST):
        raise ValueError("a range begins in IPv4 and ends in IPv6")
    return block
