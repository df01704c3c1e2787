"""The answers to a C-FIND, generated: pending responses in large pieces, each made only when the last one was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Final

from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.dimse.messages import CFindRq, CFindRsp
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.identifier import encode_identifier
from leadglass.dicom.upperlayer.negotiation import NegotiatedContext
from leadglass.range.manners.dicom_lawful import (
    QUERY_RETRIEVE_LEVEL,
    STUDY_DATE,
    STUDY_INSTANCE_UID,
    STUDY_TIME,
    is_single,
)
from leadglass.range.manners.invented import INVENTED, NUMBERED
from leadglass.range.manners.studies import UID_SLOT, Shelf, Study, Window

__all__ = ["Asked", "matches", "window_of"]

_IMAGES: Final = 0x00201208
_PIECE: Final = 64
"""Responses that are handed over at once."""
_UNDATED: Final = b"        "
_SLOTS: Final = {
    NUMBERED: b"%%(index)0%dd" % UID_SLOT,
    "DDDDDDDD": b"%(day)s",
    "TTTTTT": b"%(time)s",
    "NNNNNNNN": b"%(images)-8d",
}
"""Places of fixed width in a response, and what fills them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A C-FIND that is to be answered."""

    context: NegotiatedContext
    request: CFindRq
    identifier: Mapping[int, object]
    peer_max_pdu_length: int


def window_of(identifier: Mapping[int, object]) -> Window | None:
    """The time asked for by Study Date and Study Time (PS3.4 §C.2.2.2.5); None for any. Raises ValueError."""
    days, times = str(identifier.get(STUDY_DATE) or ""), str(identifier.get(STUDY_TIME) or "")
    if not days and not times:
        return None
    first_day, last_day = _range(days, _day, 1, date.max.toordinal() - 1)
    first_second, last_second = _range(times, _second, 0, 86_399)
    return Window(first_day, last_day, first_second, last_second)


def _range(text: str, read: Callable[[str], int], lowest: int, highest: int) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    low = read(first) if first else lowest
    return low, (read(last) if last else highest) if dash or not text else low


def _day(text: str) -> int:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal()


def _second(text: str) -> int:
    return int(text[:2]) * 3600 + int(text[2:4] or 0) * 60 + int(text[4:6] or 0)


def matches(shelf: Shelf, asked: Asked, limit: int) -> Iterator[tuple[bytes, int]]:
    """Pending responses, some at a time, with their number; no more than `limit` of them, if there is one."""
    uid = asked.identifier.get(STUDY_INSTANCE_UID)
    found: Iterator[Study]
    if is_single(uid):
        index = shelf.index_of(str(uid))
        found = iter(()) if index is None else iter((shelf.study(index),))
    else:
        found = shelf.studies(window_of(asked.identifier))
    if limit:
        found = islice(found, limit)
    response = _response(shelf, asked)
    values: dict[bytes, object] = {}
    last_day = 0
    values[b"day"] = values[b"time"] = _UNDATED
    while some := list(islice(found, _PIECE)):
        parts: list[bytes] = []
        for index, day, second, images in some:
            if day != last_day:
                last_day = day
                values[b"day"] = f"{date.fromordinal(day):%Y%m%d}".encode() if day else _UNDATED
            values[b"time"] = _clock(second) if day else _UNDATED[:6]
            values[b"index"], values[b"images"] = index, images
            parts.append(response % values)
        yield b"".join(parts), len(parts)


@lru_cache(maxsize=4096)
def _clock(second: int) -> bytes:
    return b"%02d%02d%02d" % (second // 3600, second // 60 % 60, second % 60)


def _response(shelf: Shelf, asked: Asked) -> bytes:
    """A pending response with its data set, with named places for what differs from study to study."""
    told: dict[int, str] = {}
    for tag, value in asked.identifier.items():
        if not isinstance(value, str):
            continue  # a sequence: nothing in it is supported
        if tag == STUDY_INSTANCE_UID:
            told[tag] = shelf.uid_prefix + NUMBERED
        elif tag == QUERY_RETRIEVE_LEVEL:
            told[tag] = value
        elif tag == STUDY_DATE:
            told[tag] = "DDDDDDDD"
        elif tag == STUDY_TIME:
            told[tag] = "TTTTTT"
        elif tag == _IMAGES:
            told[tag] = "NNNNNNNN" if shelf.tells_image_counts else ""
        else:
            told[tag] = INVENTED.get(tag, "") if tag in shelf.attributes else ""
    context = asked.context
    command = encode_command(
        CFindRsp(
            message_id_being_responded_to=asked.request.message_id,
            affected_sop_class_uid=asked.request.affected_sop_class_uid,
            status=Status.PENDING,
            has_data_set=True,
        )
    )
    data_set = encode_identifier(told, context.transfer_syntax)
    pdus = frame_message(context.presentation_context_id, command, data_set, asked.peer_max_pdu_length)
    response = b"".join(pdus).replace(b"%", b"%%")
    for place, filling in _SLOTS.items():
        response = response.replace(place.encode(), filling)
    return response
