"""The incremental reader: the same words however the bytes are cut, nothing collected, nothing believed after a lie."""

from __future__ import annotations

from struct import pack

import pytest

from helpers.dribble import dribbled
from helpers.pair import a_request, joined
from leadglass.dicom.upperlayer import PDataTf, PdvReceived, PresentationDataValue, ReleaseRq, encode_pdu
from leadglass.dicom.upperlayer.reader import Found, PDataStarted, PduReader
from leadglass.terms.errors import CeilingReached, PeerViolation

STARTED = PDataStarted.P_DATA_STARTED
CONTEXTS = (1, 3)


def a_reader(max_pdu_length: int = 1000) -> PduReader:
    reader = PduReader(max_pdu_length)
    reader.contexts = CONTEXTS
    return reader


def told(found: Found) -> object:
    """What can be compared: a violation by its text."""
    return str(found) if isinstance(found, PeerViolation) else found


def read_all(parts: list[bytes], max_pdu_length: int = 1000) -> list[object]:
    reader = a_reader(max_pdu_length)
    found = []
    for part in parts:
        for one in reader.read(part):
            if isinstance(one, PdvReceived):  # its view dies with the part
                (one,) = joined_piece(one)
            found.append(one)
    return [told(one) for one in joined(found)]  # type: ignore[arg-type]


def joined_piece(piece: PdvReceived) -> list[PdvReceived]:
    data = memoryview(bytes(piece.data))
    return [PdvReceived(piece.presentation_context_id, piece.is_command, piece.is_last, data, piece.begins_pdv)]


def p_data(*pdvs: tuple[int, bool, bool, bytes]) -> bytes:
    return encode_pdu(PDataTf(tuple(PresentationDataValue(*pdv) for pdv in pdvs)))


def received(context_id: int, is_command: bool, is_last: bool, data: bytes) -> PdvReceived:
    return PdvReceived(context_id, is_command, is_last, memoryview(data))


def test_a_conversation_reads_the_same_in_any_portions() -> None:
    request = a_request()
    stream = (
        encode_pdu(request)
        + p_data((1, True, True, b"command"))
        + p_data((1, False, False, b"d" * 300), (3, False, True, b""))
        + p_data((3, False, True, b"x"))
        + encode_pdu(ReleaseRq())
    )
    assert dribbled(stream, read_all) == [
        request,
        STARTED,
        received(1, True, True, b"command"),
        STARTED,
        received(1, False, False, b"d" * 300),
        received(3, False, True, b""),
        STARTED,
        received(3, False, True, b"x"),
        ReleaseRq(),
    ]


def test_p_data_is_handed_on_as_it_comes_and_uncopied() -> None:
    reader = a_reader()
    stream = bytearray(p_data((1, False, True, bytes(range(100)))))
    assert list(reader.read(stream[:12])) == [STARTED]  # headers alone are no piece
    buffer = stream[12:50]
    (first,) = reader.read(buffer)
    assert isinstance(first, PdvReceived)
    assert first.data.obj is buffer
    assert (first.begins_pdv, first.is_last, len(first.data)) == (True, False, 38)
    (second,) = reader.read(stream[50:])
    assert isinstance(second, PdvReceived)
    assert (second.begins_pdv, second.is_last, len(second.data)) == (False, True, 62)


def test_only_the_last_piece_of_a_last_fragment_is_last() -> None:
    stream = p_data((1, False, True, b"abcd"), (1, False, False, b"ef"))
    reader = a_reader()
    pieces = [one for n in range(len(stream)) for one in reader.read(stream[n : n + 1]) if isinstance(one, PdvReceived)]
    assert [piece.is_last for piece in pieces] == [False, False, False, True, False, False]
    assert [piece.begins_pdv for piece in pieces] == [True, False, False, False, True, False]


def test_the_longest_p_data_and_one_byte_more() -> None:
    whole = p_data((1, False, True, bytes(994)))
    assert dribbled(whole, read_all) == [STARTED, received(1, False, True, bytes(994))]
    (violation,) = a_reader().read(p_data((1, False, True, bytes(995)))[:6])
    assert isinstance(violation, CeilingReached)
    assert (violation.limit, violation.seen, violation.answer.abort_reason) == (1000, 1001, 6)


def test_no_limit() -> None:
    reader = a_reader(0)
    assert list(reader.read(pack(">BxI", 4, 0xFFFFFFFF))) == [STARTED]


FOUR_GIGABYTES = 0xFFFFFFFF
LIES = {
    "request": pack(">BxI", 1, FOUR_GIGABYTES),
    "accept": pack(">BxI", 2, FOUR_GIGABYTES),
    "abort": pack(">BxI", 7, FOUR_GIGABYTES),
    "P-DATA": pack(">BxI", 4, FOUR_GIGABYTES),
    "P-DATA without a PDV": pack(">BxI", 4, 5),
    "unknown type": pack(">BxI", 9, 4),
    "TLS": bytes.fromhex("16030100f8010000f4"),
    "HTTP": b"GET / HTTP/1.1\r\n",
}
PDV_LIES = {
    "longer than its PDU": pack(">BxIIBB", 4, 10, 7, 1, 0) + bytes(4),
    "four gigabytes": pack(">BxIIBB", 4, 10, FOUR_GIGABYTES, 1, 0) + bytes(4),
    "of no length": pack(">BxIIBB", 4, 10, 0, 1, 0) + bytes(4),
    "shorter than its header": pack(">BxIIBB", 4, 10, 1, 1, 0) + bytes(4),
    "leaves no room for the next": pack(">BxIIBB", 4, 10, 3, 1, 0) + bytes(4),
    "unknown context": pack(">BxIIBB", 4, 10, 6, 5, 0) + bytes(4),
    "even context": pack(">BxIIBB", 4, 10, 6, 2, 0) + bytes(4),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lying_header_is_found_out_at_once(name: str) -> None:
    found = dribbled(LIES[name][:6], read_all)
    assert len(found) == 1
    assert isinstance(found[0], str)


@pytest.mark.parametrize("name", PDV_LIES)
def test_a_lying_pdv_is_found_out_at_its_header(name: str) -> None:
    found = dribbled(PDV_LIES[name][:12], read_all)
    assert found[0] is STARTED
    assert isinstance(found[1], str)
    assert len(found) == 2


@pytest.mark.parametrize("lie", [*LIES.values(), *PDV_LIES.values()])
def test_nothing_is_believed_after_a_lie(lie: bytes) -> None:
    before = read_all([lie])
    assert dribbled(lie + encode_pdu(ReleaseRq()) * 3, read_all) == before
    reader = a_reader()
    list(reader.read(lie))
    assert list(reader.read(encode_pdu(ReleaseRq()))) == []


def test_an_invalid_pdu_is_a_violation_too() -> None:
    data = bytearray(encode_pdu(a_request()))
    data[74] = 0x11  # no application context item
    assert len(dribbled(bytes(data), read_all)) == 1


def test_p_data_can_be_passed_over() -> None:
    stream = p_data((1, False, True, b"x" * 99), (7, False, True, b"")) + encode_pdu(ReleaseRq())

    def skipping(parts: list[bytes]) -> list[object]:
        reader, found = a_reader(), []
        for part in parts:
            for one in reader.read(part):
                found.append(told(one))
                if one is STARTED:
                    reader.skip_pdu()
        return found

    assert dribbled(stream, skipping) == [STARTED, ReleaseRq()]


@pytest.mark.parametrize("at", range(1, 39))
def test_passing_over_ends_with_the_pdu(at: int) -> None:
    """Wherever it begins: within the PDU's header it has not begun, within a PDV's header, within its data."""
    first = p_data((1, False, True, b"x" * 10), (3, True, True, b"y" * 10))
    assert len(first) == 38
    reader = a_reader()
    before = [one for one in reader.read(first[:at]) if isinstance(one, PdvReceived)]
    reader.skip_pdu()
    after = list(reader.read(first[at:] + p_data((1, False, True, b"d"))))
    assert after[-2:] == [STARTED, received(1, False, True, b"d")]
    if at >= 6:
        assert len(after) == 2
        assert len(before) == (at > 12) + (at > 28)


def test_it_stops_when_told_even_within_a_portion() -> None:
    reader = a_reader()
    found = []
    for one in reader.read(encode_pdu(ReleaseRq()) * 3):
        found.append(one)
        reader.stop()
    assert found == [ReleaseRq()]
    assert list(reader.read(encode_pdu(ReleaseRq()))) == []


def test_memory_does_not_grow_with_the_data() -> None:
    """Two gigabytes of P-DATA leave the reader as they found it: it holds no more than a header."""
    reader = a_reader(0)
    length = 2 << 30
    list(reader.read(pack(">BxIIBB", 4, length, length - 4, 1, 0)))
    chunk = memoryview(bytearray(64 << 20))
    pieces = [one for _ in range(31) for one in reader.read(chunk)]
    assert len(pieces) == 31
    held = [getattr(reader, name) for name in PduReader.__slots__]
    assert sum(len(one) for one in held if isinstance(one, (bytes, bytearray))) == 0
