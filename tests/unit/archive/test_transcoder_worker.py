"""The worker's side of the pipe: framed answers, and never a word about what an object holds."""

from __future__ import annotations

import io
import struct

from leadglass.archive.transcoder_worker import FAILURE, HEADER, SUCCESS, serve
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN


def test_the_worker_speaks_in_frames_and_never_of_values() -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(HEADER.pack(EXPLICIT_VR_LITTLE_ENDIAN.encode(), 4) + b"Doe!"), answers)
    answers.seek(0)
    ready, none = HEADER.unpack(answers.read(HEADER.size))
    outcome, length = HEADER.unpack(answers.read(HEADER.size))
    assert (ready.rstrip(b"\0"), none, outcome.rstrip(b"\0")) == (SUCCESS, 0, FAILURE)
    assert b"Doe" not in answers.read(length)
    assert HEADER.size == struct.calcsize("!64sQ")
