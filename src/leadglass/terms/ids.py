"""Unique identifiers (PS3.5 §9) and the ids of our own things."""

from __future__ import annotations

import re
from typing import NewType

__all__ = ["Uid", "is_uid", "uid_of"]

Uid = NewType("Uid", str)

_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")


def is_uid(text: str) -> bool:
    """True if `text` is usable as a UID: digits and single dots, 1 to 64 characters (PS3.5 §9.1).

    Components with leading zeros break the standard but are common in the field and harmless, so they pass.
    """
    return 0 < len(text) <= 64 and _UID.match(text) is not None


def uid_of(text: str) -> Uid | None:
    """The UID in `text` without its padding (trailing NUL or spaces), or None if it is not one."""
    bare = text.rstrip("\0 ").lstrip(" ")
    return Uid(bare) if is_uid(bare) else None
