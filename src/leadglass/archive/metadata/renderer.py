"""The process of `process`, seen from the archive: started when first needed, ended when it exceeds what it may."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from typing import Final

from leadglass.archive.metadata.wire import ANSWER, QUESTION, Outcome, Verb
from leadglass.terms.ceilings import MAX_METADATA, MIB
from leadglass.terms.errors import LeadglassError, StorageFault

__all__ = ["HeaderUnreadable", "Question", "Renderer", "RendererLimits"]

_START_SECONDS: Final = 30.0
_TAKEN_ALONG: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""Variables the process gets: others may hold a database's password."""


class HeaderUnreadable(LeadglassError):
    """The process could not make anything of an object, or it ended over it."""


@dataclass(frozen=True, slots=True)
class RendererLimits:
    """Ceilings of the process."""

    seconds: float = 30.0
    """For one object. The process has the lowest priority: on a busy machine it waits longer than it works."""
    address_space: int = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Question:
    """`data` is how a data set of `length` bytes begins; `has_more` says that the rest can be had, too."""

    verb: Verb
    transfer_syntax: str
    data: bytes | memoryview
    length: int
    argument: str
    has_more: bool = True


class Renderer:
    """One process; one question at a time, those who ask wait for their turn."""

    def __init__(self, limits: RendererLimits | None = None) -> None:
        self._limits = limits or RendererLimits()
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process as it is now; None before the first question, and after an end."""
        return self._process.pid if self._process is not None else None

    async def ask(self, question: Question) -> tuple[Outcome, bytes]:
        """The answer, never FAILED. HeaderUnreadable if there is none; the process is ended whenever it might still be
        at work on this question, also if the caller is cancelled. StorageFault if it does not even start."""
        async with self._turn:
            process = await self._started()
            try:
                async with asyncio.timeout(self._limits.seconds):
                    outcome, answer = await self._ask(process, question)
            except TimeoutError:
                await self._end()
                raise HeaderUnreadable(f"a header took longer than {self._limits.seconds:g} s") from None
            except (asyncio.IncompleteReadError, ConnectionError, ValueError):
                await self._end()
                raise HeaderUnreadable("the process that reads headers ended, or spoke nonsense") from None
            except BaseException:
                await self._end()
                raise
        if outcome is Outcome.FAILED:
            raise HeaderUnreadable(f"a header cannot be read: {answer.decode('ascii', 'replace')}")
        return outcome, answer

    async def close(self) -> None:
        """Ends the process."""
        async with self._turn:
            await self._end()

    async def _ask(self, process: asyncio.subprocess.Process, question: Question) -> tuple[Outcome, bytes]:
        assert process.stdin is not None
        assert process.stdout is not None
        argument, data = question.argument.encode("ascii"), question.data
        syntax = question.transfer_syntax.encode("ascii", "replace")
        head = QUESTION.pack(question.verb, syntax, question.length, question.has_more, len(argument), len(data))
        process.stdin.write(head + argument)
        process.stdin.write(data)
        await process.stdin.drain()
        outcome, length = ANSWER.unpack(await process.stdout.readexactly(ANSWER.size))
        if length > MAX_METADATA:
            raise ValueError("more than an answer may hold")
        return Outcome(outcome), await process.stdout.readexactly(length)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            try:
                await self._start()
            except (TimeoutError, asyncio.IncompleteReadError, OSError):
                await self._end()
                raise StorageFault("the process that reads headers does not start") from None
            except BaseException:
                await self._end()
                raise
        assert self._process is not None
        return self._process

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "leadglass.archive.metadata.process",
            str(self._limits.address_space),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=MIB,
            env={name: os.environ[name] for name in _TAKEN_ALONG if name in os.environ},
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            await self._process.stdout.readexactly(ANSWER.size)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
