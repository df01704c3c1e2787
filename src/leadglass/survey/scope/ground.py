"""The ground a scope covers: its networks laid out side by side, the smaller ones on top, exclusions cut out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from leadglass.survey.addresses import Block, address_of, block_of, key_of, overlaid
from leadglass.survey.level import Level
from leadglass.survey.scope.document import Network, Scope
from leadglass.survey.services import Service, service_of_port
from leadglass.survey.target import Place
from leadglass.terms.errors import UserFault

__all__ = ["Grant", "Ground", "Piece", "Resolve", "ground_of"]

_NO_HOSTS: Final = {
    block_of("0.0.0.0/8"): "no host has such an address: whoever calls it calls this machine",  # RFC 1122 §3.2.1.3
    block_of("::"): "no host has this address: whoever calls it calls this machine",  # RFC 4291 §2.5.2
    block_of("224.0.0.0/3"): "no host has such an address: they are those of groups, or reserved",  # RFC 1112 §4
    block_of("ff00::/8"): "no host has such an address: they are those of groups",  # RFC 4291 §2.7
}
_NOBODYS: Final = tuple(map(block_of, ("127.0.0.0/8", "169.254.0.0/16", "::1", "fe80::/10")))
"""Addresses that mean another host on each machine, or this one: a name in somebody's DNS has them by mistake, or lest
we find out whom we call."""
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_ADDRESSES_KEPT: Final = 16_384  # a system is asked about for each of its connections

Resolve: TypeAlias = Callable[[str], Sequence[str]]
"""The addresses of a host name; empty if it has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """What is allowed at an address."""

    level: Level
    place: Place
    ports: Mapping[int, Service]
    written: str  # the line of the scope that says so
    host_name: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Addresses of which all the same is true."""

    block: Block
    grant: Grant | None  # None: only an exclusion or quiet hours lie here
    excluded: str | None = None  # why nothing here may be touched
    excluded_ports: Mapping[int, str] = field(default_factory=dict)  # port: why
    quiet: tuple[int, ...] = ()  # rows of the scope's quiet hours

    @property
    def ports(self) -> Mapping[int, Service]:
        """Where to look; empty if nothing here may be touched."""
        if self.grant is None or self.excluded is not None:
            return {}
        if not self.excluded_ports:
            return self.grant.ports
        return {port: kind for port, kind in self.grant.ports.items() if port not in self.excluded_ports}


class Ground:
    """Pieces in the order of their addresses."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces: Sequence[Piece] = tuple(pieces)
        self._starts = [piece.block.first for piece in self.pieces]
        self._found = lru_cache(maxsize=_ADDRESSES_KEPT)(self._find)

    def at(self, address: str) -> Piece | None:
        """The piece a numeric address lies in; None outside all, and for anything that is no address."""
        return self._found(address)

    def _find(self, address: str) -> Piece | None:
        try:
            key = key_of(address)
        except ValueError:
            return None
        place = bisect_right(self._starts, key) - 1
        piece = self.pieces[place] if place >= 0 else None
        return piece if piece is not None and key <= piece.block.last else None

    def level_at(self, address: str, port: int) -> Level:
        """What is granted there, at any time; IMPORTS if nothing is."""
        piece = self.at(address)
        return piece.grant.level if piece and piece.grant and port in piece.ports else Level.IMPORTS

    def place_at(self, address: str) -> Place:
        """Whose the scope says it is, and where."""
        piece = self.at(address)
        return piece.grant.place if piece and piece.grant else Place()

    def within(self, block: Block) -> Iterator[tuple[Block, Piece]]:
        """The parts of `block` that lie on this ground, in order."""
        for place in range(max(0, bisect_right(self._starts, block.first) - 1), len(self.pieces)):
            piece = self.pieces[place]
            if piece.block.first > block.last:
                return
            if piece.block.last >= block.first:
                yield Block(max(block.first, piece.block.first), min(block.last, piece.block.last)), piece


def ground_of(scope: Scope, resolve: Resolve) -> Ground:
    """The scope's ground. Host names are looked up now, once. UserFault names an entry that cannot be used."""
    layers = [*_granted(scope, resolve), *_excluded(scope, resolve), *_quiet(scope, resolve)]
    layers += [
        _Layer(block, why=why) for block, why in _NO_HOSTS.items() if any(_meet(block, layer.block) for layer in layers)
    ]
    return Ground(_pieces(layers))


@dataclass(frozen=True, slots=True)
class _Layer:
    """One block of the scope and what it says."""

    block: Block
    grant: Grant | None = None
    rank: tuple[int, int, int] = (0, 0, 0)  # size, level, order: of several grants the lowest wins
    why: str | None = None  # of an exclusion
    ports: frozenset[int] = frozenset()  # of an exclusion; empty: all
    quiet: int | None = None


def _granted(scope: Scope, resolve: Resolve) -> Iterable[_Layer]:
    claimed: dict[Block, str] = {}
    kinds = {port: service for service in Service for port in scope.ports_of(service)}
    for number, network in enumerate(scope.network, 1):
        where = f"network {number}"
        ports = _ports(scope, network, kinds)
        for text in network.addresses:
            for block, host_name in _blocks(text, where, resolve):
                if host_name:
                    _check_named(block, host_name, where)
                elif claimed.setdefault(block, where) != where:
                    raise UserFault(f"{where} and {claimed[block]} both grant {text}", "Keep one of the two.")
                grant = Grant(network.granted, _place(network), ports, text, host_name)
                yield _Layer(block, grant, (block.size, network.level, number))


def _ports(scope: Scope, network: Network, kinds: Mapping[int, Service]) -> Mapping[int, Service]:
    services = network.services or (() if network.ports else tuple(Service))
    named = {port: service for service in services for port in scope.ports_of(service)}
    return named | {port: kinds.get(port, service_of_port(port)) for port in network.ports}


def _place(network: Network) -> Place:
    return Place(
        organisation=network.organisation, country=network.country, state=network.state, district=network.district
    )


def _excluded(scope: Scope, resolve: Resolve) -> Iterable[_Layer]:
    for number, exclusion in enumerate(scope.exclude, 1):
        for text in exclusion.addresses:
            for block, _ in _blocks(text, f"exclude {number}", resolve):
                yield _Layer(block, why=exclusion.why or text, ports=frozenset(exclusion.ports))


def _quiet(scope: Scope, resolve: Resolve) -> Iterable[_Layer]:
    for number, quiet in enumerate(scope.quiet):
        for text in quiet.networks:
            for block, _ in _blocks(text, f"quiet {number + 1}", resolve):
                yield _Layer(block, quiet=number)


def _blocks(text: str, where: str, resolve: Resolve) -> Iterable[tuple[Block, str]]:
    try:
        return [(block_of(text), "")]
    except ValueError as error:
        if not is_host_name(text):
            raise UserFault(
                f"{where}: {text!r} is no address, network, range or host name ({error})",
                "Write 192.0.2.0/24, 192.0.2.1-192.0.2.9, 2001:db8::7 or pacs.example.org.",
            ) from None
    keys = [key_of(address) for address in resolve(text)]
    if not keys:
        raise UserFault(f"{where}: {text} has no address", "Correct the name, or write its address.")
    return [(Block(key, key), text) for key in keys]


def _check_named(block: Block, host_name: str, where: str) -> None:
    if any(_meet(block, it) for it in _NOBODYS) and host_name.lower() != "localhost":
        address = address_of(block.first)
        raise UserFault(
            f"{where}: {host_name} has the address {address}, which is another host on every machine",
            "Correct its name, or write the address that is meant.",
        )


def _meet(one: Block, other: Block) -> bool:
    return one.first <= other.last and other.first <= one.last


def is_host_name(text: str) -> bool:
    """Whether this can be a name (RFC 1123 §2.1): letters, digits, hyphens and dots; and no number at its end, which
    many take for an address in an old way of writing."""
    labels = text.removesuffix(".").split(".")
    return (
        len(text) <= 253
        and not _NUMBER.fullmatch(labels[-1])
        and all(0 < len(label) <= 63 and label[0] != "-" != label[-1] and _is_word(label) for label in labels)
    )


def _is_word(label: str) -> bool:
    return label.isascii() and label.replace("-", "").replace("_", "").isalnum()


def _pieces(layers: Sequence[_Layer]) -> Iterable[Piece]:
    for block, numbers in overlaid([layer.block for layer in layers]):
        over = [layers[number] for number in sorted(numbers)]
        granted = [layer for layer in over if layer.grant is not None]
        why = [layer.why for layer in over if layer.why is not None and not layer.ports]
        yield Piece(
            block,
            min(granted, key=lambda layer: layer.rank).grant if granted else None,
            excluded=why[0] if why else None,
            excluded_ports={port: layer.why for layer in over if layer.why is not None for port in layer.ports},
            quiet=tuple(layer.quiet for layer in over if layer.quiet is not None),
        )
