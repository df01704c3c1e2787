"""One server that all hostile tests of a file attack, and that must come out of it as it went in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from helpers.archive_server import ArchiveServer, run_archive
from helpers.attacks import CALLING
from helpers.telling import tell_all
from leadglass.terms.ceilings import MIB

__all__ = ["MEMORY_CEILING", "PATIENCE", "attacked_server", "log_of"]

MEMORY_CEILING: Final = 400 * MIB
"""Of the whole server process, whatever is done to it: about 120 MiB at rest, MAX_INCOMING_TOTAL, and some air."""
PATIENCE: Final = 3.5
"""Seconds within which an honest peer beside an attack must be answered, on a machine that is busy with the tests."""

_CONFIGURATION = """
[limits]
request-seconds = 2
idle-seconds = 4
"""


@contextmanager
def attacked_server(home: Path) -> Iterator[ArchiveServer]:
    """A server with short timers. CALLING may store, query and retrieve everything: its attacks come from inside."""
    with run_archive(home, configuration=_CONFIGURATION) as server:
        actions = ["query", "view", "download"]
        tell_all(
            server,
            (
                "device add",
                {
                    "name": "attacker",
                    "ae_title": CALLING,
                    "networks": ["127.0.0.0/8"],
                    "allow": ["store", "query", "retrieve"],
                },
            ),
            ("grant add", {"to": "device:attacker", "allow": actions, "studies": "everything", "why": "to attack"}),
        )
        yield server
        assert server.process.poll() is None, "the server has died"
        assert server.peak_rss() < MEMORY_CEILING
    assert "Traceback" not in log_of(server)


def log_of(server: ArchiveServer) -> str:
    """All that the server has said so far."""
    return (server.home.parent / f"{server.home.name}.log").read_text()
