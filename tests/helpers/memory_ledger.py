"""A ledger in memory that can fail on cue."""

from __future__ import annotations

from leadglass.gate.ledger import Entry, Event
from leadglass.terms.errors import LedgerFault


class MemoryLedger:
    """`durable` are the entries somebody waited for, `entries` all of them in order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.durable: list[Entry] = []
        self.broken = False

    async def append(self, entry: Entry) -> int:
        self.append_soon(entry)
        self.durable.append(entry)
        return len(self.entries) - 1

    def append_soon(self, entry: Entry) -> None:
        if self.broken:
            raise LedgerFault("the ledger is broken on cue")
        self.entries.append(entry)

    def of(self, event: Event) -> list[Entry]:
        return [entry for entry in self.entries if entry.event == event]
