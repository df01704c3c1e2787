"""Requests of DIMSE peers, one line each, played against the archive's services."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from helpers.archive_world import CT, EXPLICIT, ArchiveWorld
from helpers.playbook import Playbook, context, sink
from leadglass.archive.archive import Caller
from leadglass.archive.destinations import Destination, Destinations
from leadglass.archive.dimse.finding import answer_find
from leadglass.archive.dimse.getting import answer_get
from leadglass.archive.dimse.moving import answer_move
from leadglass.archive.dimse.storing import StoreService
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import CFindRq, CGetRq, CMoveRq, CStoreRq
from leadglass.dicom.identifier import encode_identifier
from leadglass.dicom.upperlayer import ProposedContext, RoleSelection
from leadglass.net.errors import NetFault
from leadglass.terms.ae_title import AETitle

__all__ = ["Lender", "find", "get", "identifier", "move", "receiving", "store"]


def identifier(level: str, **keys: str) -> bytes:
    """A query or retrieve identifier."""
    items = {tag_of("QueryRetrieveLevel"): level, **{tag_of(keyword): value for keyword, value in keys.items()}}
    return encode_identifier(items, EXPLICIT)


def receiving(**changes: Any) -> Playbook:
    """A peer that takes CT images on context 3."""
    return Playbook(**{"contexts": {3: context(CT, 3, scu=True)}, **changes})


async def store(world: ArchiveWorld, caller: Caller, played: Playbook, content: bytes, instance: str) -> int:
    """C-STORE; the status."""
    service = StoreService(world.archive, caller, AETitle.of("SCANNER"))
    here = context(CT)
    command = CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid=instance)
    data = service.sink_for(here, command)
    data.write(memoryview(content))
    data.finish()
    await service.answer(played, here, command, data)
    await service.close()
    return int(played.final.status)


async def find(
    world: ArchiveWorld, caller: Caller, played: Playbook, asked: bytes, root: str = uids.STUDY_ROOT_FIND
) -> int:
    """C-FIND; the final status."""
    command = CFindRq(message_id=1, affected_sop_class_uid=root)
    await answer_find(world.archive, caller, played, context(root), command, sink(asked))
    return int(played.final.status)


async def get(
    world: ArchiveWorld, caller: Caller, played: Playbook, asked: bytes, root: str = uids.STUDY_ROOT_GET
) -> int:
    """C-GET; the final status."""
    command = CGetRq(message_id=1, affected_sop_class_uid=root)
    await answer_get(world.archive, caller, played, context(root), command, sink(asked))
    return int(played.final.status)


class Lender(Destinations):
    """Lends `receiver` to whoever asks; `fault` is what opening raises. `lent` says to whom."""

    def __init__(self, receiver: Playbook) -> None:
        super().__init__(AETitle.of("LEADGLASS"), lambda: None)  # type: ignore[arg-type,return-value]
        self.receiver = receiver
        self.fault: NetFault | None = None
        self.lent: list[Destination] = []
        self.opened: list[Mapping[str, Any]] = []

    @contextlib.asynccontextmanager
    async def lend(self, destination: Destination, contexts: Sequence[ProposedContext]) -> AsyncIterator[Any]:
        del contexts
        if self.fault is not None:
            raise self.fault
        self.lent.append(destination)
        yield self.receiver

    async def open(
        self, destination: Destination, contexts: Sequence[ProposedContext], roles: Sequence[RoleSelection] = ()
    ) -> Any:
        self.opened.append({"destination": destination, "roles": tuple(roles)})
        if self.fault is not None:
            raise self.fault
        return self.receiver


async def move(
    world: ArchiveWorld,
    caller: Caller,
    played: Playbook,
    lender: Lender,
    asked: bytes,
    *,
    to: str = "WS",
    root: str = uids.STUDY_ROOT_MOVE,
) -> int:
    """C-MOVE; the final status."""
    command = CMoveRq(message_id=7, affected_sop_class_uid=root, move_destination=to)
    await answer_move(world.archive, caller, lender, played, context(root), command, sink(asked))
    return int(played.final.status)
