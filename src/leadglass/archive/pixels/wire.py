"""What goes through the pipe between the archive and a worker.

A question is its head (the lengths of the two parts), a small JSON object that says what to do, and the bytes of a
Part-10 file. An answer is its head (the outcome and a length) and so many bytes.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["ANSWER", "DECLINED", "FAILURE", "MAX_ORDER", "QUESTION", "SUCCESS"]

QUESTION: Final = struct.Struct("!IQ")
ANSWER: Final = struct.Struct("!IQ")

SUCCESS: Final = 0
FAILURE: Final = 1
"""The body is the kind of error, never its text: that could hold values."""
DECLINED: Final = 2
"""The body is a sentence of our own that says why there is no picture of such an object."""

MAX_ORDER: Final = 4096
"""Bytes of the JSON object."""
