"""A file that drips in is stored as C-STORE would store its data set, and what is no such file is refused in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.archive_world import CT, EXPLICIT, data_set
from helpers.memory_journal import MemoryIncoming, MemoryJournal
from helpers.samples import Sample, all_samples, deflated, explicit, implicit, item, part10
from leadglass.archive.receiving import ReceivedFile
from leadglass.archive.storing import Announced
from leadglass.dicom.part10 import file_meta, split
from leadglass.dicom.uids import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION
from leadglass.terms.errors import CeilingReached, LocalViolation, PeerViolation
from leadglass.terms.ids import is_uid

INSTANCE = "1.2.1.1.1"
CLAIM = Announced(CT, INSTANCE, EXPLICIT)


def received(file: bytes, *, size: int = 1 << 20) -> tuple[ReceivedFile, MemoryIncoming]:
    """`file` in portions of `size` bytes."""
    taking = ReceivedFile(MemoryJournal())
    for start in range(0, len(file), size):
        taking.write(memoryview(file)[start : start + size])
        assert not taking.congested
    incoming = taking.finish()
    assert isinstance(incoming, MemoryIncoming)
    return taking, incoming


@pytest.mark.parametrize("size", [1, 7, 131, 132, 200, 1 << 20])
def test_the_data_set_is_kept_and_the_beginning_is_ours(size: int) -> None:
    file = b"#!/bin/sh".ljust(128, b"\0") + part10(data_set())[128:]
    taking, incoming = received(file, size=size)
    assert bytes(incoming.content) == file_meta(CT, INSTANCE, EXPLICIT) + data_set()
    assert taking.announced == CLAIM


@pytest.mark.parametrize("size", [64, 1 << 20])
def test_transfer_syntaxes_are_those_of_the_file(size: int) -> None:
    packed = deflated(data_set())
    taking, incoming = received(part10(packed, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN), size=size)
    assert incoming.content.endswith(packed)
    assert taking.announced == replace(CLAIM, transfer_syntax=DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)
    bare = implicit(0x00080016, CT.encode() + b"\0") + implicit(0x00080018, b"1.2.3\0")
    taking, _ = received(part10(bare, IMPLICIT_VR_LITTLE_ENDIAN), size=size)
    assert taking.announced == Announced(CT, "1.2.3", IMPLICIT_VR_LITTLE_ENDIAN)


def test_the_data_set_is_believed_where_the_meta_information_names_another_instance() -> None:
    taking, incoming = received(file_meta(CT, "9.9.9", EXPLICIT, "SOMEBODY") + data_set())
    assert taking.announced == CLAIM
    assert incoming.content.startswith(file_meta(CT, INSTANCE, EXPLICIT))


@pytest.mark.parametrize("found", all_samples(), ids=lambda found: found.name)
def test_every_real_file_is_received_or_refused(found: Sample) -> None:
    dataset = found.dataset(stop_before_pixels=True)
    names = [str(dataset.get(keyword, "")) for keyword in ("SOPClassUID", "SOPInstanceUID")]
    if all(map(is_uid, names)) and split(found.data()).meta.transfer_syntax_uid:
        taking, incoming = received(found.data(), size=4096)
        assert bytes(incoming.content[incoming.dataset_offset :]) == found.data_set_bytes()
        assert [taking.announced.sop_class_uid, taking.announced.sop_instance_uid] == names
    else:
        with pytest.raises(PeerViolation):
            received(found.data(), size=4096)


_GROUP_2 = explicit(0x00020010, "UI", EXPLICIT.encode() + b"\0")
_PREFIX = bytes(128) + b"DICM"


@pytest.mark.parametrize(
    ("file", "status", "words"),
    [
        (b"", 0xC000, "no DICM prefix"),
        (b"GIF89a", 0xC000, "no DICM prefix"),
        (bytes(400), 0xC000, "no DICM prefix"),
        (_PREFIX, 0xC000, "no transfer syntax"),
        (_PREFIX + data_set(), 0xC000, "no transfer syntax"),
        (_PREFIX + _GROUP_2[:-4], 0xC000, "ends within an element"),
        (_PREFIX + _GROUP_2, 0xA900, "SOPClassUID is missing"),
        (part10(data_set(instance="../../etc/passwd")), 0xA900, "SOPInstanceUID is missing or is not a UID"),
        (part10(data_set(SOPClassUID="1.2;DROP")), 0xA900, "SOPClassUID is missing or is not a UID"),
        (part10(data_set(SOPClassUID=VERIFICATION)), 0x0122, "this SOP class"),
        (part10(data_set(), "1.2.3.4"), 0xC122, "this transfer syntax"),
        (part10(data_set()[:30]), 0xC000, "ends within an element"),
        (part10(b"\xff" * 400), 0xA900, ""),
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_what_is_no_such_file(file: bytes, status: int, words: str, size: int) -> None:
    with pytest.raises(PeerViolation) as refused:
        received(file, size=size)
    assert refused.value.answer.status == status
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "endless",
    [
        _PREFIX + explicit(0x00020102, "OB", length=0xFFFFFF00),
        _PREFIX + explicit(0x00020100, "UI", b"1.2.3.45") * 100_000,
        part10(explicit(0x00080005, "CS") * 100_000),
        part10(explicit(0x00080006, "SQ", length=0xFFFFFFFF) + item(b"", is_delimited=True) * 100_000),
    ],
)
def test_the_beginning_of_a_file_cannot_be_endless(endless: bytes) -> None:
    taking = ReceivedFile(MemoryJournal())
    with pytest.raises(PeerViolation):  # noqa: PT012 - with any portion
        for start in range(0, 4 << 20, 4096):
            taking.write(memoryview(endless[start : start + 4096] or bytes(4096)))
            assert len(taking._beginning) < 1 << 20
        raise AssertionError("it went on and on")


def test_a_large_element_before_the_names_is_over_a_ceiling() -> None:
    with pytest.raises(CeilingReached):
        received(_PREFIX + explicit(0x00020102, "OB", length=0xFFFFFF00) + bytes(100))


def test_a_discarded_file_is_gone() -> None:
    taking = ReceivedFile(MemoryJournal())
    taking.discard()
    taking.write(memoryview(part10(data_set())))
    taking.discard()
    with pytest.raises(LocalViolation):
        taking.write(memoryview(b"more"))
