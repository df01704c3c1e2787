"""A process that has imported all of Leadglass and forks itself into `leadglass WORDS` when told to.

The command is the real one, in a process of its own: only the seconds of importing are saved, of which a test that
starts dozens of servers has no need.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Preloaded", "preloaded_leadglass"]

_TESTS = Path(__file__).parents[1]


class Preloaded:
    """The front of that process. Not for several threads at once."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, words: list[str], log: Path) -> int:
        """The process id of a new `leadglass WORDS` whose output goes to `log`. Wait for it, or its id stays taken."""
        pid = self._ask(run=words, log=str(log))
        assert pid is not None
        return pid

    def poll(self, pid: int) -> int | None:
        """The exit code, None while it runs. Once there is one, the id may be somebody else's."""
        return self._ask(poll=pid)

    def wait(self, pid: int) -> int:
        """The exit code, when it has ended."""
        code = self._ask(wait=pid)
        assert code is not None
        return code

    def _ask(self, **question: object) -> int | None:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{json.dumps(question)}\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        assert answer is None or isinstance(answer, int)
        return answer


@contextlib.contextmanager
def preloaded_leadglass() -> Iterator[Preloaded]:
    """Ready at once; the importing goes on behind it."""
    with subprocess.Popen(
        [sys.executable, "-m", "helpers.preloaded"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_TESTS)},
    ) as process:
        yield Preloaded(process)


def _main() -> None:
    """In that process: each line of input is a question, each line of output its answer, in JSON."""
    import leadglass.app.first_links  # the command line leaves what serving needs to serving; here it is wanted now
    import leadglass.app.serving
    from leadglass.app.cli.main import main as leadglass

    for line in sys.stdin:
        question = json.loads(line)
        if "run" in question:
            answer: int | None = os.fork()
            if not answer:
                _become(question["run"], question["log"])
                leadglass()
                return
        else:
            pid, status = os.waitpid(question.get("wait") or question["poll"], os.WNOHANG if "poll" in question else 0)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


def _become(words: list[str], log: str) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    sys.argv = ["leadglass", *words]


if __name__ == "__main__":
    _main()
