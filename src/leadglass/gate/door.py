"""The gate every door leads through: who, may they, written down, and only then released (law 1)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from leadglass.gate import ledger, policy
from leadglass.gate.accounts import Accounts
from leadglass.gate.devices import Device
from leadglass.gate.identity import Identity
from leadglass.gate.ledger import Access, Entry, Episodes, Event, Outcome, Pseudonyms, in_parts
from leadglass.gate.ledger import EpisodeUse as Episode
from leadglass.gate.ledger.episodes import Sink
from leadglass.gate.refusals import Refusal, Refusals
from leadglass.gate.sessions import Session
from leadglass.gate.standing import Standing
from leadglass.gate.writing import called_ae_title_of, entry_about
from leadglass.terms.errors import LedgerFault, StorageFault
from leadglass.terms.evidence import Door, Evidence
from leadglass.terms.outcome import Decision, Identified, RefusalReason, Refused
from leadglass.terms.principal import Action, Principal
from leadglass.terms.visibility import NOTHING, StudyFacts, Visibility

__all__ = ["Disclosed", "Episode", "Event", "Gate", "Outcome"]

SECONDS_BETWEEN_COUNTS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What one query answer tells its reader: whose, and which study ("" at patient level)."""

    patient_id: str
    issuer_of_patient_id: str = ""
    study_instance_uid: str = ""


class Gate:
    """The one facade the doors and deeds use. `clock` gives wall time with a zone."""

    def __init__(
        self,
        identity: Identity,
        accounts: Accounts,
        record: Sink,
        *,
        pseudonym_key: bytes,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._accounts = accounts
        self._ledger = record
        self._pseudonyms = Pseudonyms(pseudonym_key)
        self._clock = clock
        self._monotonic = monotonic
        self._episodes = Episodes(record, clock)
        # Counted apart, so that a flood of strangers never hides what somebody with a name was refused.
        self._strangers = Refusals()
        self._named = Refusals()
        self._counting: asyncio.Task[None] | None = None

    async def identify(self, evidence: Evidence) -> Identified | Refused:
        """Who is calling. A refusal has been given to the ledger already; so has an association that is let in."""
        found = await self._identity.identify(evidence, self._clock())
        if isinstance(found, Refused):
            self._note(
                self._strangers,
                Refusal(found, evidence.door, evidence.address, called_ae_title=called_ae_title_of(evidence)),
            )
            return found
        try:
            if evidence.calling_ae_title is not None:  # an association: web requests are recorded by what they do
                self._ledger.append_soon(self._associated(found.principal, evidence))
        except LedgerFault:
            return Refused(RefusalReason.LEDGER_UNAVAILABLE, found.principal.id)
        return found

    async def session(self, token: str) -> Session | None:
        """The console session behind this cookie, with its CSRF token; None if it has ended or cannot be told."""
        return await self._identity.session(token, self._clock())

    def may(self, principal: Principal, action: Action) -> Decision:
        """Whether the caller may do this at all, before any study is named. Not recorded: call `refused`."""
        return policy.may(principal, action)

    async def admit(self, principal: Principal, action: Action) -> Decision:
        """`may`, as of this moment: a device revoked in mid-association is refused. Not recorded: call `refused`."""
        _, ended = await self._standing(principal)
        return Refused(ended, principal.id, action) if ended is not None else policy.may(principal, action)

    async def visibility(self, principal: Principal, action: Action) -> Visibility:
        """The studies the caller may do `action` with, as of this moment; NOTHING if that cannot be told."""
        standing, ended = await self._standing(principal)
        if ended is not None:
            return NOTHING
        return policy.visibility(principal, action, standing.grants, self._clock())

    async def judge(self, principal: Principal, action: Action, study: StudyFacts) -> Decision:
        """Whether the caller may do `action` with this study, as of this moment. Not recorded: call `refused`."""
        standing, ended = await self._standing(principal)
        if ended is not None:
            return Refused(ended, principal.id, action)
        return policy.judge(principal, action, study, standing.grants, self._clock())

    async def admit_store(self, principal: Principal, study: StudyFacts) -> Decision:
        """Whether the caller may add to this study: `judge` with `Action.STORE`."""
        return await self.judge(principal, Action.STORE, study)

    async def destination(self, ae_title: str) -> Device | Refused:
        """The enrolled device that takes what is sent to this AE title (its `address` is "host:port").

        Refused unless there is exactly one: images never go to whichever of two happens to be first.
        """
        try:
            called = await self._accounts.devices_called(ae_title) if ae_title.isprintable() else ()
        except StorageFault:
            return Refused(RefusalReason.IDENTITY_UNAVAILABLE, ae_title)
        standing = [device for device in called if device.revoked_at is None and device.address]
        return standing[0] if len(standing) == 1 else Refused(RefusalReason.DESTINATION_NOT_ENROLLED, ae_title)

    async def record_query(
        self,
        principal: Principal,
        door: Door,
        address: str,
        level: str,
        keys: Sequence[str],
        answers: Sequence[Disclosed],
    ) -> None:
        """Durable on return; only then may this page of answers leave. LedgerFault: nothing may leave.

        `keys` are the keywords matched on (never their values). A page without answers tells nothing of anybody, so
        it is written soon rather than waited for.
        """
        distinct = dict.fromkeys(answers)  # a page at image level names the same study again and again
        entry = entry_about(
            principal,
            at=self._clock(),
            event=Event.QUERIED,
            door=door,
            address=address,
            action=Action.QUERY.value,
            disclosed=tuple(
                ledger.Disclosed(one.study_instance_uid, self.pseudonym(one.patient_id, one.issuer_of_patient_id))
                for one in distinct
            ),
            counts={"answers": len(answers)},
            detail={"level": level, "keys": " ".join(keys)},
        )
        if not answers:
            self._ledger.append_soon(entry)
            return
        for part in in_parts(entry):
            await self._ledger.append(part)

    def episode(
        self,
        principal: Principal,
        study: StudyFacts,
        action: Action,
        door: Door,
        address: str,
        *,
        because: tuple[str, ...] = (),
        association: str = "",
    ) -> AbstractAsyncContextManager[Episode]:
        """`async with gate.episode(...) as episode:`; LedgerFault on entering: nothing may be released.

        `because` are the grants that opened it (`Allowed.because`). `association` names the association for stores:
        each has an episode of its own, closed when its last use is over.
        """
        return self._episode(
            Access(
                principal=principal,
                action=action,
                study_instance_uid=study.study_instance_uid,
                patient=self.pseudonym(study.patient_id, study.issuer_of_patient_id),
                door=door,
                address=address,
                because=because,
                association=association,
            )
        )

    async def record(
        self,
        event: Event,
        principal: Principal,
        door: Door,
        address: str,
        *,
        study: StudyFacts | None = None,
        action: Action | None = None,
        reason: str = "",
        outcome: Outcome = Outcome.ALLOWED,
        counts: Mapping[str, int] | None = None,
        detail: Mapping[str, str | int | bool] | None = None,
    ) -> None:
        """Any other deed (a duplicate refused, a commitment, a deletion, an administration): durable on return."""
        await self._ledger.append(
            entry_about(
                principal,
                at=self._clock(),
                event=event,
                door=door,
                address=address,
                outcome=outcome,
                action=action.value if action is not None else "",
                reason=reason,
                study_instance_uid=study.study_instance_uid if study is not None else "",
                patient=self.pseudonym(study.patient_id, study.issuer_of_patient_id) if study is not None else "",
                counts=counts or {},
                detail=detail or {},
            )
        )

    async def refused(
        self, refusal: Refused, door: Door, address: str, *, study_instance_uid: str = "", patient: str = ""
    ) -> None:
        """Writes down what somebody with a name was refused. `patient` is a pseudonym, see `pseudonym`.

        The same again is counted, and written now and then. Never raises: if the ledger is down, nothing is released
        anyway.
        """
        self._note(self._named, Refusal(refusal, door, address, study_instance_uid, patient))

    def not_signed_in(self, refusal: Refused, address: str) -> None:
        """Writes down that somebody could not sign in to the console; `refusal.who` is not believed."""
        self._note(self._strangers, Refusal(refusal, Door.CONSOLE, address))

    def turned_away(self, reason: RefusalReason, door: Door, address: str) -> None:
        """Writes down a caller who was refused before it could say a name: its certificate did not hold."""
        self._note(self._strangers, Refusal(Refused(reason), door, address))

    def pseudonym(self, patient_id: str, issuer_of_patient_id: str = "") -> str:
        """How the ledger names this patient; "" for an empty id."""
        return self._pseudonyms.of(patient_id, issuer_of_patient_id)

    async def close(self) -> None:
        """Writes down what is still only counted and closes all episodes. The ledger itself stays open.

        LedgerFault if the counts of an episode could not be recorded.
        """
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait([self._counting])
        at, now = self._clock(), self._monotonic()
        self._write_soon([*self._strangers.all(at, now), *self._named.all(at, now)])
        try:
            await self._episodes.close()
        finally:
            await self._identity.close()

    @asynccontextmanager
    async def _episode(self, access: Access) -> AsyncIterator[Episode]:
        with await self._episodes.open(access) as use:
            yield use

    async def _standing(self, principal: Principal) -> tuple[Standing, RefusalReason | None]:
        """What stands about the principal, and why it may do nothing any more (None if it may)."""
        try:
            standing = await self._accounts.standing(principal)
        except StorageFault:
            return Standing(), RefusalReason.IDENTITY_UNAVAILABLE
        return standing, standing.ended(self._clock())

    def _associated(self, principal: Principal, evidence: Evidence) -> Entry:
        calling = evidence.calling_ae_title
        titles = {"called_ae_title": called_ae_title_of(evidence), "calling_ae_title": calling.text if calling else ""}
        return entry_about(
            principal,
            at=self._clock(),
            event=Event.ASSOCIATED,
            door=evidence.door,
            address=evidence.address,
            detail=titles,
        )

    def _note(self, refusals: Refusals, refusal: Refusal) -> None:
        self._write_soon(refusals.add(refusal, self._clock(), self._monotonic()))
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._write_counts(), name="leadglass-refusals")

    async def _write_counts(self) -> None:
        """Writes counts when they are due, as long as there are any."""
        while self._strangers or self._named:
            await asyncio.sleep(SECONDS_BETWEEN_COUNTS)
            at, now = self._clock(), self._monotonic()
            self._write_soon([*self._strangers.due(at, now), *self._named.due(at, now)])

    def _write_soon(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            with suppress(LedgerFault):  # nothing was released; the ledger says itself what it could not write
                self._ledger.append_soon(entry)
