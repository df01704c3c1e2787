"""Reading the ledger: who saw this patient, what did this person see. Looking is itself recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.app.verbs.holders import names_of_holders
from leadglass.app.verbs.recording import record
from leadglass.app.verbs.words import date_named
from leadglass.gate.ledger import Entry, EpisodeSummary, Event, search, summarise
from leadglass.terms.errors import UserFault

__all__ = ["show"]

_MOST = 10_000


async def show(
    house: House,
    progress: Progress,
    *,
    patient: str = "",
    issuer: str = "",
    study: str = "",
    principal: str = "",
    event: str = "",
    since: str = "",
    last: int = 100,
) -> list[dict[str, Any]]:
    """The last entries that match, oldest first; episodes folded into one line each."""
    del progress
    if not 0 < last <= _MOST:
        raise UserFault(f"between 1 and {_MOST} entries can be shown", "choose another --last, or narrow the search")
    who = await house.registry.holder_named(principal) if ":" in principal else principal
    since_date = date_named(since) if since else None
    names = await names_of_holders(house)
    await house.ledger.flush()

    def read() -> list[dict[str, Any]]:
        found = search(
            house.home.ledger,
            patient=house.gate.pseudonym(patient, issuer) if patient else "",
            study=study,
            principal=who,
            event=event,
            since=since_date,
            with_sessions=True,
        )
        lines = [_line(item, names) for item in summarise(found) if not _is_session(item, event)]
        return sorted(lines, key=lambda line: str(line["at"]))[-last:]

    lines = await asyncio.to_thread(read)
    asked = " ".join(
        name for name, given in (("patient", patient), ("study", study), ("principal", principal)) if given
    )
    await record(house, Event.LEDGER_READ, by=asked or "everything", answers=len(lines))
    return lines


def _is_session(item: Entry | EpisodeSummary, asked_for: str) -> bool:
    """Each start and stop, also of a command without a server, is an entry: shown only when asked for."""
    sessions = {Event.LEDGER_OPENED, Event.LEDGER_CLOSED} - {asked_for}
    return isinstance(item, Entry) and item.event in sessions


def _word(value: str | int | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _counted(count: int, name: str) -> str:
    return f"{count} {name.removesuffix('s') if count == 1 else name}"


def _line(item: Entry | EpisodeSummary, names: Mapping[str, str]) -> dict[str, Any]:
    entry = item.first if isinstance(item, EpisodeSummary) else item
    if isinstance(item, EpisodeSummary):
        what = item.words
    else:
        parts = [_counted(count, name) for name, count in entry.counts.items()]
        parts += [f"{name} {_word(value)}" for name, value in entry.detail.items() if value != ""]
        what = ", ".join(parts)
    return {
        "at": entry.at.isoformat(timespec="milliseconds"),
        "event": "access" if isinstance(item, EpisodeSummary) else str(entry.event),
        "outcome": str(entry.outcome),
        "who": entry.name or names.get(entry.principal, "").partition(":")[2] or entry.principal,
        "principal": entry.principal,
        "action": entry.action,
        "study": entry.study_instance_uid,
        "door": entry.door,
        "address": entry.address,
        "reason": entry.reason,
        "what": what,
        "entry": entry.tree_index,
    }
