"""Where an imported file is wrong, in words."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

from leadglass.terms.errors import UserFault

__all__ = ["decoded", "fault"]

T = TypeVar("T")
_ADVICE: Final = "Export the scan again, or take that record out."
_PATH: Final = re.compile(r" - at `\$\.?(.*)`\Z", re.DOTALL)


def fault(name: str, where: str, what: str, field: str = "") -> UserFault:
    """`where` is like "line 7"; `what` never quotes the file."""
    return UserFault(f"{name}, {where}: {f'{field}: ' if field else ''}{what}", _ADVICE)


def decoded(record: bytes, shape: type[T], name: str, where: str) -> T:
    """The record as that type. UserFault names the field that does not fit."""
    try:
        return msgspec.json.decode(record, type=shape)
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        what = _PATH.sub("", str(error)).replace("Object missing required field", "it lacks")
        raise fault(name, where, what, found[1] if found else "") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise fault(name, where, "it is not JSON") from None
