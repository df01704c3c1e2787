"""Calling peers: who answers, who rejects, who is not there."""

from __future__ import annotations

import asyncio
import socket

import pytest

from helpers.counting_service import CT, SHORT_OFFER, VERIFICATION, Counted, CountingService
from helpers.net_doors import open_door
from helpers.ports import free_port
from helpers.raw_peer import RELEASE_RQ
from helpers.requests import association_request
from leadglass.dicom.dimse.messages import CEchoRq, CEchoRsp, CStoreRq, CStoreRsp, Request
from leadglass.dicom.upperlayer import (
    AssociateRj,
    AssociateRq,
    NegotiatedContext,
    OfferedSyntax,
    RoleSelection,
    encode_pdu,
    negotiate,
)
from leadglass.net.connector import open_association
from leadglass.net.errors import AssociationLost, PeerRejected, PeerUnreachable
from leadglass.net.service import Admission, Closing, DataSink, ServedAssociation
from leadglass.terms.evidence import Evidence

ACCEPTED = encode_pdu(negotiate(association_request(VERIFICATION), SHORT_OFFER).accept)


async def test_contexts_are_those_accepted() -> None:
    request = association_request(VERIFICATION, "1.2.3.4", CT)
    async with open_door(Counted()) as door, await open_association("127.0.0.1", door.port, request) as ours:
        assert set(ours.contexts) == {1, 5}
        assert ours.associate_ac.contexts[1].result == 3
        assert ours.evidence.certificate is None


async def test_leaving_the_block_releases() -> None:
    counted = Counted()
    async with open_door(counted) as door:
        async with await open_association("127.0.0.1", door.port, association_request(VERIFICATION)) as ours:
            pass
        assert not ours.is_open
        await ours.release()  # harmless
    assert counted.closings == [Closing.RELEASED]


async def test_leaving_the_block_by_an_error_aborts() -> None:
    counted = Counted()
    async with open_door(counted) as door:
        with pytest.raises(ZeroDivisionError):
            async with await open_association("127.0.0.1", door.port, association_request(VERIFICATION)):
                raise ZeroDivisionError
    assert counted.closings == [Closing.ABORTED]


async def test_a_rejection_is_an_error_that_says_how() -> None:
    class Rejecting(CountingService):
        async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
            return AssociateRj(result=1, source=1, reason=7)

    counted = Counted()
    counted.factory = lambda: Rejecting(counted)
    async with open_door(counted) as door:
        with pytest.raises(PeerRejected, match="reason 7") as caught:
            await open_association("127.0.0.1", door.port, association_request(VERIFICATION))
    assert caught.value.rejection.source == 1
    assert counted.closings == [Closing.REJECTED]


async def test_nobody_there() -> None:
    with pytest.raises(PeerUnreachable, match="refused"):
        await open_association("127.0.0.1", free_port(), association_request(VERIFICATION))


async def test_no_such_name() -> None:
    with pytest.raises(PeerUnreachable, match="has no address"):
        await open_association("no-such-host.invalid", 104, association_request(VERIFICATION))


async def test_somebody_who_takes_the_call_and_says_nothing() -> None:
    request = association_request(VERIFICATION)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(PeerUnreachable, match="did not answer"):
        await open_association("127.0.0.1", silent.getsockname()[1], request, timeout=0.1)


async def test_somebody_who_hangs_up() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        with pytest.raises(AssociationLost):
            await open_association("127.0.0.1", server.sockets[0].getsockname()[1], association_request(VERIFICATION))


async def test_somebody_who_speaks_another_language() -> None:
    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(http, "127.0.0.1", 0)
    async with server:
        with pytest.raises(AssociationLost):
            await open_association("127.0.0.1", server.sockets[0].getsockname()[1], association_request(VERIFICATION))


async def test_a_peer_that_does_not_answer_the_release_is_left() -> None:
    async def stubborn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ACCEPTED)
        while await reader.read(65536):
            pass
        writer.close()

    server = await asyncio.start_server(stubborn, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        ours = await open_association("127.0.0.1", port, association_request(VERIFICATION))
        await ours.release(within=0.05)
        assert not ours.is_open


async def test_a_requestor_may_serve_too() -> None:
    """As an SCU of C-GET does: the objects come as C-STORE requests on the association it asked for."""

    class TurningRound(CountingService):
        async def respond(
            self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
        ) -> None:
            back = served.contexts[3]
            assert back.we_are_scu
            store = CStoreRq(message_id=1, affected_sop_class_uid=CT, affected_sop_instance_uid="1.2.3")
            answer = await served.request(back, store, b"pixels")
            assert isinstance(answer, CStoreRsp)
            await served.send(context, CEchoRsp(message_id_being_responded_to=command.message_id, status=answer.status))

    theirs, ours_counted = Counted(), Counted()
    theirs.offer = {VERIFICATION: OfferedSyntax(), CT: OfferedSyntax(peer_may_be_scu=False, peer_may_be_scp=True)}
    theirs.factory = lambda: TurningRound(theirs)
    request = association_request(VERIFICATION, CT, roles=[RoleSelection(CT, scu=False, scp=True)])
    mine = CountingService(ours_counted)
    async with (
        open_door(theirs) as door,
        await open_association("127.0.0.1", door.port, request, service=mine) as ours,
    ):
        answer = await ours.request(ours.contexts[1], CEchoRq(message_id=9))
        assert answer.status == 0
    assert ours_counted.lengths == [6]
    assert ours_counted.closings == [Closing.RELEASED]
    assert theirs.faults == []


async def test_requests_nobody_agreed_to_answer_end_it() -> None:
    class Asking(CountingService):
        async def respond(
            self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
        ) -> None:
            await served.request(context, CEchoRq(message_id=1))

    counted = Counted()
    counted.factory = lambda: Asking(counted)
    async with open_door(counted) as door:
        ours = await open_association("127.0.0.1", door.port, association_request(VERIFICATION))
        with pytest.raises(AssociationLost):
            await ours.request(ours.contexts[1], CEchoRq(message_id=1))
    assert counted.closings == [Closing.ABORTED]


async def test_the_acceptor_may_ask_for_the_release() -> None:
    async def leaving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ACCEPTED + RELEASE_RQ)
        while await reader.read(65536):
            pass
        writer.close()

    server = await asyncio.start_server(leaving, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        ours = await open_association("127.0.0.1", port, association_request(VERIFICATION))
        await ours.release()
        assert not ours.is_open
