"""The process that touches strangers' pixels. It reads objects on stdin, answers on stdout, and may die at any time.

Each message is a header (64 bytes of ASCII, 64-bit length) and so many bytes. A request names the target transfer
syntax; an answer is "ok" with the data set, or "failed" with the kind of error. Nothing of the object is ever printed.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
from typing import BinaryIO, Final

__all__ = ["FAILURE", "HEADER", "SUCCESS"]

HEADER: Final = struct.Struct("!64sQ")
SUCCESS: Final = b"ok"
FAILURE: Final = b"failed"


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until there are no more."""
    from leadglass.dicom.transcoding import transcode_file  # after the limits are set: importing codecs takes memory

    _answer(answers, SUCCESS, b"")
    while header := requests.read(HEADER.size):
        target, length = HEADER.unpack(header)
        part10 = requests.read(length)
        try:
            data_set = transcode_file(part10, target.rstrip(b"\0").decode("ascii"))
        except Exception as error:  # whatever a codec does; the text may hold values, so only the kind is told
            _answer(answers, FAILURE, type(error).__name__.encode("ascii", "replace"))
        else:
            _answer(answers, SUCCESS, data_set)


def _answer(answers: BinaryIO, outcome: bytes, body: bytes) -> None:
    answers.write(HEADER.pack(outcome, len(body)))
    answers.write(body)
    answers.flush()


def main() -> None:
    """Takes the ceiling on address space, in bytes, as its one argument."""
    ceiling = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has no business with files
    with _answers_alone() as answers:
        serve(sys.stdin.buffer, answers)


def _answers_alone() -> BinaryIO:
    """Standard output for answers only: codecs in C print their complaints there."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


if __name__ == "__main__":
    main()
