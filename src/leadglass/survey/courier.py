"""The only one in the survey who asks for connections (law 4).

Before each: does the warrant allow it, here and now? Is it our turn? Is nobody else of ours at this host? A refusal is
raised and never swallowed: it ends the run. In quiet hours the courier rests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from leadglass.net.conversing import Conversation, Ending, Outcome, Patience, converse, standing
from leadglass.survey.conversation import Said
from leadglass.survey.level import Level
from leadglass.survey.pace import Pacer
from leadglass.survey.patience import ConnectTimes
from leadglass.survey.probe import Call
from leadglass.survey.scope.refusal import Refusal, Why
from leadglass.survey.target import Target
from leadglass.survey.transcript import Noted
from leadglass.terms.errors import LeadglassError, LocalViolation

__all__ = ["Courier", "Forbidden", "Permits"]

_REST_SECONDS: Final = 5.0
_FAR_OFF: Final = 86_400.0
"""Seconds: no talk lasts so long."""


class Forbidden(LeadglassError):
    """The warrant does not allow a connection. Says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class Permits(Protocol):
    """What the courier asks of a warrant."""

    def permits(self, address: str, port: int, level: Level, now: datetime) -> Refusal | None:
        """None if it is allowed."""

    def seconds_left(self, address: str, now: datetime) -> float:
        """How long a connection may go on that is allowed now."""


class Courier:
    """Of one run. `tries_again` is how often a host is called again that did not answer at all."""

    def __init__(
        self,
        warrant: Permits,
        pacer: Pacer,
        patience: Patience = Patience(),
        *,
        tries_again: int = 1,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.connect_times = ConnectTimes(patience)
        self.connections = 0
        """Begun in all, those that were not answered included."""
        self.rests_until: datetime | None = None
        """In quiet hours: some moment soon."""
        self._warrant = warrant
        self._pacer = pacer
        self._tries_again = tries_again
        self._now, self._sleep = now, sleep
        self._busy: set[str] = set()

    @property
    def talking(self) -> int:
        """To how many hosts we are talking right now."""
        return standing()

    @property
    def is_resting(self) -> bool:
        """Whether somebody has waited for the end of quiet hours a moment ago."""
        return self.rests_until is not None and self._now() < self.rests_until

    async def carry(self, target: Target, call: Call, said: list[Said] | None = None) -> Outcome:
        """Have the talk played at the target. What passed is put into `said`, unless it may not be transcribed.

        Forbidden if the warrant does not allow it.
        """
        if call.talk.level > target.level:
            words = f"a probe asked for level {int(call.talk.level)} where level {int(target.level)} is granted"
            raise Forbidden(Refusal(Why.LEVEL, words, "This is a fault of Leadglass: please report it."))
        if target.address in self._busy:
            raise LocalViolation("a host is called while another connection to it is open")
        talk = call.talk
        noted = Noted(talk) if said is not None and talk.level <= Level.ACCESS else None
        self._busy.add(target.address)
        try:
            outcome = await self._connect(target, call, noted or talk)
        finally:
            self._busy.discard(target.address)
        if outcome.seconds_to_connect is not None:
            self.connect_times.took(outcome.seconds_to_connect)
        if noted is not None and said is not None and talk.tally is None:
            said.extend(noted.said())
        return outcome

    async def _connect(self, target: Target, call: Call, conversation: Conversation) -> Outcome:
        """As often as it takes, each time when it is allowed and our turn."""
        attempt = 0
        while True:
            wait = self._pacer.wait_for_turn(target.address)
            if wait > 0:
                await self._sleep(wait)
            now = self._now()
            refusal = self._warrant.permits(target.address, target.port, call.talk.level, now)
            if refusal is not None:
                await self._rest(refusal)
                continue
            self.connections += 1
            turns = self._pacer.talk(target.address)
            patience = self.connect_times.patience(attempt)
            if (left := self._warrant.seconds_left(target.address, now)) < _FAR_OFF:
                patience = replace(patience, at_most=left)
            outcome = await converse(
                target.address,
                target.port,
                conversation,
                tls=call.tls,
                server_name=target.host_name,
                patience=patience,
                window=call.talk.window,
                turn=turns.turn,
            )
            if outcome.seconds_to_connect is not None:
                turns.over(outcome.bytes_sent, outcome.bytes_received)
            if outcome.ending is not Ending.SILENT or attempt >= self._tries_again:
                return outcome
            attempt += 1

    async def _rest(self, refusal: Refusal) -> None:
        """In quiet hours, for a while; Forbidden at any other time."""
        if not refusal.passes:
            raise Forbidden(refusal)
        self.rests_until = self._now() + timedelta(seconds=2 * _REST_SECONDS)
        await self._sleep(_REST_SECONDS)
