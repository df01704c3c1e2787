"""Enrolling people and devices at a running archive by its control socket: as the command line does, but quickly."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from helpers.archive_server import ArchiveServer, DeviceFiles

__all__ = ["ALL_ACTIONS", "enrol", "enrol_tls", "ledger_rows", "order", "token"]

ALL_ACTIONS = ("store", "query", "view", "download")


def order(server: ArchiveServer, verb: str, **arguments: Any) -> Any:
    """The answer of a verb (see `leadglass.app.verbs`). Raises AssertionError with what the server said to a fault."""
    folder = os.open(server.home, os.O_PATH)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(60)
        line.connect(f"/proc/self/fd/{folder}/control.sock")
        os.close(folder)
        line.sendall(json.dumps({"verb": verb, "arguments": arguments}).encode() + b"\n")
        for words in map(json.loads, line.makefile("rb")):
            if "result" in words:
                return words["result"]
            assert "fault" not in words, f"{verb}: {words['fault']}"
    raise AssertionError(f"{verb}: the server hung up")


def enrol(
    server: ArchiveServer,
    ae_title: str,
    *allow: str,
    listens_at: int | None = None,
    sees: str = "everything",
    network: str = "127.0.0.0/8",
) -> None:
    """A weak device (plain door), named like its AE title in lower case, with a grant on the studies it `sees`."""
    name = ae_title.lower()
    order(
        server,
        "device add",
        name=name,
        ae_title=ae_title,
        networks=[network],
        allow=allow,
        listens_at=f"127.0.0.1:{listens_at}" if listens_at else "",
    )
    if sees:
        order(server, "grant add", to=f"device:{name}", allow=ALL_ACTIONS, studies=sees, why="test")


def enrol_tls(
    server: ArchiveServer, ae_title: str, *allow: str, listens_at: int | None = None, sees: str = "everything"
) -> DeviceFiles:
    """A device with a certificate; where its files are."""
    name = ae_title.lower()
    folder: Path = server.home.parent / f"{server.home.name}-{name}"
    order(
        server,
        "device add",
        name=name,
        ae_title=ae_title,
        tls=True,
        allow=allow,
        folder=str(folder),
        listens_at=f"127.0.0.1:{listens_at}" if listens_at else "",
    )
    if sees:
        order(server, "grant add", to=f"device:{name}", allow=ALL_ACTIONS, studies=sees, why="test")
    return DeviceFiles(folder)


def token(
    server: ArchiveServer,
    *allow: str,
    studies: str = "everything",
    name: str = "",
    role: str = "service",
    expires: str = "1h",
) -> str:
    """An API token that may do what `allow` says (everything if empty) with `studies` ("": by grants only)."""
    made = order(
        server,
        "token create",
        name=name or f"token-{secrets.token_hex(4)}",
        role=role,
        expires=expires,
        studies=studies,
        allow=allow or (*ALL_ACTIONS, "delete"),
    )
    return str(made["token"])


def ledger_rows(server: ArchiveServer, **by: str) -> Sequence[dict[str, Any]]:
    """What `leadglass ledger show` tells, as data."""
    rows: Sequence[dict[str, Any]] = order(server, "ledger show", **by)
    return rows
