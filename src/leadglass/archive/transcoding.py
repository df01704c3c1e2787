"""Transcoding in a worker process with ceilings: a hostile image may kill the worker, never the archive."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from typing import Final

from leadglass.archive.transcoder_worker import FAILURE, HEADER, SUCCESS
from leadglass.dicom.transcodable import can_turn
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import LeadglassError

__all__ = ["Transcoder", "TranscodingFault", "TranscodingLimits"]

_START_SECONDS: Final = 60.0  # a worker imports the codecs first


class TranscodingFault(LeadglassError):
    """The object cannot be given in the transfer syntax asked for."""


class _Declined(Exception):
    """The worker lives and said why not."""


@dataclass(frozen=True, slots=True)
class TranscodingLimits:
    """Ceilings of one worker."""

    seconds: float = 60.0
    address_space: int = 2048 * MIB
    largest: int = 512 * MIB
    """Bytes of a file that is transcoded at all, and of a data set that is taken back."""


class Transcoder:
    """One worker process, started when first needed and again after it was killed; one object at a time."""

    def __init__(self, limits: TranscodingLimits | None = None) -> None:
        self._limits = limits or TranscodingLimits()
        self._worker: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    def can_turn(self, transfer_syntax: str, target: str) -> bool:
        """True if objects in `transfer_syntax` can (usually) be turned into `target`."""
        return can_turn(transfer_syntax, target)

    async def transcode(self, part10: bytes | memoryview, target: str) -> bytes:
        """The data set of a Part-10 file in `target`. TranscodingFault if that cannot be, or not within the limits."""
        if len(part10) > self._limits.largest:
            raise TranscodingFault(f"an object of {len(part10) // MIB} MiB is too large to be transcoded")
        async with self._turn:
            try:
                worker = await self._started()
                async with asyncio.timeout(self._limits.seconds):
                    return await self._ask(worker, part10, target)
            except TimeoutError:
                await self._end()
                raise TranscodingFault(f"transcoding took longer than {self._limits.seconds:g} s") from None
            except (asyncio.IncompleteReadError, ConnectionError):
                await self._end()
                raise TranscodingFault("the transcoding worker ended: memory ceiling or a codec's fault") from None
            except _Declined as declined:
                raise TranscodingFault(f"the pixels cannot be turned: {declined}") from None
            except TranscodingFault:
                raise
            except BaseException:  # cancelled half way: what the worker says next belongs to nobody
                await self._end()
                raise

    async def close(self) -> None:
        """Ends the worker."""
        async with self._turn:
            await self._end()

    async def _ask(self, worker: asyncio.subprocess.Process, part10: bytes | memoryview, target: str) -> bytes:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(HEADER.pack(target.encode("ascii"), len(part10)))
        worker.stdin.write(part10)
        await worker.stdin.drain()
        outcome, length = HEADER.unpack(await worker.stdout.readexactly(HEADER.size))
        if length > self._limits.largest:
            await self._end()
            raise TranscodingFault(f"the object becomes too large when its pixels are turned: {length // MIB} MiB")
        answer = await worker.stdout.readexactly(length)
        if outcome.rstrip(b"\0") == FAILURE:
            raise _Declined(answer.decode("ascii", "replace"))
        return answer

    async def _started(self) -> asyncio.subprocess.Process:
        if self._worker is None or self._worker.returncode is not None:
            self._worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "leadglass.archive.transcoder_worker",
                str(self._limits.address_space),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=MIB,
            )
            assert self._worker.stdout is not None
            try:
                async with asyncio.timeout(_START_SECONDS):
                    ready, _ = HEADER.unpack(await self._worker.stdout.readexactly(HEADER.size))
            except (TimeoutError, asyncio.IncompleteReadError):
                ready = b""
            if ready.rstrip(b"\0") != SUCCESS:
                await self._end()
                raise TranscodingFault("the transcoding worker does not start")
        return self._worker

    async def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()
