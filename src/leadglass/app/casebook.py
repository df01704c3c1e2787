"""Cases: what the commands of `leadglass survey cases` do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from leadglass.app.looking_back import covered_by, warrant_of
from leadglass.net.conversing import Ending
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.case import Case
from leadglass.survey.cases.events import Event, NoticeWritten, OwnerFound
from leadglass.survey.cases.following import Look, follow
from leadglass.survey.cases.notice.packet import write_packet
from leadglass.survey.cases.owners import Owner
from leadglass.survey.records import Run
from leadglass.survey.rules import findings_of
from leadglass.survey.rules.words import words_for
from leadglass.survey.scope import Warrant
from leadglass.survey.scope.document import Authority
from leadglass.survey.targets.plan import Plan
from leadglass.terms.errors import UserFault

__all__ = ["notice", "take_in", "write_owners"]


def take_in(run: Run, book: CaseBook) -> Sequence[Event]:
    """Add to the book what a run means for its cases; the events added, none if the run was taken in before.

    A run without a scope (`survey self`) opens cases and closes none.

    UserFault if the run is not finished: what it has not looked at yet would seem closed.
    """
    facts = run.facts
    if facts.finished is None:
        raise UserFault(
            f"the run in {run.folder} is not finished",
            "Go on with it (`leadglass survey run … --resume`), then try again.",
        )
    if any(getattr(event, "run", "") == facts.id for case in book.cases.values() for event in case.history):
        return ()
    warrant = warrant_of(run)
    absent = _absent(run, warrant, {case.address for case in book.cases.values()})
    look = Look(
        run=facts.id,
        began=facts.started,
        at=facts.finished,
        level=facts.level,
        covers=covered_by(run, warrant),
        absence=lambda address: absent.get(address, {}),
    )
    systems = run.systems()
    events = follow(book.cases, look, systems, findings_of(systems))
    book.add(events)
    return events


def _absent(run: Run, warrant: Warrant | None, addresses: Collection[str]) -> dict[str, dict[int, Ending]]:
    """How it was that no connection came about, for the ports of these addresses: evidence keeps only numbers of the
    plan."""
    if warrant is None or not addresses:
        return {}
    plan = Plan(warrant, level=run.facts.level, only=run.facts.only or None, seed=run.facts.id.encode())
    found: dict[str, dict[int, Ending]] = {}
    for ending in (Ending.SILENT, Ending.UNREACHABLE, Ending.REFUSED):
        for first, last in run.ranges_without_connection(ending):
            for number in range(first, last + 1):
                target = plan[number - 1]
                if target.address in addresses:
                    found.setdefault(target.address, {})[target.port] = ending
    return found


def write_owners(book: CaseBook, case: Case, owners: Sequence[Owner]) -> None:
    """Put into the book who may be responsible."""
    now = datetime.now(UTC)
    book.add([OwnerFound(case=case.id, at=now, **asdict(owner)) for owner in owners])


def notice(book: CaseBook, case: Case, authority: Authority, languages: Sequence[str], folder: Path) -> list[Path]:
    """Write the notice of a case in these languages. Returns the files made."""
    now = datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    for language in languages:
        packet = write_packet(case, authority, words_for, language=language, now=now)
        for suffix, content in ((f"{language}.html", packet.html), (f"{language}.txt", packet.text)):
            path = folder / f"notice.{suffix}"
            draft = folder / f".{path.name}"
            draft.write_text(content, encoding="utf-8")
            draft.replace(path)
            made.append(path)
        digest = sha256(packet.text.encode()).hexdigest()
        book.add([NoticeWritten(case=case.id, at=now, language=language, digest=digest)])
    return made
