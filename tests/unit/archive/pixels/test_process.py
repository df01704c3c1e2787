"""The worker's side of the pipe: framed answers, and never a word about what an object holds."""

from __future__ import annotations

import io
import json

from helpers.samples import instance, part10
from leadglass.archive.pixels.process import serve
from leadglass.archive.pixels.wire import ANSWER, DECLINED, FAILURE, QUESTION, SUCCESS
from leadglass.dicom.drawing import Drawing
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN


def asked(order: object, part10: bytes) -> bytes:
    said = json.dumps(order).encode()
    return QUESTION.pack(len(said), len(part10)) + said + part10


def answers_to(*questions: bytes) -> list[tuple[int, bytes]]:
    """What the worker says, its readiness first."""
    answers = io.BytesIO()
    serve(io.BytesIO(b"".join(questions)), answers)
    answers.seek(0)
    said = []
    while head := answers.read(ANSWER.size):
        outcome, length = ANSWER.unpack(head)
        said.append((outcome, answers.read(length)))
    return said


def test_the_worker_speaks_in_frames_and_never_of_values() -> None:
    ready, answer = answers_to(asked({"do": "transcode", "target": EXPLICIT_VR_LITTLE_ENDIAN}, b"Doe!"))
    assert ready == (SUCCESS, b"")
    assert answer[0] == FAILURE
    assert b"Doe" not in answer[1]


def test_an_unknown_order_is_a_failure_and_the_next_one_is_answered() -> None:
    _, unknown, known = answers_to(
        asked({"do": "sing"}, b""), asked({"do": "render", **Drawing().to_json()}, part10(instance()))
    )
    assert unknown == (FAILURE, b"ValueError")
    assert known == (DECLINED, b"an object of this kind holds no image")
