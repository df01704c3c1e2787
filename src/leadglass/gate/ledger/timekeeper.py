"""Time in the ledger never runs backwards, whatever the wall clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from leadglass.gate.ledger.entry import Entry
from leadglass.terms.errors import LedgerFault, UserFault

__all__ = ["STEPPED_BACK", "Timekeeper"]

STEPPED_BACK: Final = "stepped back"
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Timekeeper:
    """Knows the time of the newest entry."""

    def __init__(self, tolerance_seconds: float, last_entry: bytes = b"") -> None:
        """`last_entry` is the ledger's last one, empty for a new ledger. LedgerFault if it is not an entry."""
        self._tolerance = timedelta(seconds=tolerance_seconds)
        self.latest = _BEGINNING
        if last_entry:
            try:
                self.latest = Entry.decode(last_entry).at
            except ValueError as error:
                raise LedgerFault(
                    "the last entry of the ledger cannot be read: run `leadglass ledger verify`"
                ) from error

    def check_start(self, now: datetime, future_seconds: float) -> None:
        """UserFault if the newest entry lies further in the future than clocks differ."""
        ahead = (self.latest - now).total_seconds()
        if ahead > future_seconds:
            raise UserFault(
                f"the clock has gone backwards: it says {now:%Y-%m-%d %H:%M:%S} UTC, and the ledger's last entry is of "
                f"{self.latest:%Y-%m-%d %H:%M:%S} UTC",
                "set the clock right and start again; if the clock is right now and was wrong then, start once with "
                "--accept-clock, and entries will carry the later time until the clock has caught up",
            )

    def hold(self, at: datetime) -> tuple[datetime, str]:
        """The time to write, never before the newest entry's, and what to say of the clock."""
        if at >= self.latest:
            return at, ""
        return self.latest, STEPPED_BACK if self.latest - at > self._tolerance else ""
