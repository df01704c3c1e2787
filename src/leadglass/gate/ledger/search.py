"""Asking the ledger: who saw this patient, what did this person see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leadglass.gate.ledger.entry import Entry, Event
from leadglass.gate.ledger.reading import published_size, read_bundle, read_entries
from leadglass.gate.ledger.tiles import TILE_WIDTH
from leadglass.terms.errors import LedgerFault

__all__ = ["first_bundle", "needle", "search"]

_SESSION = b'"event":"ledger-opened"'


def search(
    directory: Path,
    *,
    patient: str = "",
    study: str = "",
    principal: str = "",
    event: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    with_sessions: bool = False,
) -> Iterator[Entry]:
    """Entries in order that match everything given; `patient` is a pseudonym. Works while a server is writing.

    A query that disclosed the patient or study among others matches too. `with_sessions` also yields each
    ledger-opened entry of the time asked for, which `summarise` needs. This reads, it does not verify; LedgerFault
    where entries are plainly missing or damaged, UserFault if there is no ledger.
    """
    wanted = _Wanted(patient, study, principal, event)
    for data in read_entries(directory, first_bundle(directory, since) if since else 0):
        session = with_sessions and _SESSION in data
        if not session and not all(needle in data for needle in wanted.needles):
            continue
        try:
            entry = Entry.decode(data)
        except ValueError as error:
            raise LedgerFault("an entry of the ledger is damaged: run `leadglass ledger verify`") from error
        if until is not None and entry.at >= until:
            return
        if (since is None or entry.at >= since) and (wanted.admits(entry) or (session and _is_session(entry))):
            yield entry


@dataclass(frozen=True, slots=True)
class _Wanted:
    patient: str
    study: str
    principal: str
    event: str

    @property
    def needles(self) -> tuple[bytes, ...]:
        """Bytes that an entry must contain to be worth decoding."""
        texts = (self.patient, self.study, self.principal, self.event)
        return tuple(needle(text) for text in texts if text)

    def admits(self, entry: Entry) -> bool:
        return (
            self.principal in ("", entry.principal)
            and self.event in ("", entry.event)
            and (self.patient in ("", entry.patient) or any(d.patient == self.patient for d in entry.disclosed))
            and (
                self.study in ("", entry.study_instance_uid)
                or any(d.study_instance_uid == self.study for d in entry.disclosed)
            )
        )


def needle(text: str) -> bytes:
    """The bytes that an entry with this text in one of its fields must contain."""
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")  # half a pair is in no entry


def _is_session(entry: Entry) -> bool:
    return entry.event == Event.LEDGER_OPENED


def first_bundle(directory: Path, since: datetime) -> int:
    """The last bundle that starts before `since`: times never run backwards, so all earlier ones can be passed over."""
    size = published_size(directory)
    low, high = 0, -(-size // TILE_WIDTH)
    while high - low > 1:
        middle = (low + high) // 2
        entries = read_bundle(directory, middle, min(TILE_WIDTH, size - middle * TILE_WIDTH))
        try:
            early = Entry.decode(entries[0]).at < since
        except ValueError as error:
            raise LedgerFault("an entry of the ledger is damaged: run `leadglass ledger verify`") from error
        low, high = (middle, high) if early else (low, middle)
    return low
