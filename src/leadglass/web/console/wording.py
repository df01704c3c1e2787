"""DICOM's values in words for people. Whatever does not read as what it should be is shown as it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["counted", "date", "date_and_time", "moment", "person", "sex", "sizes", "time"]

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SEXES: Final = {"F": "female", "M": "male", "O": "other"}


def person(name: str) -> str:
    """PN (PS3.5 §6.2.1.2) as "Family, Given Middle"; the ideographic group behind it if there is one."""
    groups = [_group(group) for group in name.split("=")]
    shown = [group for group in groups[:2] if group]
    return " · ".join(dict.fromkeys(shown)) or "No name"


def _group(group: str) -> str:
    family, given, middle, prefix, suffix, *_ = [*(part.strip() for part in group.split("^")), "", "", "", "", ""]
    front = " ".join(part for part in (prefix, given, middle) if part)
    behind = ", ".join(part for part in (family, front) if part)
    return f"{behind}, {suffix}" if suffix else behind


def date(value: str) -> str:
    """DA as "2 Jan 2026"."""
    if len(value) != 8 or not value.isdecimal() or not 1 <= int(value[4:6]) <= 12:
        return value
    return f"{int(value[6:])} {_MONTHS[int(value[4:6]) - 1]} {value[:4]}"


def time(value: str) -> str:
    """TM as "09:30"."""
    digits = value.replace(":", "")
    return f"{digits[:2]}:{digits[2:4]}" if len(digits) >= 4 and digits[:4].isdecimal() else value


def date_and_time(day: str, moment: str) -> str:
    return ", ".join(part for part in (date(day), time(moment)) if part)


def sex(value: str) -> str:
    return _SEXES.get(value, value)


def counted(number: int | str, one: str, many: str = "") -> str:
    """ "1 image", "2,400 images"."""
    count = int(number) if str(number).isdecimal() else 0
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def sizes(text: str) -> str:
    """The text, with "1884387 bytes" as "1.9 MB"."""
    return re.sub(r"\b(\d{1,18}) bytes\b", lambda found: _size(int(found[1])), text)


def _size(octets: int) -> str:
    if octets < 1000:
        return f"{octets} bytes"
    value, unit = octets / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def moment(at: datetime) -> str:
    """A moment as "2 Jan 2026, 09:30:05 UTC"."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M:%S} UTC"
