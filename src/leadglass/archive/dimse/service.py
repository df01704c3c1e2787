"""One association at the archive: who is calling, and each request handed to the service it belongs to."""

from __future__ import annotations

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.destinations import Destinations
from leadglass.archive.dimse.acceptance import OFFER, rejection_for
from leadglass.archive.dimse.committing import CommitmentService
from leadglass.archive.dimse.finding import answer_find
from leadglass.archive.dimse.getting import answer_get
from leadglass.archive.dimse.moving import answer_move
from leadglass.archive.dimse.refusing import answer_unsupported
from leadglass.archive.dimse.storing import StoreService
from leadglass.archive.dimse.verifying import answer_echo
from leadglass.dicom.dimse.messages import CEchoRq, CFindRq, CGetRq, CMoveRq, CStoreRq, NActionRq, Request
from leadglass.dicom.upperlayer import AssociateRq, NegotiatedContext, negotiate
from leadglass.net.service import Admission, Closing, DataSink, ServedAssociation
from leadglass.net.sinks import BytesSink
from leadglass.terms.evidence import Evidence
from leadglass.terms.outcome import Refused

__all__ = ["DimseService"]


class DimseService:
    """Implements net's `Service` for one association."""

    def __init__(self, archive: Archive, destinations: Destinations) -> None:
        self._archive = archive
        self._destinations = destinations
        self._caller: Caller | None = None
        self._storing: StoreService | None = None

    async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
        """Nobody without a name gets any further than this (law 1)."""
        identified = await self._archive.gate.identify(evidence)
        if isinstance(identified, Refused):
            return rejection_for(identified)
        self._caller = Caller(identified.principal, evidence.door, evidence.address)
        self._storing = StoreService(self._archive, self._caller, request.calling_ae_title)
        return negotiate(request, OFFER, identity_response=identified.server_response)

    def sink_for(self, context: NegotiatedContext, command: Request) -> DataSink:
        """C-STORE data sets go straight to the journal; everything else is short."""
        if isinstance(command, CStoreRq) and self._storing is not None:
            return self._storing.sink_for(context, command)
        return BytesSink()

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        """Answers one request."""
        archive, caller, storing = self._archive, self._caller, self._storing
        assert caller is not None
        assert storing is not None
        match command:
            case CStoreRq():
                await storing.answer(served, context, command, data)
            case CFindRq() if isinstance(data, BytesSink):
                await answer_find(archive, caller, served, context, command, data)
            case CGetRq() if isinstance(data, BytesSink):
                await answer_get(archive, caller, served, context, command, data)
            case CMoveRq() if isinstance(data, BytesSink):
                await answer_move(archive, caller, self._destinations, served, context, command, data)
            case NActionRq() if isinstance(data, BytesSink):
                await CommitmentService(archive, caller, self._destinations).answer(served, context, command, data)
            case CEchoRq():
                await answer_echo(archive, caller, served, context, command)
            case _:
                await answer_unsupported(served, context, command)

    async def closed(self, how: Closing) -> None:
        """Writes the counts of what was stored."""
        del how
        if self._storing is not None:
            await self._storing.close()
