"""Who loads the servers: DCMTK's storescu as it is shipped, and the light clients of bench/light.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.light import CALLING
from bench.servers import ROOT, Server


def storescu(server: Server, senders: Sequence[Sequence[Path]], *, no_delay: bool = True) -> float:
    """Seconds for one storescu per entry of `senders`, all at once, each with its folders. A failure ends the run."""
    environment = {key: value for key, value in os.environ.items() if key != "TCP_NODELAY"}
    if no_delay:
        environment["TCP_NODELAY"] = "1"
    options = ["storescu", "-q", *server.sender_tls, "-aet", CALLING, "-aec", server.ae_title, "+sd", "+r"]
    begin = time.perf_counter()
    running = [
        subprocess.Popen([*options, "127.0.0.1", str(server.port), *map(str, folders)], env=environment)
        for folders in senders
    ]
    codes = [process.wait() for process in running]
    seconds = time.perf_counter() - begin
    if any(codes):
        raise SystemExit(f"storescu to {server.kind} ended with {codes}; see {server.directory}")
    return seconds


def light(server: Server, verb: str, clients: int, *arguments: str) -> list[dict[str, Any]]:
    """What `clients` light DICOM clients report that were started together."""
    return _together(server, "bench.light", verb, clients, ("--called", server.ae_title, *arguments), server.port)


def light_web(server: Server, verb: str, clients: int, *arguments: str) -> list[dict[str, Any]]:
    """What `clients` light web clients report that were started together."""
    return _together(server, "bench.light_web", verb, clients, (*server.web.options, *arguments), server.web.port)


def _together(
    server: Server, module: str, verb: str, clients: int, arguments: Sequence[str], port: int
) -> list[dict[str, Any]]:
    running = [
        start_light(verb, port, "--shares", str(clients), "--share", str(i), *arguments, module=module)
        for i in range(clients)
    ]
    for client in running:
        if client.stdin is None:
            raise RuntimeError("a light client has no input")
        client.stdin.write("go\n")
        client.stdin.flush()
    reports = [client.communicate()[0] for client in running]
    if any(client.returncode for client in running):
        raise SystemExit(f"light {verb} clients of {server.kind} failed; see {server.directory}")
    return [json.loads(report) for report in reports]


def start_light(verb: str, port: int, *arguments: str, module: str = "bench.light") -> subprocess.Popen[str]:
    """A light client that is ready."""
    command = [sys.executable, "-m", module, verb, "--port", str(port), *arguments]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if client.stdout is None or client.stdout.readline() != "ready\n":
        raise SystemExit(f"the light {verb} client did not start: it ended with {client.wait()}")
    return client
