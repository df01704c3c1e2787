"""An archive to be killed again and again in one home.

It is `leadglass serve` itself, in a process of its own; only the two seconds of importing are saved, by forking that
process from one that has imported everything already.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from helpers.ports import free_port
from leadglass.app.control import ask_running_server
from leadglass.app.home import Home
from leadglass.terms.errors import UserFault

__all__ = ["KillableArchive", "killable_archive"]

_PATIENCE = 60.0
_TESTS = Path(__file__).parents[1]


class KillableArchive:
    """Start it, kill it, start it again. Its DICOM port changes with every start."""

    def __init__(self, home: Path, log: Path, preloaded: subprocess.Popen[str]) -> None:
        self.home = home
        self.dicom = 0
        self.log = log
        self._preloaded = preloaded
        self._pid = 0

    async def start(self) -> None:
        """Returns once it answers; AssertionError with what it said if it does not."""
        assert not self._pid
        self.dicom = free_port()
        words = ["serve", "--home", str(self.home), "--dicom", f"127.0.0.1:{self.dicom}"]
        words += ["--dicom-tls", f"127.0.0.1:{free_port()}"]
        self._pid = self._order(run=words, log=str(self.log)) or 0
        home = Home(self.home)
        async with asyncio.timeout(_PATIENCE):
            while True:
                if (code := self._order(poll=self._pid)) is not None:
                    self._pid = 0
                    raise AssertionError(f"ended with {code}: {self.log.read_text()[-2000:]}")
                if home.control.exists():
                    answered, _ = await ask_running_server(home, "device list", {}, _silent)
                    if answered:
                        return
                await asyncio.sleep(0.01)

    async def ask(self, verb: str, **arguments: Any) -> Any:
        """A verb's answer through the control socket. UserFault if it is refused or the server dies."""
        answered, answer = await ask_running_server(Home(self.home), verb, arguments, _silent)
        if not answered:
            raise UserFault("no server", "")
        return answer

    def kill(self) -> None:
        """SIGKILL. The server must have been alive until this very moment."""
        assert self._end(signal.SIGKILL) == -signal.SIGKILL, f"it had ended before: {self.log.read_text()[-2000:]}"

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def abandon(self) -> None:
        """End it if it runs, whatever state it is in."""
        if self._pid:
            self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        pid, self._pid = self._pid, 0
        os.kill(pid, number)  # not reaped before `wait`, so the id cannot be anybody else's
        code = self._order(wait=pid)
        assert code is not None
        return code

    def _order(self, **question: object) -> int | None:
        stdin, stdout = self._preloaded.stdin, self._preloaded.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{json.dumps(question)}\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        assert answer is None or isinstance(answer, int)
        return answer


@contextlib.asynccontextmanager
async def killable_archive(home: Path, log: Path | None = None) -> AsyncIterator[KillableArchive]:
    """An archive that is running, and that is gone at the end of the block."""
    with subprocess.Popen(  # noqa: ASYNC220 - quick: it only forks
        [sys.executable, "-m", "helpers.preloaded"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_TESTS)},
    ) as preloaded:
        archive = KillableArchive(home, log or home.with_suffix(".log"), preloaded)
        try:
            await archive.start()
            yield archive
        finally:
            archive.abandon()


def _silent(done: int, total: int) -> None:
    """Nobody watches the progress."""
