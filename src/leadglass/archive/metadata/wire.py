"""What goes through the pipe between the archive and the process that reads headers.

A question is its head, an argument (a URI's beginning, or the path of an element) and the first bytes of a data set.
An answer is its head (the outcome and a length) and so many bytes.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

__all__ = ["ANSWER", "MARK", "QUESTION", "Outcome", "Verb"]


class Verb(IntEnum):
    RENDER = 1
    LOCATE = 2


class Outcome(IntEnum):
    DONE = 0
    MORE = 1
    """The header goes on beyond the bytes that were given."""
    SO_FAR = 2
    """As DONE, but something may stand behind the pixel data, which goes on beyond the bytes that were given."""
    FAILED = 3
    """The body is the kind of error, never its text: that could hold values."""


QUESTION: Final = struct.Struct("!B64sQ?IQ")
"""Verb, transfer syntax, bytes of the whole data set, whether more can be had, bytes of the argument, bytes given."""
ANSWER: Final = struct.Struct("!BQ")

MARK: Final = b"\x01"
"""Stands in rendered JSON where the service's own address is due in a BulkDataURI: a byte no JSON holds."""
