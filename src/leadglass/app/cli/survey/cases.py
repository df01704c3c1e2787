"""`leadglass survey cases`: each leak, from the day it was found to the proof that it is closed."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from leadglass.app.cli.speaking import (
    JsonOption,
    answer_in,
    fail,
    faults_in_words,
    moment,
    out,
    plain,
    run,
    say_json,
    show_table,
)
from leadglass.app.cli.survey.running import LEAKS
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.case import Case, CaseState
from leadglass.survey.cases.clocks import deadlines
from leadglass.survey.cases.events import Closed, Dismissed, Event, NoticeSent, Reopened, Unanswered
from leadglass.survey.observation import Rung
from leadglass.terms.errors import UserFault

__all__ = ["cases", "retest"]

cases = typer.Typer(help="Each leak, from the day it was found to the proof that it is closed.")

CasesOption = Annotated[
    Path, typer.Option("--cases", envvar="LEADGLASS_CASES", help="The folder cases lie in.", show_default="./cases")
]
CaseName = Annotated[str, typer.Argument(metavar="CASE", help="Like C-0001.", show_default=False)]
ScopeOption = Annotated[Path, typer.Option("--scope", help="A signed scope.", show_default=False)]
TrustOption = Annotated[str, typer.Option("--trust", help="Fingerprint of the only signing key that counts.")]

_AS_BEFORE = "The case stands as it stood. Mend that, then try the same again."
_WORDS: Mapping[str, str] = {
    "opened": "new",
    "seen": "still open",
    "reopened": "open again",
    "moved": "at a new address",
    "closed": "closed",
    "unanswered": "silent, which proves nothing yet",
}


@cases.callback(invoke_without_command=True)
def list_cases(
    context: typer.Context,
    folder: CasesOption = Path("cases"),
    all_: Annotated[bool, typer.Option("--all", help="Closed and dismissed ones too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the cases that are open."""
    if context.invoked_subcommand is not None:
        return
    with faults_in_words():
        _list(folder, all_, as_json)


def _list(folder: Path, with_closed: bool, as_json: bool) -> None:
    every = CaseBook(folder).cases.values()
    shown = [_row(case) for case in every if with_closed or case.state is CaseState.OPEN]
    if as_json:
        say_json({"cases": shown})
        return
    columns = {
        "case": "case",
        "state": "state",
        "days": "days",
        "address": "address",
        "organisation": "organisation",
        "place": "place",
        "rung": "highest rung",
        "records": "records",
        "told": "owner told",
        "due": "first deadline",
    }
    empty = f"No case is open in {folder}. `leadglass survey cases update RUN` takes a run in."
    show_table(
        [row | {"records": "" if row["records"] is None else f"{row['records']:,}"} for row in shown],
        columns,
        empty=empty,
    )
    states = Counter(case.state for case in every)
    if states:
        out.print(", ".join(f"{count} {state}" for state, count in states.items()))


def _row(case: Case) -> dict[str, Any]:
    opened, seen = case.opened, case.last_seen
    due = [d.due for d in deadlines(opened.country, seen.records, case.noticed_at) if d.due]
    return {
        "case": case.id,
        "state": str(case.state),
        "days": case.days_open,
        "address": case.address,
        "organisation": opened.organisation,
        "place": " / ".join(filter(None, (opened.country, opened.state, opened.district))),
        "rung": Rung(seen.rung).name.lower().replace("_", " "),
        "records": seen.records,
        "told": case.noticed_at.isoformat() if case.noticed_at else "",
        "due": min(due).isoformat() if due and case.state is CaseState.OPEN else "",
    }


@cases.command("update")
def update(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a finished run.", show_default=False)
    ],
    folder: CasesOption = Path("cases"),
    as_json: JsonOption = False,
) -> None:
    """Take in a run: what is new, still open, closed, open again, at a new address."""
    with faults_in_words():
        _update(run_folder, folder, as_json)


def _update(run_folder: Path, folder: Path, as_json: bool) -> None:
    from leadglass.app.casebook import take_in
    from leadglass.survey.records import Run

    book = CaseBook(folder)
    events = take_in(Run.open(run_folder), book)
    if as_json:
        say_json({"events": _plain(events)})
        return
    if not events:
        out.print("Nothing new: this run was taken in before, or it found no leak and no case to close.")
        return
    _say_counts(events)
    out.print(f"`leadglass survey cases{plain(_there(folder))}` lists what is open.")


def _there(folder: Path) -> str:
    """The option that leads a shown command to the same cases."""
    return "" if folder == Path("cases") else f" --cases {shlex.quote(str(folder))}"


def _say_counts(events: Sequence[Event]) -> None:
    counts = Counter(_WORDS[kind] for event in events if (kind := str(event.__struct_config__.tag)) in _WORDS)
    out.print(", ".join(f"{count} {words}" for words, count in counts.items()))


@cases.command("show")
def show(name: CaseName, folder: CasesOption = Path("cases"), as_json: JsonOption = False) -> None:
    """All that happened to a case."""
    with faults_in_words():
        _show(name, folder, as_json)


def _show(name: str, folder: Path, as_json: bool) -> None:
    case = CaseBook(folder).case(name)
    if as_json:
        say_json({**_row(case), "history": _plain(case.history)})
        return
    row = _row(case)
    headings = {"organisation": "organisation", "place": "place", "rung": "highest rung", "records": "records"}
    out.print(f"[bold]{case.id}[/] {row['state']}, {row['days']} days, at {plain(case.address)}")
    for key, heading in headings.items():
        if row[key]:
            out.print(f"  {heading:14}{plain(f'{row[key]:,}' if isinstance(row[key], int) else row[key])}")
    for deadline in deadlines(case.opened.country, case.last_seen.records, case.noticed_at):
        due = f"due {moment(deadline.due.isoformat())}" if deadline.due else "starts when the owner is told"
        out.print(f"  {'law':14}{plain(deadline.law)}: {due}")
    out.print()
    for event in case.history:
        out.print(plain(_line(event)))


def _line(event: Event) -> str:
    said = msgspec.to_builtins(event)
    kind = said.pop("event")
    said["ports"] = [door["port"] for door in said.pop("doors", ())]
    about = {key: value for key, value in said.items() if key in _SHOWN and value}
    details = ", ".join(f"{key} {_word(value)}" for key, value in about.items())
    return f"{moment(event.at.isoformat())}  {kind:15}{details}"


_SHOWN = (
    "address",
    "before",
    "because",
    "records",
    "ports",
    "source",
    "name",
    "contact",
    "note",
    "language",
    "to",
    "by",
)


def _word(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@cases.command("owner")
def owner(
    name: CaseName,
    scope: ScopeOption,
    rdap: Annotated[
        bool, typer.Option("--rdap", help="Ask the address registries too; they learn which address interests you.")
    ] = False,
    trust: TrustOption = "",
    folder: CasesOption = Path("cases"),
    as_json: JsonOption = False,
) -> None:
    """Ask around whose system it is: certificate, security.txt, reverse DNS, and registries if told to."""
    from leadglass.app.retesting import find_owner

    found = run(find_owner(name, folder, scope, rdap=rdap, trust=trust), advice=_AS_BEFORE)
    if as_json:
        say_json({"owners": _plain(found)})
        return
    columns = {"source": "source", "name": "name", "contact": "contact", "note": "note"}
    show_table(_plain(found), columns, empty="Nobody says whose it is.")


@cases.command("notice")
def notice(
    name: CaseName,
    scope: ScopeOption,
    languages: Annotated[str, typer.Option("--language", help="en, de; several with commas.")] = "en",
    to: Annotated[
        Path | None, typer.Option("--out", help="Where to write it.", show_default="CASES/notices/CASE")
    ] = None,
    folder: CasesOption = Path("cases"),
    as_json: JsonOption = False,
) -> None:
    """Write the notice to the owner, as HTML and text. Nothing is sent."""
    with faults_in_words():
        _notice(name, scope, [word.strip() for word in languages.split(",")], to, folder, as_json)


def _notice(name: str, scope: Path, languages: Sequence[str], to: Path | None, folder: Path, as_json: bool) -> None:
    from leadglass.app.casebook import notice as write
    from leadglass.survey.cases.notice.packet import LANGUAGES
    from leadglass.survey.scope import read_scope
    from leadglass.survey.scope.signing import bytes_of

    if unknown := sorted(set(languages) - set(LANGUAGES)):
        raise UserFault(f"there is no notice in {', '.join(map(repr, unknown))}", f"There are: {', '.join(LANGUAGES)}.")
    book = CaseBook(folder)
    case = book.case(name)
    authority = read_scope(bytes_of(scope), str(scope)).authority
    made = write(book, case, authority, languages, to or folder / "notices" / case.id)
    words = "\n".join(map(str, made))
    answer_in(
        as_json,
        {"files": list(map(str, made))},
        f"{words}\nNothing was sent. When you have: leadglass survey cases sent {case.id} --to WHOM{_there(folder)}",
    )


@cases.command("sent")
def sent(
    name: CaseName,
    to: Annotated[str, typer.Option("--to", help="Whom you told.", show_default=False)],
    by: Annotated[str, typer.Option("--by", help="mail, telephone, letter, portal …")] = "mail",
    at: Annotated[str, typer.Option("--at", help="When, like 2026-11-20T09:30+01:00.", show_default="now")] = "",
    folder: CasesOption = Path("cases"),
    as_json: JsonOption = False,
) -> None:
    """Note that the owner was told; legal clocks run from then."""
    whom, how, when = _line_of("--to", to), _line_of("--by", by), _moment_of("--at", at)
    case = _add(name, folder, lambda case: NoticeSent(case=case.id, at=when, to=whom, by=how))
    again = f"leadglass survey retest {case.id} --scope FILE{_there(folder)}"
    answer_in(as_json, {"case": case.id}, f"Noted. When they say it is closed: {again}")


@cases.command("dismiss")
def dismiss(
    name: CaseName,
    because: Annotated[str, typer.Option("--because", help="Why it is no leak.", show_default=False)],
    folder: CasesOption = Path("cases"),
    as_json: JsonOption = False,
) -> None:
    """Say that it is no leak, and why. It stays in the book."""
    why = _line_of("--because", because)
    case = _add(name, folder, lambda case: Dismissed(case=case.id, at=datetime.now(UTC), because=why))
    answer_in(as_json, {"case": case.id}, f"Dismissed {case.id}.")


def _add(name: str, folder: Path, event: Callable[[Case], Event]) -> Case:
    with faults_in_words():
        book = CaseBook(folder)
        case = book.case(name)
        book.add([event(case)])
    return case


def _line_of(option: str, text: str) -> str:
    """What goes into the book: one line, and not an empty one."""
    words = text.strip()
    if not words or not words.isprintable():
        fail(f"{option} is empty, or no single line of text", f"Say it in a line: {option} 'WORDS'.")
    return words


def _moment_of(option: str, text: str) -> datetime:
    """Now if there is no text; else a moment that has passed, with its zone: hours count."""
    now = datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text) if text else now
    except ValueError:
        fail(f"{option} is no moment", "Write it like 2026-11-20T09:30+01:00.")
    if moment.tzinfo is None:
        fail(f"{option} has no time zone", "Write it like 2026-11-20T09:30+01:00, or with Z for UTC.")
    if moment > now:
        fail(f"{option} is still to come", "Note it once they have been told.")
    return moment.astimezone(UTC)


def _plain(values: Sequence[Any]) -> Any:
    return msgspec.to_builtins(list(values))


def retest(
    name: CaseName,
    scope: ScopeOption,
    trust: TrustOption = "",
    folder: CasesOption = Path("cases"),
    as_json: JsonOption = False,
) -> None:
    """Look at a case's address again. Only this, or a whole run, closes a case.

    Exit code 0: a stranger gets at nothing there now. 3: it is still open.
    """
    from leadglass.app.retesting import retest as look_again

    looked = run(look_again(name, folder, scope, trust=trust), advice=_AS_BEFORE)
    case = looked.case
    if as_json:
        say_json({**_row(case), "events": _plain(looked.events), "run": str(looked.report.folder)})
    elif case.state is CaseState.CLOSED:
        because = next((event.because for event in looked.events if isinstance(event, Closed)), "it was closed before")
        out.print(f"[bold green]{case.id} is closed:[/] {plain(because)}.")
    elif silent := next((event for event in looked.events if isinstance(event, Unanswered)), None):
        out.print(f"[bold yellow]{case.id} stays open:[/] {plain(silent.because)}. That may be our own way out.")
        out.print("It is closed once it has been silent for a day, or when a run is that reaches others.")
    elif not looked.events:
        out.print(f"{case.id} stands as it stood: the answer was neither yes nor no.")
    else:
        how = "open again" if any(isinstance(event, Reopened) for event in looked.events) else "still open"
        out.print(
            f"[bold red]{case.id} is {how}[/] at {plain(case.address)}, {case.days_open} days after it was found."
        )
    if not as_json:
        out.print(f"The evidence is in {plain(str(looked.report.folder))}.")
    raise typer.Exit(LEAKS if case.state is CaseState.OPEN else 0)
