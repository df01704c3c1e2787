"""The ledger page: what happened, newest first, and whether the record is whole.

Filters travel in the body of a POST: a Patient ID may be among them (law 6). The ledger itself knows patients by
pseudonyms only; the reader turns the ID that is asked for into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from starlette.responses import Response

from leadglass.gate.looking import Line, Looking, VerificationState
from leadglass.terms.outcome import Refused
from leadglass.web.console import errors
from leadglass.web.console.event_words import EVENTS, words_of
from leadglass.web.console.visit import Visit
from leadglass.web.console.wording import moment, sizes

__all__ = ["filtered", "ledger"]

LINES_ON_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed into the filters."""

    person: str = ""
    event: str = ""
    study: str = ""
    patient: str = ""

    @classmethod
    def in_form(cls, form: Mapping[str, str]) -> Asked:
        return cls(**{field.name: form.get(field.name, "").strip()[:64] for field in fields(cls)})

    @property
    def fields(self) -> Mapping[str, str]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class _Shown:
    number: str
    at: str
    when: str
    who: str
    words: str
    detail: str
    study: str
    origin: str
    is_refusal: bool


@dataclass(frozen=True, slots=True)
class _Seal:
    kind: str  # "good", "bad" or "" while it is still being looked at
    heading: str
    words: str
    root: str
    checked: str


async def ledger(visit: Visit) -> Response:
    """The newest entries."""
    return await _answer(visit, Asked(), None)


async def filtered(visit: Visit) -> Response:
    """Entries that match the filters; with `before`, those older than that number."""
    said = visit.form.get("before", "")
    before = int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else None
    return await _answer(visit, Asked.in_form(visit.form), before)


async def _answer(visit: Visit, asked: Asked, before: int | None) -> Response:
    reader, caller = visit.parts.ledger, visit.visitor.caller
    looking = Looking(person=asked.person, study=asked.study, event=asked.event, patient=asked.patient)
    page = await reader.page(
        caller.principal, looking, before, LINES_ON_A_PAGE, door=caller.door, address=caller.address
    )
    if isinstance(page, Refused):
        return errors.refused(visit, page)
    names = await visit.parts.overseeing.names(caller.principal)
    return visit.page(
        "ledger.html",
        here="/ledger",
        asked=asked,
        hidden=list(asked.fields.items()),
        events=EVENTS,
        entries=[_shown(line, names) for line in page.lines],
        earlier=page.next,
        is_newest=before is None,
        seal=_seal(await reader.verification()),
    )


def _shown(line: Line, names: Mapping[str, str]) -> _Shown:
    is_refusal = line.outcome == "refused"
    return _Shown(
        number=f"{line.entry:,}" if line.entry is not None else "",
        at=line.at.isoformat(),
        when=moment(line.at),
        who=names.get(line.who, line.who) or "somebody without a name",
        words=words_of(line.event, line.action),
        detail=line.reason if is_refusal else sizes(line.what),
        study=line.study,
        origin=" · ".join(part for part in (line.address, line.door) if part),
        is_refusal=is_refusal,
    )


def _seal(state: VerificationState) -> _Seal:
    if state.ok is None:
        return _Seal("", "The ledger is being verified", state.words, "", "")
    checked = f"checked {moment(state.checked_at)}"
    if state.ok:
        return _Seal("good", "The ledger is whole", state.words, state.root_hash, checked)
    return _Seal("bad", "The ledger is broken", state.words, state.root_hash, checked)
