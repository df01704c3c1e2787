"""C-MOVE destinations: enrolled devices only, reached over pooled associations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from leadglass.dicom import uids
from leadglass.dicom.upperlayer import AssociateRq, ProposedContext, RoleSelection, UserInformation
from leadglass.gate.devices import Device
from leadglass.net.connector import RequestedAssociation, open_association
from leadglass.net.errors import TlsFault
from leadglass.net.tls import TlsContext
from leadglass.store.index.retrieval import StoredObject
from leadglass.terms.ae_title import AETitle
from leadglass.terms.ceilings import MAX_PRESENTATION_CONTEXTS

__all__ = ["Destination", "Destinations", "batches"]

_IDLE_SECONDS: Final = 10.0  # an association kept for the next move to the same destination
_CONNECT_SECONDS: Final = 15.0
_UNCOMPRESSED: Final = (uids.EXPLICIT_VR_LITTLE_ENDIAN, uids.IMPLICIT_VR_LITTLE_ENDIAN)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an enrolled device listens."""

    ae_title: str
    host: str
    port: int
    uses_tls: bool
    fingerprint: str = ""
    """Of the certificate it must show: another enrolled device at its address is not it."""

    @classmethod
    def of(cls, device: Device) -> Destination:
        """Where `device`, which has an address, listens."""
        host, _, port = device.address.rpartition(":")
        return cls(device.ae_title, host.strip("[]"), int(port), device.tls_only, device.fingerprint)


class Destinations:
    """Lends associations to destinations. `tls` makes the context used towards TLS devices."""

    def __init__(self, ae_title: AETitle, tls: Callable[[], TlsContext]) -> None:
        self._ae_title = ae_title
        self._tls = tls
        self._idle: dict[tuple[Destination, frozenset[ProposedContext]], RequestedAssociation] = {}
        self._timers: dict[tuple[Destination, frozenset[ProposedContext]], asyncio.TimerHandle] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._releases: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def lend(
        self, destination: Destination, contexts: Sequence[ProposedContext]
    ) -> AsyncIterator[RequestedAssociation]:
        """An association with `destination`, an idle one if there is one. NetFault if there is none to be had.

        It goes back to the pool unless the block raised or the association ended.
        """
        key = (destination, frozenset(contexts))
        association = self._take(key)
        if association is None:
            association = await self.open(destination, contexts)
        try:
            yield association
        except BaseException:
            association.abort()
            raise
        if association.is_open:
            self._keep(key, association)

    async def open(
        self, destination: Destination, contexts: Sequence[ProposedContext], roles: Sequence[RoleSelection] = ()
    ) -> RequestedAssociation:
        """A new association with `destination`. NetFault says why there is none."""
        request = AssociateRq(
            called_ae_title=AETitle.of(destination.ae_title),
            calling_ae_title=self._ae_title,
            contexts=tuple(contexts),
            user_information=UserInformation(
                implementation_class_uid=uids.IMPLEMENTATION_CLASS_UID,
                implementation_version_name=uids.IMPLEMENTATION_VERSION_NAME,
                roles=tuple(roles),
            ),
        )
        tls = self._tls() if destination.uses_tls else None
        association = await open_association(
            destination.host, destination.port, request, tls=tls, timeout=_CONNECT_SECONDS
        )
        shown = association.evidence.certificate
        if tls is not None and (shown is None or shown.fingerprint != destination.fingerprint):
            association.abort()
            raise TlsFault(
                f"{destination.host}:{destination.port} shows another certificate than the enrolled device's"
            )
        return association

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work`, which talks to a destination, after the association it came from has ended."""
        _start(work, self._background)

    async def close(self) -> None:
        """Releases all idle associations, and ends what runs in the background."""
        for task in self._background:
            task.cancel()
        for key in list(self._idle):
            self._let_go(key)
        await asyncio.gather(*self._background, *self._releases, return_exceptions=True)

    def _take(self, key: tuple[Destination, frozenset[ProposedContext]]) -> RequestedAssociation | None:
        association = self._idle.pop(key, None)
        if association is not None:
            self._timers.pop(key).cancel()
        return association if association is not None and association.is_open else None

    def _keep(self, key: tuple[Destination, frozenset[ProposedContext]], association: RequestedAssociation) -> None:
        self._let_go(key)
        self._idle[key] = association
        self._timers[key] = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._let_go, key)

    def _let_go(self, key: tuple[Destination, frozenset[ProposedContext]]) -> None:
        association = self._take(key)
        if association is not None:
            _start(association.release(), self._releases)


def _start(work: Coroutine[Any, Any, None], running: set[asyncio.Task[None]]) -> None:
    """Runs `work`; `running` holds it until it ends, as the event loop itself does not."""
    task = asyncio.create_task(work)
    running.add(task)
    task.add_done_callback(running.discard)


def batches(objects: Sequence[StoredObject]) -> Iterator[tuple[list[StoredObject], list[ProposedContext]]]:
    """The objects in their order, cut so that each part fits the presentation contexts of one association.

    Each stored form is proposed as it is, and each SOP class once more uncompressed, for a receiver that needs that.
    """
    part: list[StoredObject] = []
    forms: dict[tuple[str, tuple[str, ...]], None] = {}
    for stored in objects:
        wanted = [(stored.sop_class_uid, (stored.transfer_syntax_uid,)), (stored.sop_class_uid, _UNCOMPRESSED)]
        new = [form for form in wanted if form not in forms]
        if len(forms) + len(new) > MAX_PRESENTATION_CONTEXTS:
            yield part, _proposed(forms)
            part, forms = [], {}
            new = wanted
        part.append(stored)
        forms.update(dict.fromkeys(new))
    if part:
        yield part, _proposed(forms)


def _proposed(forms: Iterable[tuple[str, tuple[str, ...]]]) -> list[ProposedContext]:
    return [
        ProposedContext(2 * position + 1, abstract_syntax, transfer_syntaxes)
        for position, (abstract_syntax, transfer_syntaxes) in enumerate(sorted(forms))
    ]
