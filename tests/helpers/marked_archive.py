"""A running archive that holds marked studies, and short words for letting people in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.archive_server import ArchiveServer, run_archive
from helpers.marked import MarkedImage, MarkedStudy
from helpers.telling import enrol_tls_device, tell
from helpers.visiting import Destination, Visit, Visitor, destination, visit
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CStoreRq
from leadglass.terms.evidence import UserIdentity

__all__ = ["PASSCODE", "WORKSTATION", "MarkedArchive", "marked_archive", "store"]

PASSCODE: Final = "correct horse battery"
WORKSTATION: Final = "WORKSTATION"
"""AE title of the enrolled C-MOVE destination."""


@dataclass(frozen=True, slots=True)
class MarkedArchive:
    """The server, and where it sends what is moved."""

    server: ArchiveServer
    destination: Destination

    async def person(self, name: str, *, role: str = "clinician") -> Visitor:
        """An account whose passcode is PASSCODE."""
        await tell(self.server, "user add", name=name, roles=[role], passcode=PASSCODE)
        return Visitor(tls=True, identity=UserIdentity(2, name.encode(), PASSCODE.encode()))

    async def token(self, name: str, *, studies: str = "") -> Visitor:
        """An API token, shown as a user identity of type 5."""
        created = await tell(
            self.server, "token create", name=name, role="clinician", expires="1h", studies=studies, allow=[]
        )
        return Visitor(tls=True, identity=UserIdentity(5, created["token"].encode(), b""))

    async def device(self, name: str, *, allow: str = "") -> Visitor:
        """A device with a certificate; its AE title is its name in capitals."""
        title = name.upper()
        return Visitor(title, tls=True, files=await enrol_tls_device(self.server, name, title, allow=allow))

    async def weak_device(self, name: str, *, network: str = "127.0.0.0/8", allow: Sequence[str] = ()) -> Visitor:
        """A device of the plain port, known by its AE title and network."""
        await tell(self.server, "device add", name=name, ae_title=name.upper(), networks=[network], allow=allow)
        return Visitor(name.upper())

    async def grant(
        self, to: str, *actions: str, study: MarkedStudy | None = None, deny: bool = False, form: str = "identified"
    ) -> str:
        """A grant of (or a denial of) one study, or of everything; its id."""
        granted = await tell(
            self.server,
            "grant add",
            to=to,
            allow=() if deny else actions,
            deny=actions if deny else (),
            studies=f"study:{study.study_instance_uid}" if study else "everything",
            form=form,
            why="a test",
        )
        return str(granted["id"])


@asynccontextmanager
async def marked_archive(home: Path, *studies: MarkedStudy, configuration: str = "") -> AsyncIterator[MarkedArchive]:
    """An archive in `home` with the studies in it, stored by a device over TLS."""
    async with destination() as to:
        with run_archive(home, configuration=configuration) as server:
            here = MarkedArchive(server, to)
            await tell(
                server,
                "device add",
                name="workstation",
                ae_title=WORKSTATION,
                networks=["10.99.0.0/16"],
                listens_at=f"127.0.0.1:{to.tap.port}",
            )
            async with visit(server, await here.device("sender"), uids.CT_IMAGE_STORAGE) as storing:
                for study in studies:
                    for image in study.images:
                        assert await store(storing, image) == 0
            yield here


async def store(storing: Visit, image: MarkedImage) -> int:
    """The status of one C-STORE."""
    context = storing.context(image.sop_class_uid)
    assert context is not None
    assert storing.association is not None
    message = CStoreRq(
        message_id=storing.association.next_message_id(),
        affected_sop_class_uid=image.sop_class_uid,
        affected_sop_instance_uid=image.sop_instance_uid,
    )
    return (await storing.association.request(context, message, image.data_set())).status
