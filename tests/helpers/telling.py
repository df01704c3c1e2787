"""Commanding a running archive through its control socket: as the command line does, without starting Python anew."""

from __future__ import annotations

import asyncio
from typing import Any

from helpers.archive_server import ArchiveServer, DeviceFiles
from leadglass.app.control import ask_running_server
from leadglass.app.home import Home

__all__ = ["enrol_tls_device", "refusals_in", "tell", "tell_all"]


async def tell(server: ArchiveServer, verb: str, **arguments: Any) -> Any:
    """The answer to a verb; UserFault as the command line would report it."""
    answered, answer = await ask_running_server(Home(server.home), verb, arguments, lambda done, total: None)
    assert answered, "no server runs in this home"
    return answer


async def enrol_tls_device(
    server: ArchiveServer, name: str, ae_title: str, *, allow: str = "", listens_at: str = ""
) -> DeviceFiles:
    """Enrols a device with a certificate; where its files are."""
    folder = server.home.parent / f"{server.home.name}-{name}"
    await tell(
        server,
        "device add",
        name=name,
        ae_title=ae_title,
        tls=True,
        allow=[word for word in allow.split(",") if word],
        listens_at=listens_at,
        folder=str(folder),
    )
    return DeviceFiles(folder)


def tell_all(server: ArchiveServer, *commands: tuple[str, dict[str, Any]]) -> list[Any]:
    """Several commands, from a test that has no event loop."""

    async def run() -> list[Any]:
        return [await tell(server, verb, **arguments) for verb, arguments in commands]

    return asyncio.run(run())


def refusals_in(row: dict[str, Any]) -> int:
    """How many refusals one line of `ledger show` stands for."""
    return int(row["what"].split(" refusal")[0])
