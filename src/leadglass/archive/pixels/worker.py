"""One worker process, seen from the archive: started when first needed, ended when it exceeds what it may."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from leadglass.archive.pixels.faults import TranscodingFault
from leadglass.archive.pixels.wire import ANSWER, DECLINED, QUESTION, SUCCESS
from leadglass.terms.ceilings import MIB

__all__ = ["Order", "Worker"]

_START_SECONDS: Final = 60.0  # a worker imports the codecs first
_TAKEN_ALONG: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""Variables the process gets: others may hold a database's password."""

Order = Mapping[str, str | int | float | Sequence[int | float | str] | None]
"""What to do, as JSON can say it."""


class _Declined(Exception):
    """The worker lives and said why not."""


class Worker:
    """Asked by one caller at a time: the pool sees to that."""

    def __init__(self, address_space: int) -> None:
        self._address_space = address_space
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process as it is now; None before the first question, and after an end."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def ask(self, order: Order, part10: bytes | memoryview, *, seconds: float, most: int) -> bytes:
        """The answer, of at most `most` bytes, within `seconds`. TranscodingFault if there is none; the process is
        ended whenever it might still be at work on this question, also if the caller is cancelled."""
        try:
            process = await self._started()
            async with asyncio.timeout(seconds):
                return await self._ask(process, order, part10, most)
        except TimeoutError:
            await self.end()
            raise TranscodingFault(f"the image took longer than {seconds:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.end()
            raise TranscodingFault("the image's worker ended: memory ceiling or a codec's fault") from None
        except _Declined as declined:
            raise TranscodingFault(str(declined)) from None
        except TranscodingFault:
            raise
        except BaseException:  # cancelled half way: what the worker says next belongs to nobody
            await self.end()
            raise

    async def end(self) -> None:
        """Ends the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ask(
        self, process: asyncio.subprocess.Process, order: Order, part10: bytes | memoryview, most: int
    ) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        said = json.dumps(order).encode("ascii")
        process.stdin.write(QUESTION.pack(len(said), len(part10)) + said)
        process.stdin.write(part10)
        await process.stdin.drain()
        outcome, length = ANSWER.unpack(await process.stdout.readexactly(ANSWER.size))
        if length > most:
            await self.end()
            raise TranscodingFault(f"the object becomes too large when its pixels are turned: {length // MIB} MiB")
        answer = await process.stdout.readexactly(length)
        if outcome == SUCCESS:
            return answer
        words = answer.decode("ascii", "replace")
        raise _Declined(words if outcome == DECLINED else f"the pixels cannot be turned: {words}")

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "leadglass.archive.pixels.process",
                str(self._address_space),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=MIB,
                env={name: os.environ[name] for name in _TAKEN_ALONG if name in os.environ}
                | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
            assert self._process.stdout is not None
            try:
                async with asyncio.timeout(_START_SECONDS):
                    ready, _ = ANSWER.unpack(await self._process.stdout.readexactly(ANSWER.size))
            except (TimeoutError, asyncio.IncompleteReadError):
                ready = None
            if ready != SUCCESS:
                await self.end()
                raise TranscodingFault("the images' worker does not start")
        return self._process
