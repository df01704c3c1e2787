"""Admission: what the service is told, and what becomes of its answer."""

from __future__ import annotations

import asyncio

import pytest

from helpers.counting_service import VERIFICATION, Counted, CountingService
from helpers.net_doors import open_door
from helpers.raw_peer import ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, raw_peer
from helpers.requests import association_request
from leadglass.dicom.upperlayer import AssociateRj, AssociateRq, encode_pdu
from leadglass.net.limits import Limits
from leadglass.net.service import Admission, Closing, FaultKind
from leadglass.terms.evidence import Door, Evidence


async def test_the_service_is_told_who_calls() -> None:
    counted = Counted()
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        assert await peer.associate(VERIFICATION) == ASSOCIATE_AC
    (evidence,) = counted.evidence
    assert (evidence.door, evidence.address, evidence.certificate) == (Door.DICOM, "127.0.0.1", None)
    assert evidence.calling_ae_title is not None
    assert evidence.calling_ae_title.text == "CALLER"
    assert evidence.called_ae_title is not None
    assert evidence.called_ae_title.text == "LEADGLASS"


async def test_a_rejection_goes_out_as_it_is() -> None:
    class Rejecting(CountingService):
        async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
            return AssociateRj(result=1, source=1, reason=3)

    counted = Counted()
    counted.factory = lambda: Rejecting(counted)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await peer.send(encode_pdu(association_request(VERIFICATION)))
        assert await peer.read_pdu() == (ASSOCIATE_RJ, b"\0\1\1\3")
    assert counted.closings == [Closing.REJECTED]


async def test_a_service_that_fails_rejects_and_keeps_its_secret() -> None:
    class Failing(CountingService):
        async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
            raise KeyError("DOE^JOHN")

    counted = Counted()
    counted.factory = lambda: Failing(counted)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        assert await peer.associate(VERIFICATION) == ASSOCIATE_RJ
    ((kind, _, text),) = counted.faults
    assert kind is FaultKind.LOCAL
    assert "KeyError" in text
    assert "DOE" not in text


async def test_a_farewell_that_fails_is_reported() -> None:
    class Failing(CountingService):
        async def closed(self, how: Closing) -> None:
            raise KeyError("x")

    counted = Counted()
    counted.factory = lambda: Failing(counted)
    async with open_door(counted) as door, raw_peer(door.port) as peer:
        await peer.associate(VERIFICATION)
    assert counted.faults[0][0] is FaultKind.LOCAL


async def test_who_leaves_while_being_judged_is_bidden_farewell() -> None:
    judging, go = asyncio.Event(), asyncio.Event()

    class Slow(CountingService):
        async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
            judging.set()
            await go.wait()
            return await super().admit(request, evidence)

    counted = Counted()
    counted.factory = lambda: Slow(counted)
    async with open_door(counted) as door:
        async with raw_peer(door.port) as peer:
            waiting = asyncio.ensure_future(peer.associate(VERIFICATION))
            await judging.wait()
            waiting.cancel()
        async with raw_peer(door.port):  # by now the first one's end has been seen
            go.set()
    assert counted.closings == [Closing.LOST]
    assert counted.faults == []


@pytest.mark.parametrize("sent", [b"", b"\x01", b"\x01\x00\x00\x00\x01\x00"])
async def test_who_does_not_ask_in_time_is_hung_up_on(sent: bytes) -> None:
    counted = Counted()
    async with open_door(counted, limits=Limits(artim_seconds=0.05)) as door, raw_peer(door.port) as peer:
        await peer.send(sent)
        await peer.wait_closed()
    assert counted.closings == []  # no service was ever made


async def test_who_says_nothing_more_is_aborted() -> None:
    counted = Counted()
    async with open_door(counted, limits=Limits(idle_seconds=0.05)) as door, raw_peer(door.port) as peer:
        assert await peer.associate(VERIFICATION) == ASSOCIATE_AC
        assert (await peer.read_pdu())[0] == ABORT
    assert counted.closings == [Closing.ABORTED]
