"""Running DCMTK's tools: exit code and all they say."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom

from helpers.peers import peer
from helpers.ports import listening

__all__ = ["ToolResult", "require_tool", "responses_in", "run_dcmtk", "running_tool"]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a tool ended. `output` is both its streams."""

    exit_code: int
    output: str


def require_tool(command: str) -> str:
    """Path of a DCMTK tool. Without it the test skips with one line, or fails if LEADGLASS_REQUIRE_PEERS=1."""
    return peer(command, "dcmtk")


async def run_dcmtk(command: str, *arguments: object, nodelay: bool = True, seconds: float = 60.0) -> ToolResult:
    """Run a tool to its end without blocking the loop. `nodelay=False` leaves Nagle's algorithm on, as packaged."""
    process = await asyncio.create_subprocess_exec(
        require_tool(command),
        *(str(argument) for argument in arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=_environment(nodelay),
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return ToolResult(process.returncode, output.decode("utf-8", "replace"))


def responses_in(folder: Path) -> list[pydicom.Dataset]:
    """What findscu -X has written into `folder`: the identifiers of the responses, in their order."""
    return [pydicom.dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


@contextlib.contextmanager
def running_tool(command: str, port: int, *arguments: object, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A tool that listens at `port` until the block ends; what it says goes to `log`."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [require_tool(command), *(str(argument) for argument in arguments), str(port)],
            stdout=out,
            stderr=out,
            env=_environment(nodelay=True),
        )
    with listening(process, port):
        yield process


def _environment(nodelay: bool) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    if nodelay:
        environment["TCP_NODELAY"] = "1"
    return environment
