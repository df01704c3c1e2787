"""Free ports on loopback, and programs that listen there."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator

__all__ = ["free_port", "listening", "wait_for_port"]


_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
# Below the ports that Linux gives to outgoing connections: other tests open thousands of those at the same time.
_OURS = range(12_000 + _WORKER, 32_000, _WORKERS)
_DRAWN = itertools.cycle(random.sample(_OURS, len(_OURS)))


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody held a moment ago, drawn by lot; no worker is given the port of another, nor
    any port twice before all have had their turn."""
    for port in _DRAWN:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a cycle has no end")


def wait_for_port(
    port: int,
    process: subprocess.Popen[bytes] | None = None,
    seconds: float = 60.0,
    address: str = "127.0.0.1",
) -> None:
    """Returns once address:port accepts a connection. Raises if `process` ends first, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before it listened on port {port}")
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"nobody listens on port {port} after {seconds:g} s")


@contextlib.contextmanager
def listening(process: subprocess.Popen[bytes], *ports: int) -> Iterator[None]:
    """The block begins when the process listens at all of these; afterwards it is ended, by force if it lingers."""
    try:
        for port in ports:
            wait_for_port(port, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
