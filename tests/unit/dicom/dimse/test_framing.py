"""Framing, read back by pynetdicom's PDU decoder and by hand."""

from __future__ import annotations

import pytest
from pynetdicom.pdu import P_DATA_TF

from leadglass.dicom.dimse.framing import Buffer, frame_data, frame_message, frame_size
from leadglass.terms.ceilings import MAX_PDU_LENGTH_OFFERED, MIB
from leadglass.terms.errors import PeerViolation


def pdvs(buffers: list[Buffer], max_pdu_length: int) -> list[tuple[int, int, bytes]]:
    """(context, control header, data) of each PDV as pynetdicom reads them; every PDU within the maximum."""
    stream = b"".join(buffers)
    found = []
    while stream:
        length = int.from_bytes(stream[2:6], "big")
        assert length <= (max_pdu_length or MAX_PDU_LENGTH_OFFERED)
        assert len(stream) >= 6 + length
        pdu = P_DATA_TF()
        pdu.decode(stream[: 6 + length])
        for item in pdu.presentation_data_value_items:
            value = item.presentation_data_value
            found.append((item.presentation_context_id, value[0], bytes(value[1:])))
        stream = stream[6 + length :]
    return found


def joined(values: list[tuple[int, int, bytes]], kind: int) -> bytes:
    return b"".join(data for _, control, data in values if control & 1 == kind)


def test_a_short_message_is_one_buffer() -> None:
    buffers = frame_message(5, b"command!", b"data set", 16384)
    assert len(buffers) == 1
    assert pdvs(buffers, 16384) == [(5, 3, b"command!"), (5, 2, b"data set")]


def test_a_command_alone() -> None:
    assert pdvs(frame_message(1, b"command!", None, 0), 0) == [(1, 3, b"command!")]


def test_an_empty_data_set_is_one_empty_last_fragment() -> None:
    assert pdvs(frame_message(1, b"command!", b"", 0), 0) == [(1, 3, b"command!"), (1, 2, b"")]
    assert pdvs(frame_data(1, b"", 0, last=True), 0) == [(1, 2, b"")]
    assert frame_data(1, b"", 0, last=False) == []


@pytest.mark.parametrize("max_pdu_length", [7, 13, 64, 106])
@pytest.mark.parametrize("length", [0, 1, 99, 100, 101, 199, 200, 201])
def test_long_messages_are_cut_to_the_peers_maximum(max_pdu_length: int, length: int) -> None:
    command, data_set = bytes(range(100)), bytes(length)
    values = pdvs(frame_message(3, command, data_set, max_pdu_length), max_pdu_length)
    assert joined(values, 1) == command
    assert joined(values, 0) == data_set
    controls = [control for _, control, _ in values]
    assert controls.count(3) == 1
    assert controls.count(2) == 1
    assert controls[-1] == 2
    assert controls.index(3) == controls.index(2) - 1 - controls.count(0)


def test_a_stream_of_chunks_has_one_last_fragment() -> None:
    buffers = [
        *frame_data(1, b"a" * 100, 56, last=False),
        *frame_data(1, memoryview(b"b" * 100), 56, last=False),
        *frame_data(1, b"", 56, last=True),
    ]
    values = pdvs(buffers, 56)
    assert joined(values, 0) == b"a" * 100 + b"b" * 100
    assert [control for _, control, _ in values] == [0, 0, 0, 0, 2]


def test_big_data_comes_in_buffers_of_about_a_mebibyte() -> None:
    data = bytes(3 * MIB + 5)
    buffers = frame_data(1, data, 16384, last=True)
    assert all(len(buffer) < MIB + 4096 for buffer in buffers)
    assert len(buffers) == 4
    assert joined(pdvs(buffers, 16384), 0) == data


def test_a_peer_without_limit_gets_our_own() -> None:
    assert frame_size(0) == MAX_PDU_LENGTH_OFFERED - 6
    assert frame_size(2**32 - 1) == MAX_PDU_LENGTH_OFFERED - 6


@pytest.mark.parametrize("max_pdu_length", [1, 5, 6])
def test_a_maximum_without_room_is_the_peers_fault(max_pdu_length: int) -> None:
    with pytest.raises(PeerViolation, match="maximum length"):
        frame_message(1, b"command!", None, max_pdu_length)
