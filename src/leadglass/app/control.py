"""The control socket: how a command reaches the server that is running in the same home.

A private Unix socket (mode 0600, HOME/control.sock). One JSON object a line: the caller sends
`{"verb": …, "arguments": {…}}` and gets any number of `{"progress": [done, total]}` and then either `{"result": …}`
or `{"fault": …, "advice": …}`. Whoever can open the socket is the administrator at the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from leadglass.app.home import Home
from leadglass.terms.errors import LeadglassError, UserFault

__all__ = ["ControlServer", "Progress", "ask_running_server"]

Progress = Callable[[int, int], None]
Perform = Callable[[str, dict[str, Any], Progress], Awaitable[Any]]

_LINE_CEILING = 16 * 1024 * 1024  # a result may list many studies


@contextlib.contextmanager
def _socket_path(home: Home) -> Iterator[str]:
    """A path short enough for a Unix address (108 bytes), however deep the home folder lies."""
    folder = os.open(home.path, os.O_PATH | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{home.control.name}"
    finally:
        os.close(folder)


class ControlServer:
    """Answers commands while the server runs."""

    def __init__(self, home: Home, perform: Perform) -> None:
        self._home = home
        self._perform = perform
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. A socket left behind by a killed server is replaced: the caller holds the home's lock."""
        self._home.control.unlink(missing_ok=True)
        with _socket_path(self._home) as path:
            before = os.umask(0o177)
            try:
                self._server = await asyncio.start_unix_server(self._answer, path, limit=_LINE_CEILING)
            finally:
                os.umask(before)

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
        self._home.control.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(words: dict[str, Any]) -> None:
            writer.write(msgspec.json.encode(words) + b"\n")

        try:
            question = msgspec.json.decode(await reader.readline())
            report: Progress = lambda done, total: say({"progress": [done, total]})  # noqa: E731
            say({"result": await self._perform(question["verb"], question["arguments"], report)})
        except UserFault as fault:
            say({"fault": str(fault), "advice": fault.advice})
        except LeadglassError as fault:
            say({"fault": str(fault), "advice": "The server is still running; its log says more."})
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, OSError) as fault:
            say({"fault": f"the command was not understood: {type(fault).__name__}", "advice": "Use the same version."})
        finally:
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            writer.close()


async def ask_running_server(home: Home, verb: str, arguments: dict[str, Any], progress: Progress) -> tuple[bool, Any]:
    """(True, the result) from the server running in `home`, or (False, None) if none is running."""
    if not home.control.exists():
        return False, None
    try:
        with _socket_path(home) as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=_LINE_CEILING)
    except (ConnectionRefusedError, FileNotFoundError):
        return False, None
    except PermissionError:
        raise UserFault(
            "a server is running in this home, and this user may not command it",
            "Run the command as the user that runs the server.",
        ) from None
    try:
        writer.write(msgspec.json.encode({"verb": verb, "arguments": arguments}) + b"\n")
        async for words in _lines(reader):
            if "progress" in words:
                progress(*words["progress"])
            elif "fault" in words:
                raise UserFault(words["fault"], words["advice"])
            else:
                return True, words["result"]
    except ConnectionError:
        pass  # the same as an answer that ends too early
    finally:
        writer.close()
    raise UserFault("the server went away before it answered", f"Is it still running? See {Path(home.path).name}.")


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    while line := await reader.readline():
        yield msgspec.json.decode(line)
