"""The process that touches strangers' pixels. It reads objects on stdin, answers on stdout, and may die at any time.

Before the first object it gives up all it can do without: memory above a ceiling, core dumps, and (once the codecs are
loaded) every new file, socket and process. Nothing of an object is ever printed.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

from leadglass.archive.pixels.wire import ANSWER, DECLINED, FAILURE, QUESTION, SUCCESS

__all__ = ["serve"]

_NEEDED: Final = ("leadglass.dicom.transcoding", "leadglass.dicom.rendering")
_PR_SET_DUMPABLE: Final = 4
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_SIGKILL: Final = 9
_NEW_USER_AND_NETWORK: Final = 0x10000000 | 0x40000000  # CLONE_NEWUSER | CLONE_NEWNET


def serve(requests: BinaryIO, answers: BinaryIO, *, give_up: Callable[[], None] = lambda: None) -> None:
    """Answers requests until there are no more. `give_up` is called once everything is loaded."""
    from leadglass.dicom.rendering import NotRenderable, load_codecs  # after the limits are set: codecs take memory

    load_codecs()
    give_up()
    _answer(answers, SUCCESS, b"")
    while head := requests.read(QUESTION.size):
        length_of_order, length = QUESTION.unpack(head)
        order = json.loads(requests.read(length_of_order))
        part10 = requests.read(length)
        try:
            result = _do(order, part10)
        except NotRenderable as why:
            _answer(answers, DECLINED, str(why).encode("ascii", "replace"))
        except Exception as error:  # whatever a codec does; the text may hold values, so only the kind is told
            _answer(answers, FAILURE, type(error).__name__.encode("ascii", "replace"))
        else:
            _answer(answers, SUCCESS, result)
            del result
        del part10


def _do(order: Mapping[str, Any], part10: bytes) -> bytes:
    from leadglass.dicom.drawing import Drawing
    from leadglass.dicom.rendering import decode_frame, render_frame
    from leadglass.dicom.transcoding import transcode_file

    match order["do"]:
        case "transcode":
            return transcode_file(part10, order["target"])
        case "decode":
            return decode_frame(part10)
        case "render":
            return render_frame(part10, Drawing.from_json(order))
    raise ValueError("an unknown order")


def _answer(answers: BinaryIO, outcome: int, body: bytes) -> None:
    answers.write(ANSWER.pack(outcome, len(body)))
    answers.write(body)
    answers.flush()


def main() -> None:
    """Takes the ceiling on address space, in bytes, as its one argument."""
    ceiling = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has no business with files
    _leave_the_network()
    with _answers_alone() as answers:
        for name in _NEEDED:
            importlib.import_module(name)
        serve(sys.stdin.buffer, answers, give_up=_give_up)


def _leave_the_network() -> None:
    """A network of its own without any interface, where the kernel lets an ordinary user have one; a debugger may not
    look in, and it dies with the archive."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.unshare(_NEW_USER_AND_NETWORK)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def _give_up() -> None:
    """From here on it can open no file, make no socket and start nothing, whoever has taken it over."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _answers_alone() -> BinaryIO:
    """Standard output for answers only: codecs in C print their complaints there."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


if __name__ == "__main__":
    main()
