"""C-ECHO: success for those with a name, 0124 once it was taken away."""

from __future__ import annotations

from helpers.archive_world import ArchiveWorld
from helpers.playbook import Playbook, context
from leadglass.archive.dimse.verifying import answer_echo
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CEchoRq
from leadglass.gate.ledger import Event


async def test_echo_and_echo_after_revocation(world: ArchiveWorld) -> None:
    scanner, played = await world.device(), Playbook()
    for _ in range(2):
        await answer_echo(world.archive, scanner, played, context(uids.VERIFICATION), CEchoRq(message_id=9))
        await world.registry.revoke_device("scanner") if len(played.sent) == 1 else None
    assert played.responses() == ["CEchoRsp 0000", "CEchoRsp 0124"]
    assert played.final.message_id_being_responded_to == 9
    assert [entry.reason for entry in world.ledger.of(Event.REFUSED)] == ["the device was revoked"]
