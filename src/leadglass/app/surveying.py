"""A run of the survey, put together: the warrant, the plan, the courier and the records."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from leadglass.app.alone import alone_under
from leadglass.app.beginning import begun_in, begun_now
from leadglass.app.descriptors import raise_descriptors
from leadglass.app.resolving import resolve
from leadglass.app.user_folder import user_folder
from leadglass.net.conversing import Patience
from leadglass.net.own_addresses import own_addresses
from leadglass.survey.campaign import AT_ONCE, Progress, survey
from leadglass.survey.courier import Courier, Forbidden
from leadglass.survey.level import Level
from leadglass.survey.pace import Pacer
from leadglass.survey.probe import Prober
from leadglass.survey.probes import PROBERS
from leadglass.survey.records import Begun, RunWriter
from leadglass.survey.scope import Refusal, Warrant
from leadglass.survey.scope.signing import copied
from leadglass.survey.services import Service
from leadglass.survey.targets.locating import Located
from leadglass.survey.targets.places import Places
from leadglass.survey.targets.plan import Plan
from leadglass.survey.totals import Totals
from leadglass.terms.errors import UserFault

__all__ = ["Order", "Report", "Surveying", "opened_warrant", "own_warrant"]

_SPARE_DESCRIPTORS: Final = 128
_PATIENCE: Final = Patience()
_GENERATIONS: Final = (50_000, 20, 50)
"""A run makes and drops hundreds of thousands of small objects a second, and hardly any cycles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to do. `scope` is None for a survey of this machine."""

    folder: Path
    warrant: Warrant
    scope: Path | None = None
    level: Level = Level.KINDS
    only: tuple[str, ...] | None = None
    resume: bool = False
    patience: Patience = _PATIENCE
    tries_again: int = 1
    probers: Mapping[Service, Prober] = field(default_factory=lambda: PROBERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run ended."""

    folder: Path
    totals: Totals
    why_stopped: str = ""  # in words; "" if it came to its end
    fault: str = ""  # a fault of ours, in words
    refused: tuple[tuple[str, Refusal], ...] = ()  # what was asked for and is outside


def opened_warrant(scope: Path, trust: str = "") -> Warrant:
    """The warrant of a signed scope that is in force. UserFault says why there is none."""
    if not scope.exists():
        raise UserFault(
            f"there is no scope {scope}", "Name a signed one: --scope FILE. `leadglass survey scope new` writes one."
        )
    return Warrant.open(scope, now=datetime.now(UTC), resolve=resolve, trust=trust)


def own_warrant() -> Warrant:
    """For the addresses of this machine, level 2."""
    return Warrant.for_self(own_addresses(), now=datetime.now(UTC))


class Surveying:
    """One run. `plan` may be looked at before it begins; nothing is sent until `run`."""

    def __init__(self, order: Order) -> None:
        """UserFault if it cannot begin: the folder is taken, holds another run, or is told to stop."""
        self._order = order
        self._stop_file = order.folder / "stop"
        if self._stop_file.exists():
            raise UserFault(f"{self._stop_file} says stop", "Remove that file, then try again.")
        begun = begun_in(order.folder) if order.resume else _new_begun(order)
        if order.resume and order.level < begun.level:
            raise UserFault(
                f"the run in {order.folder} goes to level {int(begun.level)}, further than --level {int(order.level)}",
                "Leave --level out to go on as it began, or begin a new run in another folder.",
            )
        only = (begun.only or None) if order.resume else order.only
        self._begun = begun
        self.plan = Plan(order.warrant, level=begun.level, only=only, seed=begun.id.encode())
        self._plan_digest = _digest(order.warrant, self.plan)
        if order.resume and begun.plan not in ("", self._plan_digest):
            raise UserFault(
                "host names of the scope have other addresses than when this run began",
                "Begin a new run in another folder: numbers in the old one would mean other targets.",
            )
        self._why_stopped = ""

    async def run(self, tell: Callable[[Progress], None] | None = None) -> Report:
        """Look at every target that was not looked at yet. Ends within a second when told to stop.

        SIGINT and SIGTERM stop it, and so does a file `stop` in the run's folder. UserFault if another run by the scope
        is under way; UserFault and StorageFault as `RunWriter` has them.
        """
        with alone_under(self._order.scope):
            return await self._run(tell)

    async def _run(self, tell: Callable[[Progress], None] | None) -> Report:
        order = self._order
        at_once = min(AT_ONCE, raise_descriptors() - _SPARE_DESCRIPTORS)
        courier = Courier(order.warrant, Pacer(order.warrant.rates), order.patience, tries_again=order.tries_again)
        writer = self._writer()
        totals, fault = writer.found, ""
        totals.targets = len(self.plan)

        def told(progress: Progress) -> None:
            nonlocal totals, fault
            totals, fault = progress.totals, progress.fault
            if tell is not None:
                tell(progress)

        try:
            with _quick_memory(), self._listening_for_signals():
                await survey(
                    self.plan,
                    courier,
                    order.warrant.caller(),
                    Located(writer, Places(user_folder() / "places")),
                    probers=order.probers,
                    done=writer.done,
                    found=writer.found,
                    progress=told,
                    stop=self._is_told_to_stop,
                    at_once=at_once,
                )
        except Forbidden as refusal:
            self._why_stopped = str(refusal)
        finally:
            finished = totals.is_finished and not self._why_stopped
            await asyncio.to_thread(writer.close, totals.as_counts(), finished=finished)
        return Report(
            folder=order.folder,
            totals=totals,
            why_stopped=self._why_stopped,
            fault=fault,
            refused=self.plan.refused,
        )

    def _writer(self) -> RunWriter:
        order = self._order
        if order.resume:
            return RunWriter.resume(order.folder, scope_digest=order.warrant.digest)
        begun = msgspec.structs.replace(self._begun, plan=self._plan_digest)
        if order.scope is None:
            return RunWriter.create(order.folder, begun)
        scope, signature = copied(order.scope, order.warrant.digest)
        return RunWriter.create(order.folder, begun, scope=scope, signature=signature)

    def _is_told_to_stop(self) -> bool:
        if not self._why_stopped and self._stop_file.exists():
            self._why_stopped = f"the file {self._stop_file} says stop"
        return bool(self._why_stopped)

    @contextmanager
    def _listening_for_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def told(why: str) -> None:
            self._why_stopped = self._why_stopped or why

        loop.add_signal_handler(signal.SIGINT, told, "stopped from the keyboard")
        loop.add_signal_handler(signal.SIGTERM, told, "told to stop by the system")
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            loop.remove_signal_handler(signal.SIGTERM)


def _new_begun(order: Order) -> Begun:
    return begun_now(order.warrant, min(order.level, order.warrant.level), order.only or ())


def _digest(warrant: Warrant, plan: Plan) -> str:
    """Alike for two plans exactly if their numbers mean the same targets."""
    sha = hashlib.sha256(f"{len(plan)}".encode())
    for piece in warrant.ground.pieces:
        sha.update(f"|{piece.block.first:x}-{piece.block.last:x}:{sorted(piece.ports)}".encode())
    return sha.hexdigest()


@contextmanager
def _quick_memory() -> Iterator[None]:
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_GENERATIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
