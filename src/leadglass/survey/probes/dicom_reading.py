"""What a peer's bytes are: a language, an A-ASSOCIATE-AC, a command. Whatever the bytes, the answer is a value.

Thousands of peers run the same few programs and say the same bytes, so what was read once is remembered; only short
readings are, and only so many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Final

from leadglass.dicom.dimse.elements import COMMAND_DATA_SET_TYPE, COMMAND_FIELD, NO_DATA_SET
from leadglass.dicom.upperlayer import AssociateAc, UserInformation
from leadglass.dicom.upperlayer.decode import read_pdu
from leadglass.survey.observation import StorageContext
from leadglass.survey.probes.dicom_request import QUERY_CLASSES, STORAGE_CLASSES, Proposal
from leadglass.terms.ceilings import MAX_REMEMBERED_READING, MAX_REMEMBERED_READINGS
from leadglass.terms.errors import PeerViolation

__all__ = ["LONGEST_SIGN", "Acceptance", "Command", "acceptance_of", "command_of", "is_dicom", "language_of"]

_ITEMS: Final = 74  # an association PDU's header and fixed fields; the echoed AE titles are among them
_ELEMENT: Final = Struct("<HHI")
_STATUS: Final = 0x0900
_RESPONDED_TO: Final = 0x0120

_LANGUAGES: Final = (
    (b"HTTP/", "HTTP"),
    (b"\x15\x03", "TLS"),  # an alert
    (b"\x16\x03", "TLS"),  # a handshake
    (b"\x80", "TLS"),  # as SSL 2 begins
    (b"SSH-", "SSH"),
    (b"220", "FTP or SMTP"),
    (b"\x0bMSH", "HL7"),
    (b"+OK", "POP3"),
    (b"-ERR", "Redis"),
    (b"* OK", "IMAP"),
    (b"RFB ", "VNC"),
    (b"<", "a page"),
)
LONGEST_SIGN: Final = max(len(sign) for sign, _ in _LANGUAGES)


@dataclass(frozen=True, slots=True)
class Command:
    """What of a command set decides."""

    field: int  # Command Field (PS3.7 §E.1); bit 15: a response
    responds_to: int
    status: int
    has_data_set: bool


def is_dicom(first: bytes) -> bool:
    """Whether a peer's first bytes can be those of an answer to an A-ASSOCIATE-RQ (PS3.8 §9.3)."""
    return first[0] in (2, 3, 7) and not first[2:3].strip(b"\0")  # no such PDU is 16 MiB long


def language_of(first: bytes) -> tuple[str, int]:
    """The name of another language that begins like this, and how many bytes say so; "" for none we know."""
    for sign, name in _LANGUAGES:
        if first.startswith(sign):
            return name, len(sign)
    return "", LONGEST_SIGN


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a peer's A-ASSOCIATE-AC says to a proposal of ours."""

    information: UserInformation
    granted: Mapping[str, tuple[int, str]]
    """Abstract syntax → presentation context id, transfer syntax; of accepted contexts."""
    storage: tuple[StorageContext, ...]
    query_classes: tuple[str, ...]


def acceptance_of(pdu: bytes, proposal: Proposal) -> Acceptance | None:
    """The reading of a whole A-ASSOCIATE-AC, None if it cannot be read; the AE titles, which only echo ours, are not
    looked at."""
    if len(pdu) > MAX_REMEMBERED_READING:
        return _acceptance(pdu, proposal)
    return _remembered_acceptance(pdu[:10] + bytes(_ITEMS - 10) + pdu[_ITEMS:], proposal)


def _acceptance(pdu: bytes, proposal: Proposal) -> Acceptance | None:
    try:
        read = read_pdu(pdu)
    except PeerViolation:
        return None
    if not isinstance(read, AssociateAc):
        return None
    accepted = {c.presentation_context_id: c.transfer_syntax for c in read.contexts if c.is_accepted}
    ids = {abstract_syntax: 2 * number + 1 for number, (abstract_syntax, _) in enumerate(proposal.contexts)}
    granted = {uid: (context_id, accepted[context_id]) for uid, context_id in ids.items() if context_id in accepted}
    return Acceptance(
        information=read.user_information,
        granted=granted,
        storage=tuple(
            StorageContext(abstract_syntax=uid, transfer_syntax=granted[uid][1])
            for uid in STORAGE_CLASSES
            if uid in granted
        ),
        query_classes=tuple(uid for uid in QUERY_CLASSES if uid in granted),
    )


_remembered_acceptance = lru_cache(maxsize=MAX_REMEMBERED_READINGS)(_acceptance)


def command_of(data: bytes) -> Command | None:
    """The reading of a whole command set (PS3.7 §6.3.1); None if it is none."""
    return _remembered_command(data) if len(data) <= MAX_REMEMBERED_READING else _command(data)


def _command(data: bytes) -> Command | None:
    numbers: dict[int, int] = {}
    at, end = 0, len(data)
    while at < end:
        if end - at < _ELEMENT.size:
            return None
        group, element, length = _ELEMENT.unpack_from(data, at)
        at += _ELEMENT.size
        if group or length > end - at:
            return None
        if length == 2:
            numbers[element] = data[at] | data[at + 1] << 8
        at += length
    if COMMAND_FIELD not in numbers or COMMAND_DATA_SET_TYPE not in numbers:
        return None
    return Command(
        numbers[COMMAND_FIELD],
        numbers.get(_RESPONDED_TO, 0),
        numbers.get(_STATUS, -1),
        numbers[COMMAND_DATA_SET_TYPE] != NO_DATA_SET,
    )


_remembered_command = lru_cache(maxsize=MAX_REMEMBERED_READINGS)(_command)
