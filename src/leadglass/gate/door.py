"""The gate every door leads through: who, may they, written down, and only then released (law 1)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from leadglass.terms.evidence import Door, Evidence
from leadglass.terms.outcome import Decision, Identified, Refused
from leadglass.terms.principal import Action, Principal
from leadglass.terms.visibility import StudyFacts, Visibility

__all__ = ["Disclosed", "Episode", "Gate"]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What one query answer tells its reader: whose, and which study ("" at patient level)."""

    patient_id: str
    issuer_of_patient_id: str = ""
    study_instance_uid: str = ""


class Episode:
    """One principal at one study through one door. Its opening entry is durable before `async with` enters."""

    def count(self, instances: int, octets: int) -> None:
        """Adds what has been released (or stored). Cheap: written when the episode closes or every few seconds."""
        raise NotImplementedError


class Gate:
    """The one facade the doors and deeds use."""

    async def identify(self, evidence: Evidence) -> Identified | Refused:
        """Who is calling. A refusal has been written to the ledger already."""
        raise NotImplementedError

    def may(self, principal: Principal, action: Action) -> Decision:
        """Whether the caller may do this at all, before any study is named. Not recorded: call `refused`."""
        raise NotImplementedError

    async def visibility(self, principal: Principal, action: Action) -> Visibility:
        """The studies the caller may do `action` with, as of this moment."""
        raise NotImplementedError

    async def judge(self, principal: Principal, action: Action, study: StudyFacts) -> Decision:
        """Whether the caller may do `action` with this study, as of this moment. Not recorded: call `refused`."""
        raise NotImplementedError

    async def admit_store(self, principal: Principal, study: StudyFacts) -> Decision:
        """Whether the caller may add to this study: `judge` with `Action.STORE`."""
        raise NotImplementedError

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

        `keys` are the keywords matched on (never their values).
        """
        raise NotImplementedError

    def episode(
        self,
        principal: Principal,
        study: StudyFacts,
        action: Action,
        door: Door,
        address: str,
        *,
        because: tuple[str, ...] = (),
    ) -> AbstractAsyncContextManager[Episode]:
        """`async with gate.episode(...) as episode:`; LedgerFault on entering: nothing may be released.

        `because` are the grants that opened it (`Allowed.because`).
        """
        raise NotImplementedError

    async def refused(
        self, refusal: Refused, door: Door, address: str, *, study_instance_uid: str = "", patient: str = ""
    ) -> None:
        """Writes a refusal down. Floods of the same refusal are counted exactly but written only now and then.

        Never raises: if the ledger is down, nothing is released anyway.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Writes down what is still only counted."""
        raise NotImplementedError
