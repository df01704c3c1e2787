"""The process that reads strangers' headers and writes them as JSON. It loads no codec, and may die at any time.

It works when nobody else wants the machine, and before the first object it gives up what it can do without: memory
above a ceiling, core dumps, and every new file and process. Nothing of an object is ever printed.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import sys
from typing import BinaryIO, Final

from leadglass.archive.metadata.wire import ANSWER, MARK, QUESTION, Outcome, Verb
from leadglass.dicom.character_set import load_codecs
from leadglass.dicom.elements.encoding import actual_encoding, encoding_of
from leadglass.dicom.json import BulkData, Reach, reach_of, to_json
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax_of

__all__ = ["serve"]

_LOWEST_PRIORITY: Final = 19
_PIXEL_DATA: Final = "7FE00010"


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answers questions until there are no more."""
    _answer(answers, Outcome.DONE, b"")
    while head := questions.read(QUESTION.size):
        verb, name, length, has_more, length_of_argument, given = QUESTION.unpack(head)
        argument = questions.read(length_of_argument).decode("ascii")
        data = questions.read(given)
        do = _render if verb == Verb.RENDER else _locate
        try:
            outcome, body = do(data, name.rstrip(b"\0").decode("ascii"), length if has_more else len(data), argument)
        except Exception as error:  # whatever a header makes of us; the text may hold values, so only the kind is told
            outcome, body = Outcome.FAILED, type(error).__name__.encode("ascii", "replace")
        _answer(answers, outcome, body)
        del data, body


def _render(data: bytes, transfer_syntax: str, length: int, prefix: str) -> tuple[Outcome, bytes]:
    reach = reach_of(data, transfer_syntax, length)
    if reach is Reach.PART:
        return Outcome.MORE, b""
    mark = _unlikely(data)
    written = to_json(data, transfer_syntax, bulk_data_uri=lambda bulk: f"{mark}{prefix}{bulk.path}")
    return Outcome.DONE if reach is Reach.ALL else Outcome.SO_FAR, written.replace(mark.encode(), MARK)


def _unlikely(data: bytes) -> str:
    """Something that no data set holds but one that guessed 128 random bits."""
    while (word := secrets.token_hex(16)).encode() in data:
        continue
    return word


def _locate(data: bytes, transfer_syntax: str, length: int, path: str) -> tuple[Outcome, bytes]:
    found: list[BulkData] = []

    def note(bulk: BulkData) -> str:
        if bulk.path == path:
            found.append(bulk)
        return ""

    to_json(data, transfer_syntax, bulk_data_uri=note, inline_limit=0)
    if not found:
        is_whole = reach_of(data, transfer_syntax, length) is not Reach.PART
        return (Outcome.DONE, b"null") if is_whole else (Outcome.MORE, b"")
    bulk = found[0]
    if bulk.is_encapsulated and bulk.offset + bulk.length >= len(data) < length and path != _PIXEL_DATA:
        return Outcome.MORE, b""  # where it ends is not known yet
    is_deflated = transfer_syntax_of(transfer_syntax).is_deflated
    encoding = encoding_of(transfer_syntax)
    told = {
        "vr": bulk.vr,
        "offset": bulk.offset,
        "length": bulk.length,
        "is_encapsulated": bulk.is_encapsulated,
        "is_little_endian": is_deflated or actual_encoding(data, 0, encoding).is_little_endian,
    }
    return Outcome.DONE, json.dumps(told).encode()


def _answer(answers: BinaryIO, outcome: Outcome, body: bytes) -> None:
    answers.write(ANSWER.pack(outcome, len(body)))
    answers.write(body)
    answers.flush()


def _give_up(ceiling: int) -> None:
    os.nice(_LOWEST_PRIORITY)
    limits: dict[int, int] = {
        resource.RLIMIT_AS: ceiling,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def _warm_up() -> None:
    """Loads what would be loaded at the first use: afterwards no file can be opened any more."""
    load_codecs()
    creator = b"\x09\x00\x10\x00LO\x0c\x00GEMS_IDEN_01"
    private = b"\x09\x00\x01\x10UN\x00\x00\x02\x00\x00\x00ab"
    _render(creator + private, EXPLICIT_VR_LITTLE_ENDIAN, len(creator + private), "")


def main() -> None:
    """Takes the ceiling on address space, in bytes, as its one argument."""
    _warm_up()
    _give_up(int(sys.argv[1]))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
