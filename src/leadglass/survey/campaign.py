"""A run: every target of the plan looked at once, many at a time, never two at one host.

What may be underway grows once hosts have answered, for until then nobody knows how long to wait for the silent ones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from leadglass.net.conversing import Ending, Outcome
from leadglass.survey.chance import FreshChance
from leadglass.survey.conversation import Said
from leadglass.survey.courier import Courier
from leadglass.survey.observation import Observation, Sighting, Verdict
from leadglass.survey.probe import Caller, Prober
from leadglass.survey.recorder import Recorded, Recorder
from leadglass.survey.services import Service
from leadglass.survey.target import Target
from leadglass.survey.totals import Totals
from leadglass.terms.ceilings import MAX_SECOND_LOOKS, MAX_TARGETS_HELD_BACK
from leadglass.terms.errors import LeadglassError

__all__ = ["AT_ONCE", "Progress", "Totals", "survey"]

AT_ONCE: Final = 8192
"""Targets underway, unless told otherwise. Most wait for an answer that never comes."""
_AT_FIRST: Final = 256
_TALKING: Final = 512
"""Hosts talked to at a time. More are not faster, and firewalls between us and them keep a table."""
_AT_ONCE_AGAIN: Final = 64
"""Of those looked at a second time."""
_IN_ONE_TURN: Final = 64
"""Begun before the answers to those before are looked at."""
_TICK: Final = 0.2


class Done(Protocol):
    """Numbers of targets that were looked at before."""

    def __contains__(self, number: int, /) -> bool:
        """Whether this one was."""

    def __len__(self) -> int:
        """How many were."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A run as it stands."""

    totals: Totals
    underway: int
    is_resting: bool  # quiet hours
    fault: str = ""  # the first of ours, in words


async def survey(
    plan: Sequence[Target],
    courier: Courier,
    caller: Caller,
    recorder: Recorder,
    *,
    probers: Mapping[Service, Prober],
    done: Done = frozenset(),
    found: Totals | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
    at_once: int = AT_ONCE,
) -> Totals:
    """Walk the plan; `plan[i]` becomes observation number i + 1, and numbers in `done` are passed over.

    `found` is what was found at those: it is counted on from there.

    A target that owed us an answer on which the verdict hangs is looked at once more at the end, unhurried, and only
    then recorded: on a busy machine the delay may be ours, and a leak must not pass for a closed door.

    Ends when all is done, or within a second once `stop` says so. Raises what the courier or the recorder raise:
    Forbidden, StorageFault. Whatever was seen until then has been recorded; the recorder is still open.
    """
    run = _Run(plan, courier, caller, recorder, probers, done, at_once, found or Totals())
    tick = asyncio.get_running_loop().create_task(run.watch(stop, progress))
    try:
        await run.finished
    finally:
        tick.cancel()
        await run.halt()
        run.totals.connections = courier.connections
        if progress is not None:
            progress(run.progress)
    return run.totals


class _Run:
    """Targets underway, each in a task of its own; one that ends makes room for the next."""

    def __init__(
        self,
        plan: Sequence[Target],
        courier: Courier,
        caller: Caller,
        recorder: Recorder,
        probers: Mapping[Service, Prober],
        done: Done,
        at_once: int,
        totals: Totals,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._courier, self._caller, self._recorder, self._probers = courier, caller, recorder, probers
        self._at_once = at_once
        self.totals = totals
        self.totals.targets, self.totals.before = len(plan), len(done)
        self._fault = ""
        self._targets = self._unlooked(plan, done)
        self._unsure: list[tuple[int, Target]] = []  # to be looked at once more, when all else is done
        self._is_second_look = False
        self._is_read = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._hosts: dict[str, deque[tuple[int, Target]] | None] = {}  # busy, and what waits for it
        self._held_back = 0
        self._again: asyncio.TimerHandle | None = None
        self._ready: deque[tuple[int, Target]] = deque()
        self.finished: asyncio.Future[None] = self._loop.create_future()
        self._loop.call_soon(self._fill)

    @property
    def progress(self) -> Progress:
        return Progress(self.totals, len(self._tasks), self._courier.is_resting, self._fault)

    async def watch(self, stop: Callable[[], bool], progress: Callable[[Progress], None] | None) -> None:
        """Look up now and then: whether to stop, and to tell how it goes."""
        while True:
            if stop():
                self._end(None)
                return
            if progress is not None:
                self.totals.connections = self._courier.connections
                progress(self.progress)
            await asyncio.sleep(_TICK)

    async def halt(self) -> None:
        """Hang up on whatever is underway."""
        self._end(None)
        if self._again is not None:
            self._again.cancel()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- which target is next --------------------------------------------------------------------------------

    def _unlooked(self, plan: Sequence[Target], done: Done) -> Iterator[tuple[int, Target]]:
        for index in range(len(plan)):
            if index + 1 not in done:
                yield index + 1, plan[index]

    def _fill(self) -> None:
        """Begin as many as there is room for, some at a time."""
        try:
            room = self._room()
            for _ in range(min(room, _IN_ONE_TURN)):
                if self.finished.done() or (following := self._next()) is None:
                    break
                task = self._loop.create_task(self._look(*following))
                self._tasks.add(task)
                task.add_done_callback(self._ended)
            else:
                if not 0 < room <= _IN_ONE_TURN and self._again is None:
                    self._again = self._loop.call_later(0 if room > 0 else _TICK / 10, self._fill_again)
        except Exception as bug:
            self._end(bug)
        if self._is_read and not self._tasks and not self._ready:
            if self._unsure and not self._is_second_look and not self.finished.done():
                self._look_again()
            else:
                self._end(None)

    def _look_again(self) -> None:
        """At those who owed an answer: it may have been us who had no time for them. Few at a time now."""
        self._is_second_look = True
        self._targets, self._is_read = iter(self._unsure), False
        self._at_once = min(self._at_once, _AT_ONCE_AGAIN)
        self._fill()

    def _fill_again(self) -> None:
        self._again = None
        if not self.finished.done():
            self._fill()

    def _room(self) -> int:
        is_known = self._courier.connect_times.is_known or self.totals.looked_at >= _AT_FIRST
        at_once = self._at_once if is_known else min(_AT_FIRST, self._at_once)
        return min(at_once - len(self._tasks), _TALKING - self._courier.talking)

    def _next(self) -> tuple[int, Target] | None:
        """One whose host is free; its host is busy from now on."""
        if self._ready:
            return self._ready.popleft()
        while self._held_back < MAX_TARGETS_HELD_BACK and not self._is_read:
            following = next(self._targets, None)
            if following is None:
                self._is_read = True
                break
            address = following[1].address
            if address not in self._hosts:
                self._hosts[address] = None
                return following
            waiting = self._hosts[address]
            if waiting is None:
                waiting = self._hosts[address] = deque()
            waiting.append(following)
            self._held_back += 1
        return None

    def _free(self, address: str) -> None:
        """The host is free: for what waits for it, or for whoever comes."""
        waiting = self._hosts[address]
        if waiting:
            self._ready.append(waiting.popleft())
            self._held_back -= 1
        else:
            del self._hosts[address]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._end(fault)
        self._fill()

    def _end(self, because: BaseException | None) -> None:
        if self.finished.done():
            return
        if because is None:
            self.finished.set_result(None)
        else:
            self.finished.set_exception(because)

    # --- one target ------------------------------------------------------------------------------------------

    async def _look(self, number: int, target: Target) -> None:
        calls: list[Recorded] = []
        try:
            sighting = await self._probe(target, calls)
        except _Bug as bug:
            self.totals.faults += 1
            self._fault = self._fault or str(bug)
            return
        finally:
            self._free(target.address)
        if _is_unsure(sighting, calls) and not self._is_second_look and len(self._unsure) < MAX_SECOND_LOOKS:
            self._unsure.append((number, target))
            return
        self._recorder.record(
            Observation(
                number=number,
                target=target,
                seen_at=datetime.now(UTC),
                source="probe",
                level=target.level,
                sighting=sighting,
                seconds_to_connect=calls[0].outcome.seconds_to_connect if calls else None,
            ),
            calls,
        )
        self.totals.looked_at += 1
        self.totals.count(target.address, sighting)

    async def _probe(self, target: Target, calls: list[Recorded]) -> Sighting:
        """Let the service's probe decide, and the courier do."""
        chance = FreshChance()
        outcome: Outcome | None = None
        try:
            probe = self._probers[target.service](target, self._caller, chance)
        except Exception as bug:
            raise _Bug(target, bug) from bug
        while True:
            try:
                call = next(probe) if outcome is None else probe.send(outcome)
            except StopIteration as end:
                sighting: Sighting = end.value
                return sighting
            except Exception as bug:
                raise _Bug(target, bug) from bug
            said: list[Said] = []
            try:
                outcome = await self._courier.carry(target, call, said)
            except LeadglassError:
                raise
            except Exception as bug:
                raise _Bug(target, bug) from bug
            calls.append(Recorded(call, outcome, chance.take_drawn(), tuple(said)))


def _is_unsure(sighting: Sighting, calls: Sequence[Recorded]) -> bool:
    """Whether an answer was overdue that the verdict hangs on."""
    if all(call.outcome.ending is not Ending.STALLED for call in calls):
        return False
    verdicts = {attempt.verdict for attempt in sighting.tries}
    is_cut_short = sighting.counts is not None and (sighting.counts.is_at_least or sighting.counts.records is None)
    return is_cut_short or Verdict.UNCLEAR in verdicts or not verdicts & {Verdict.OPEN, Verdict.CLOSED}


class _Bug(Exception):
    """A probe failed on what a host said: our fault, and no reason to stop looking at the others."""

    def __init__(self, target: Target, bug: BaseException) -> None:
        super().__init__(f"the probe of {target.service} failed on port {target.port}: {type(bug).__name__}")
