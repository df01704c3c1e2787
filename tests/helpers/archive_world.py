"""An archive on memory doubles: every port can be made to fail on cue, nothing waits and nothing touches a socket."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from helpers.memory_index import MemoryIndex
from helpers.memory_journal import MemoryIncoming, MemoryJournal
from helpers.memory_ledger import MemoryLedger
from leadglass.archive.archive import Archive, Caller
from leadglass.archive.indexing import IndexQueue
from leadglass.archive.metadata.keeper import MetadataKeeper
from leadglass.archive.metadata.renderer import Renderer
from leadglass.archive.pixels import PixelWorkers, TranscodingFault
from leadglass.archive.storing import Announced, StoreOutcome, StoringSession
from leadglass.archive.study_keys import StudyKeys
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.identifier import encode_identifier
from leadglass.dicom.part10 import file_meta
from leadglass.gate.accounts import Accounts
from leadglass.gate.devices import Device
from leadglass.gate.door import Gate
from leadglass.gate.grants import Effect
from leadglass.gate.identity import Identity
from leadglass.gate.passwords import Passwords
from leadglass.gate.registry import Registry
from leadglass.gate.revision import Revision
from leadglass.store.keys import KeyRing
from leadglass.terms.errors import LeadglassError
from leadglass.terms.evidence import Door
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength
from leadglass.terms.visibility import Selector, SelectorKind

__all__ = ["AT", "CT", "EVERYTHING", "EXPLICIT", "ArchiveWorld", "data_set"]

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CT = uids.CT_IMAGE_STORAGE
EXPLICIT = uids.EXPLICIT_VR_LITTLE_ENDIAN
EVERYTHING = Selector(SelectorKind.EVERYTHING)
_PIXEL_DATA = b"\xe0\x7f\x10\x00OW\x00\x00"


def data_set(
    study: str = "1.2.1", instance: str = "1.2.1.1.1", pixels: bytes = b"pixels..", **attributes: str
) -> bytes:
    """The data set of a CT image in explicit VR little endian. Name only what the test is about."""
    said = {
        "SOPClassUID": CT,
        "SOPInstanceUID": instance,
        "StudyInstanceUID": study,
        "SeriesInstanceUID": f"{study}.1",
        "PatientID": "P1",
        "PatientName": "Doe^Jane",
        "Modality": "CT",
        "StudyDate": "20260301",
        **attributes,
    }
    head = encode_identifier({tag_of(keyword): value for keyword, value in said.items() if value}, EXPLICIT)
    return head + _PIXEL_DATA + len(pixels).to_bytes(4, "little") + pixels


class CuedPixels(PixelWorkers):
    """Turns anything it says it can into `turned`, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.turned: bytes | None = None

    async def transcode(self, part10: bytes | memoryview, target: str) -> bytes:
        if self.turned is None:
            raise TranscodingFault("on cue")
        return self.turned


@dataclass
class ArchiveWorld:
    """`archive` is what deeds are given; `folder` holds keys and the revision file."""

    folder: Path
    index: MemoryIndex = field(default_factory=MemoryIndex)
    journal: Any = field(default_factory=MemoryJournal)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    pixels: CuedPixels = field(default_factory=CuedPixels)
    reported: list[LeadglassError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = AT
        self.ring = KeyRing.open(self.folder / "keys")
        revision = Revision(self.folder / "revision")
        self.registry = Registry(self.index, lambda: self.now, revision)
        accounts = Accounts(self.index, revision)
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        gate = Gate(Identity(accounts, cheap), accounts, self.ledger, pseudonym_key=b"k" * 32, clock=lambda: self.now)
        keys = StudyKeys(self.index, self.ring)
        self.archive = Archive(
            database=self.index,
            journal=self.journal,
            keys=keys,
            index=IndexQueue(self.index),
            gate=gate,
            pixels=self.pixels,
            metadata=MetadataKeeper(self.index, self.journal, keys, Renderer(), self.reported.append),
            wall_clock=lambda: self.now,
            report=self.reported.append,
        )

    async def close(self) -> None:
        self.ledger.broken = self.index.broken = False
        await self.archive.metadata.close()
        await self.archive.gate.close()
        await self.journal.close()
        await self.index.close()

    async def device(self, name: str = "scanner", actions: Collection[Action] = (), address: str = "") -> Caller:
        """A weak device; without `actions` it may store and nothing else."""
        enrolled = Device(
            id=f"dev-{name}",
            name=name,
            ae_title=name.upper(),
            networks=(ip_network("10.0.0.0/24"),),
            actions=frozenset(actions),
            address=address,
        )
        await self.registry.add_device(enrolled)
        may = frozenset(actions) or frozenset({Action.STORE})
        principal = Principal(
            enrolled.id, name, PrincipalKind.DEVICE, frozenset({Role.DEVICE}), Strength.WEAK, may | {Action.VERIFY}
        )
        return Caller(principal, Door.DICOM, "10.0.0.7")

    async def reader(self, *actions: Action, selector: Selector = EVERYTHING, name: str = "ann") -> Caller:
        """A clinician with a grant for `actions` on what `selector` says."""
        account = await self.registry.add_user(name, "hash", frozenset({Role.CLINICIAN}))
        if actions:
            await self.registry.add_grant(
                account.id, Effect.ALLOW, frozenset(actions), selector, by="machine", why="care"
            )
        return Caller(account.principal(), Door.DICOM_TLS, "10.0.0.8")

    def received(self, content: bytes, instance: str = "1.2.1.1.1", syntax: str = EXPLICIT) -> MemoryIncoming:
        """A finished object, as a door hands it over."""
        incoming = self.journal.incoming(file_meta(CT, instance, syntax))
        incoming.write(memoryview(content))
        incoming.finish()
        return incoming

    async def store(self, caller: Caller, content: bytes, syntax: str = EXPLICIT) -> StoreOutcome:
        """One instance through a session of its own."""
        session = StoringSession(self.archive, caller, "session")
        try:
            return await session.store(self.received(content), Announced("", "", syntax))
        finally:
            await session.close()
