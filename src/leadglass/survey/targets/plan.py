"""The plan of a run: every target the warrant allows, by number, without holding any.

The order is fixed by the seed and spreads neighbours apart: each step goes on by about the golden section of the
whole, so that of any k targets in a row no two lie closer together than some n/4k. Ports of one host and hosts of one
network come far from each other, and every network is asked evenly.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import Final, NamedTuple

from leadglass.survey.addresses import Block, address_of
from leadglass.survey.level import Level
from leadglass.survey.scope import Refusal, Warrant
from leadglass.survey.scope.ground import Grant, Piece
from leadglass.survey.services import Service
from leadglass.survey.target import Target
from leadglass.survey.targets.choosing import Choice, chosen
from leadglass.terms.ceilings import MAX_PLAN
from leadglass.terms.errors import UserFault

__all__ = ["Plan"]

_GOLDEN: Final = 0.6180339887498949
_CANDIDATES: Final = 256  # steps looked at; among so many some fit any size


class _Row(NamedTuple):
    """Addresses one after another that are looked at on the same ports."""

    first: int  # key of the first address
    grant: Grant
    doors: Sequence[tuple[int, Service]]


class Plan(Sequence[Target]):
    """`plan[i]` costs a bisection. The same warrant, level, choice and seed give the same plan."""

    refused: tuple[tuple[str, Refusal], ...] = ()
    """What was chosen and the warrant does not allow, as it was written, and why."""

    def __init__(
        self,
        warrant: Warrant,
        *,
        level: Level,
        only: Iterable[str] | None = None,
        seed: bytes = b"",
    ) -> None:
        """`only` names hosts, networks and `host:port` to which the run is limited. UserFault if that is misspelt, or
        if there are more targets than anybody can walk."""
        self._level, self._caps = level, warrant.caps
        self._rows: list[_Row] = []
        self._ends: list[int] = []  # targets up to the end of each row
        if only is None:
            for piece in warrant.ground.pieces:
                self._add(piece.block, piece, None)
        else:
            choice = chosen(only, warrant)
            self.refused = choice.refused
            self._add_chosen(choice, warrant)
        self._size = self._ends[-1] if self._ends else 0
        if self._size > MAX_PLAN:
            raise UserFault(
                f"{self._size:,} targets are more than a run can walk",
                "Name hosts of the larger networks with --only, or smaller networks in the scope.",
            )
        draw = int.from_bytes(hashlib.sha256(seed).digest())
        self._start = draw % max(1, self._size)
        self._step = _spreading(self._size, backwards=draw >> 255 == 1)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> Target:  # type: ignore[override]  # no slices
        if not -self._size <= index < self._size:
            raise IndexError(index)
        spot = (self._start + index * self._step) % self._size
        place = bisect_right(self._ends, spot)
        row = self._rows[place]
        address, door = divmod(spot - (self._ends[place - 1] if place else 0), len(row.doors))
        port, service = row.doors[door]
        return self._target(address_of(row.first + address), port, service, row.grant)

    def walk(self, first: int = 0) -> Iterator[tuple[int, Target]]:
        """The targets from number `first` on, each with its number."""
        for index in range(first, self._size):
            yield index, self[index]

    def _target(self, address: str, port: int, service: Service, grant: Grant) -> Target:
        return Target(
            address=address,
            port=port,
            service=service,
            level=min(self._level, grant.level),
            host_name=grant.host_name,
            place=grant.place,
            records_cap=self._caps.records_per_system,
            samples_cap=self._caps.samples_per_system,
        )

    def _add_chosen(self, choice: Choice, warrant: Warrant) -> None:
        for block, ports in choice.blocks:
            for part, piece in warrant.ground.within(block):
                self._add(part, piece, ports)

    def _add(self, block: Block, piece: Piece, ports: frozenset[int] | None) -> None:
        if piece.grant is None or min(self._level, piece.grant.level) < Level.PRESENCE:
            return
        doors = tuple(door for door in piece.ports.items() if ports is None or door[0] in ports)
        if doors:
            so_far = self._ends[-1] if self._ends else 0
            self._rows.append(_Row(block.first, piece.grant, doors))
            self._ends.append(so_far + block.size * len(doors))


def _spreading(size: int, *, backwards: bool) -> int:
    """A step near the golden section that meets every target once, and stays even over any stretch."""
    near = round(size * _GOLDEN)
    steps = [step for step in range(max(1, near), near + _CANDIDATES) if gcd(step, size) == 1]
    step = min(steps, key=lambda step: _unevenness(step, size))
    return -step if backwards else step


def _unevenness(step: int, size: int) -> int:
    """The largest partial quotient of step/size: the less, the further apart are targets that follow each other."""
    largest = 0
    while step:
        largest = max(largest, size // step)
        size, step = step, size % step
    return largest
