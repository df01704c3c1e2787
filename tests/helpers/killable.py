"""An archive in one home, to be started, killed, stopped and started again, many times and quickly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from helpers.ports import free_port
from helpers.preloaded import Preloaded
from leadglass.app.control import ask_running_server
from leadglass.app.home import Home
from leadglass.terms.errors import UserFault

__all__ = ["KillableArchive", "killable_archive"]

_PATIENCE = 60.0


class KillableArchive:
    """`leadglass serve`. Its ports change with every start."""

    def __init__(self, preloaded: Preloaded, home: Path, log: Path) -> None:
        self.home = home
        self.dicom = 0
        self.https = 0
        self.log = log
        self._preloaded = preloaded
        self._pid = 0

    async def start(self, *options: str) -> None:
        """Returns once it answers; AssertionError with what it said if it does not."""
        assert not self._pid
        self.dicom, self.https = free_port(), free_port()
        doors = ["--dicom", f"127.0.0.1:{self.dicom}", "--dicom-tls", f"127.0.0.1:{free_port()}"]
        doors += ["--https", f"127.0.0.1:{self.https}"]
        self._pid = self._preloaded.start(["serve", "--home", str(self.home), *doors, *options], self.log)
        home = Home(self.home)
        async with asyncio.timeout(_PATIENCE):
            while True:
                if (code := self._preloaded.poll(self._pid)) is not None:
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

    async def enrol(self, sender: str, reader: str) -> None:
        """A device that stores, and one that may query and retrieve everything."""
        for name, allow in ((sender, ["echo", "store"]), (reader, ["echo", "query", "retrieve"])):
            await self.ask("device add", name=name, ae_title=name, networks=["127.0.0.0/8"], allow=allow)
        may = ["query", "view", "download"]
        await self.ask("grant add", to=f"device:{reader}", studies="everything", allow=may, why="test")

    def kill(self) -> None:
        """SIGKILL. The server must have been alive until this very moment."""
        assert self._end(signal.SIGKILL) == -signal.SIGKILL, f"it had ended before: {self.log.read_text()[-2000:]}"

    def terminate(self) -> None:
        """SIGTERM; `wait` for the end."""
        os.kill(self._pid, signal.SIGTERM)

    def wait(self) -> int:
        """The exit code, when it has ended by itself."""
        pid, self._pid = self._pid, 0
        return self._preloaded.wait(pid)

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
        return self._preloaded.wait(pid)


@contextlib.asynccontextmanager
async def killable_archive(
    preloaded: Preloaded, home: Path, *options: str, log: Path | None = None
) -> AsyncIterator[KillableArchive]:
    """An archive that is running, and that is gone at the end of the block."""
    archive = KillableArchive(preloaded, home, log or home.with_name(f"{home.name}.log"))
    try:
        await archive.start(*options)
        yield archive
    finally:
        archive.abandon()


def _silent(done: int, total: int) -> None:
    """Nobody watches the progress."""
