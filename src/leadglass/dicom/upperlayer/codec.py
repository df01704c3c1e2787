"""`decode_pdu` and `encode_pdu`: reading, writing, and the promise that reading and writing back changes nothing."""

from __future__ import annotations

from dataclasses import replace

from leadglass.dicom.upperlayer.decode import read_pdu
from leadglass.dicom.upperlayer.encode import written_by_the_book
from leadglass.dicom.upperlayer.pdu import Pdu
from leadglass.terms.errors import LocalViolation

__all__ = ["decode_pdu", "encode_pdu"]


def decode_pdu(data: bytes) -> Pdu:
    """The PDU that `data` is, header included.

    Raises PeerViolation, or CeilingReached for more than we take, and nothing else. For anything returned,
    `encode_pdu(decode_pdu(data)) == data`.
    """
    pdu = read_pdu(data)
    return pdu if _is_by_the_book(pdu, data) else replace(pdu, as_received=data)


def encode_pdu(pdu: Pdu) -> bytes:
    """The bytes of `pdu`: those it was received as, if it is still what they say; otherwise by the book.

    Raises LocalViolation if a value does not fit its field.
    """
    if pdu.as_received and read_pdu(pdu.as_received) == pdu:
        return pdu.as_received
    return written_by_the_book(pdu)


def _is_by_the_book(pdu: Pdu, data: bytes) -> bool:
    """False also for what cannot be written by the book: a mandatory item was left out and there is no room."""
    try:
        return written_by_the_book(pdu) == data
    except LocalViolation:
        return False
