"""The console: pages for people, under `/`.

Server-rendered; what a page shows comes from the deeds of `archive` and the readers of `gate`, which judge and write
down. `pages.py` is the table of everything that can be asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from leadglass.archive.archive import Archive
from leadglass.gate.looking import LedgerReader
from leadglass.gate.overseeing import Overseeing
from leadglass.gate.people import People
from leadglass.gate.sessions import SessionSettings
from leadglass.web.console.console import Console
from leadglass.web.console.pages import CONSOLE_ROUTES, SECTIONS
from leadglass.web.console.route import ConsoleRoute
from leadglass.web.console.templates import Templates
from leadglass.web.console.visit import Parts

__all__ = ["CONSOLE_ROUTES", "Console", "ConsoleRoute", "console"]


def console(
    archive: Archive, people: People, ledger: LedgerReader, overseeing: Overseeing, report: Callable[[str], None]
) -> Console:
    """The console of a house. `report` is told of our own failures, in words without patient data."""
    idle_seconds = int(SessionSettings().idle.total_seconds())
    return Console(Parts(archive, people, ledger, overseeing, Templates(SECTIONS, idle_seconds)), report)
