"""Reading the ledger: who saw this patient, what did this person see. Looking is itself recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.app.verbs.holders import names_of_holders
from leadglass.app.verbs.recording import LOCAL
from leadglass.app.verbs.words import date_named
from leadglass.gate.looking import Line, Looking
from leadglass.gate.machine import MACHINE
from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import Refused

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
    looking = Looking(person=who, study=study, event=event, patient=patient, issuer=issuer, since=since_date)
    lines = await house.ledger_reader.last(MACHINE, looking, last, door=Door.MACHINE, address=LOCAL)
    if isinstance(lines, Refused):
        raise UserFault(f"refused: {lines.reason}", "ask an administrator")
    names = await names_of_holders(house)
    return [_row(line, names) for line in lines]


def _row(line: Line, names: Mapping[str, str]) -> dict[str, Any]:
    known = names.get(line.principal, "").partition(":")[2]
    return {
        "at": line.at.isoformat(timespec="milliseconds"),
        "event": line.event,
        "outcome": line.outcome,
        "who": known if known and line.who == line.principal else line.who,
        "principal": line.principal,
        "action": line.action,
        "study": line.study,
        "door": line.door,
        "address": line.address,
        "reason": line.reason,
        "what": line.what,
        "entry": line.entry,
    }
