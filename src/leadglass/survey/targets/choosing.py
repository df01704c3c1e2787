"""A run limited to some hosts: `host`, `host:port`, networks and ranges, one a line, held against the warrant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from leadglass.survey.addresses import Block, address_of, block_of, overlaid
from leadglass.survey.level import Level
from leadglass.survey.scope import Refusal, Warrant, Why
from leadglass.survey.scope.ground import is_host_name
from leadglass.terms.errors import UserFault

__all__ = ["Choice", "chosen", "lines_of"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Blocks that do not overlap, in order, each with the ports asked for (None: those of the scope)."""

    blocks: tuple[tuple[Block, frozenset[int] | None], ...]
    refused: tuple[tuple[str, Refusal], ...]


def lines_of(text: str) -> list[str]:
    """What a list names: one a line, `#` begins a comment."""
    return [word for line in text.splitlines() if (word := line.partition("#")[0].strip())]


def chosen(texts: Iterable[str], warrant: Warrant) -> Choice:
    """What the texts choose, and what of it the warrant does not allow. UserFault names a text that is none."""
    blocks: list[Block] = []
    ports: list[int | None] = []
    refused: list[tuple[str, Refusal]] = []
    for number, text in enumerate(texts, 1):
        host, port = _split(text, number)
        found = list(_blocks(host, text, number, warrant))
        refusal = _refusal(host, port, found, warrant)
        if refusal is not None:
            refused.append((text, refusal))
        blocks.extend(found)
        ports.extend([port] * len(found))
    pieces = ((block, _union(ports[number] for number in over)) for block, over in overlaid(blocks))
    return Choice(tuple(pieces), tuple(refused))


def _split(text: str, number: int) -> tuple[str, int | None]:
    """Host and port of `192.0.2.1:104`, `[2001:db8::1]:104`, `pacs.example.org` …"""
    host, port = text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536):
        raise UserFault(f"target {number}: {text!r} has no port between 1 and 65535", "Write host or host:port.")
    return host, int(port)


def _blocks(host: str, text: str, number: int, warrant: Warrant) -> Iterator[Block]:
    try:
        yield block_of(host)
        return
    except ValueError:
        if not is_host_name(host):
            raise UserFault(
                f"target {number}: {text!r} is no host, network or host:port",
                "Write 192.0.2.1, 192.0.2.1:104, [2001:db8::1]:104 or 192.0.2.0/28.",
            ) from None
    for piece in warrant.ground.pieces:
        if piece.grant is not None and piece.grant.host_name == host:
            yield piece.block


def _refusal(host: str, port: int | None, blocks: list[Block], warrant: Warrant) -> Refusal | None:
    if not blocks:
        return Refusal(Why.OUTSIDE, f"the scope does not name the host {host}", "Write its address, or add the name.")
    for block in blocks:
        if block.size == 1:
            return _refused_host(address_of(block.first), port, warrant)
        inside = sum(part.size for part, piece in warrant.ground.within(block) if piece.ports)
        if inside < block.size:
            return Refusal(
                Why.OUTSIDE,
                f"the scope allows {inside:,} of the {block.size:,} addresses of {host}",
                "Leave the others.",
            )
    return None


def _refused_host(address: str, port: int | None, warrant: Warrant) -> Refusal | None:
    if (refusal := warrant.covers(address)) is not None:
        return refusal
    if port is None:
        piece = warrant.ground.at(address)
        port = next(iter(piece.ports), 0) if piece is not None else 0
    return warrant.grants(address, port, Level.PRESENCE)


def _union(ports: Iterable[int | None]) -> frozenset[int] | None:
    named = set(ports)
    return None if None in named else frozenset(port for port in named if port is not None)
