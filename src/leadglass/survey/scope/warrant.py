"""The warrant of a run: a scope that was signed and is in force. Without one no connection is made (law 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.probe import Caller
from leadglass.survey.scope.calling import caller_for
from leadglass.survey.scope.document import Authority, Caps, Network, Pace, Rates, Scope, read_scope
from leadglass.survey.scope.ground import Grant, Ground, Piece, Resolve, ground_of
from leadglass.survey.scope.quiet import QuietHours
from leadglass.survey.scope.refusal import Refusal, Why
from leadglass.survey.scope.signing import Signature, verify
from leadglass.survey.target import Place

__all__ = ["Warrant"]

_ASK: Final = "Leave it; or have the scope's authority allow it and sign the scope anew."


class Warrant:
    """What may be sent, where, how gently and until when. Made by `open` or `for_self`; nothing in it changes."""

    def __init__(self, scope: Scope, *, digest: str, resolve: Resolve, signature: Signature | None = None) -> None:
        """For those who have verified the scope; everybody else calls `open`."""
        self.scope = scope
        self.digest = digest  # SHA-256 of the file, hex; "" if there is none
        self.signature = signature
        self.hosts: dict[str, tuple[str, ...]] = {}
        """The addresses of each host name of the scope, as they were looked up."""

        def looked_up(host_name: str) -> tuple[str, ...]:
            if host_name not in self.hosts:  # once: a name that is granted and excluded means the same addresses
                self.hosts[host_name] = tuple(resolve(host_name))
            return self.hosts[host_name]

        self.ground: Ground = ground_of(scope, looked_up)
        self._quiet = tuple(map(QuietHours.of, scope.quiet))
        self._quiet_everywhere = tuple(number for number, row in enumerate(scope.quiet) if not row.networks)
        self._from, self._until = scope.valid_from, scope.valid_until
        self._minute = -1
        self._quiet_now: frozenset[int] = frozenset()
        self._quiet_next: tuple[datetime, ...] = ()

    @classmethod
    def open(cls, path: Path, *, now: datetime, resolve: Resolve, trust: str = "") -> Warrant:
        """The warrant of a scope file. UserFault if it is unsigned, changed, not trusted, not in force or misspelt.

        `resolve` looks up host names, once; `trust` is the fingerprint of the only key that counts, "" for any.
        """
        signed = verify(path, trust)
        if isinstance(signed, Refusal):
            raise signed.as_fault()
        digest = hashlib.sha256(signed.data).hexdigest()
        scope = read_scope(signed.data, str(path))
        if refusal := in_force(scope, now):
            raise refusal.as_fault()
        return cls(scope, digest=digest, resolve=resolve, signature=signed.signature)

    @classmethod
    def for_self(cls, addresses: Iterable[str], *, now: datetime, level: Level = Level.ACCESS) -> Warrant:
        """For the machine we run on: whoever may run programs on it may look at its own addresses, for a day."""
        pace = Pace(packets_per_second=20_000, associations_per_second=2_000)
        scope = Scope(
            authority=Authority(organisation="this machine", person="whoever runs it", contact="", reference="self"),
            valid_from=now - timedelta(minutes=1),
            valid_until=now + timedelta(days=1),
            rates=Rates(packets_per_second=20_000, associations_per_second=2_000, per_network=pace, per_host=pace),
            network=[Network(addresses=list(addresses), level=int(level))],
        )
        return cls(scope, digest="", resolve=lambda _: ())

    def permits(self, address: str, port: int, level: Level, now: datetime) -> Refusal | None:
        """None if a connection to this numeric address and port may be made for a talk of this level now."""
        if not self._from <= now < self._until:
            return in_force(self.scope, now)
        piece = self.ground.at(address)
        if (refusal := _judged(piece, address, port, level)) is not None:
            return refusal
        if self._quiet and (row := self._quiet_row(piece, now)) is not None:
            return _resting(address, self._quiet[row].ends_after(now))
        return None

    def seconds_left(self, address: str, now: datetime) -> float:
        """How long a connection may go on that begins there now, which is permitted."""
        left = (self._until - now).total_seconds()
        if not self._quiet:
            return left
        piece = self.ground.at(address)
        self._look_at_the_clock(now)
        rows = self._quiet_everywhere + (piece.quiet if piece else ())
        return min([left, *((self._quiet_next[row] - now).total_seconds() for row in rows)])

    def grants(self, address: str, port: int, level: Level) -> Refusal | None:
        """As `permits`, whatever the time."""
        return _judged(self.ground.at(address), address, port, level)

    def covers(self, address: str) -> Refusal | None:
        """None if the scope speaks of the address at all, so that what others have seen there may be taken in."""
        piece = self.ground.at(address)
        if piece is None or piece.grant is None:
            return _outside(address)
        return None if piece.excluded is None else _excluded(address, 0, piece)

    def level_at(self, address: str, port: int) -> Level:
        """What is granted there, at any time; IMPORTS if nothing is."""
        return self.ground.level_at(address, port)

    def place_at(self, address: str) -> Place:
        """Whose the scope says it is, and where."""
        return self.ground.place_at(address)

    @property
    def level(self) -> Level:
        """The highest that is granted anywhere."""
        return max((piece.grant.level for piece in self.ground.pieces if piece.grant), default=Level.IMPORTS)

    @property
    def rates(self) -> Rates:
        return self.scope.rates

    @property
    def caps(self) -> Caps:
        return self.scope.caps

    def caller(self) -> Caller:
        """How every probe says who asks."""
        return caller_for(self.scope.authority)

    def _quiet_row(self, piece: Piece | None, now: datetime) -> int | None:
        self._look_at_the_clock(now)
        if not self._quiet_now:
            return None
        rows = self._quiet_everywhere + (piece.quiet if piece else ())
        return next((row for row in rows if row in self._quiet_now), None)

    def _look_at_the_clock(self, now: datetime) -> None:
        minute = int(now.timestamp()) // 60
        if minute != self._minute:
            self._quiet_now = frozenset(n for n, row in enumerate(self._quiet) if row.covers(now))
            self._quiet_next = tuple(row.begins_after(now) for row in self._quiet)
            self._minute = minute


def in_force(scope: Scope, now: datetime) -> Refusal | None:
    """None between `valid_from` and `valid_until`."""
    if now < scope.valid_from:
        return Refusal(Why.NOT_YET, f"the scope is not valid before {_moment(scope.valid_from)}", "Wait until then.")
    if now >= scope.valid_until:
        return Refusal(
            Why.EXPIRED,
            f"the scope has expired on {_moment(scope.valid_until)}",
            f"Ask {scope.authority.organisation} to allow it for longer, and sign the scope anew.",
        )
    return None


def _judged(piece: Piece | None, address: str, port: int, level: Level) -> Refusal | None:
    if piece is None or piece.grant is None:
        return _outside(address)
    if piece.excluded is not None or port in piece.excluded_ports:
        return _excluded(address, port, piece)
    if port not in piece.grant.ports:
        return _port(address, port, piece.grant)
    if max(level, Level.PRESENCE) > piece.grant.level:  # no connection is made at level 0
        return _level(address, level, piece.grant)
    return None


def _outside(address: str) -> Refusal:
    return Refusal(Why.OUTSIDE, f"{address} is in none of the scope's networks", _ASK)


def _excluded(address: str, port: int, piece: Piece) -> Refusal:
    why = piece.excluded if piece.excluded is not None else piece.excluded_ports[port]
    where = address if piece.excluded is not None else f"port {port} of {address}"
    return Refusal(Why.EXCLUDED, f"the scope excludes {where} ({why})", _ASK)


def _port(address: str, port: int, grant: Grant) -> Refusal:
    return Refusal(Why.PORT, f"the scope does not name port {port} for {address} (in {grant.written})", _ASK)


def _level(address: str, level: Level, grant: Grant) -> Refusal:
    granted = f"only level {int(grant.level)} ({grant.level.words})"
    return Refusal(Why.LEVEL, f"the scope allows {granted} for {address}, not level {int(level)}", _ASK)


def _resting(address: str, until: datetime) -> Refusal:
    return Refusal(Why.QUIET, f"quiet hours at {address} until {_moment(until)}", "Wait until then.")


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M %Z")
