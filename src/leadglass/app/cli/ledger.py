"""`leadglass ledger`: what happened, and the proof that nobody changed the record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from leadglass.app.cli.speaking import HomeOption, JsonOption, ask, fail, out, say_json, show_table
from leadglass.gate.ledger import VerifierKey, verify
from leadglass.terms.errors import LeadglassError, UserFault

__all__ = ["ledger"]

ledger = typer.Typer(no_args_is_help=True, help="The ledger: who saw what, and the proof that it is whole.")


@ledger.command("show")
def show(
    patient: Annotated[str, typer.Option("--patient", help="Who saw this patient? The Patient ID.")] = "",
    issuer: Annotated[str, typer.Option("--issuer", help="Issuer of the Patient ID, if it has one.")] = "",
    study: Annotated[str, typer.Option("--study", help="Who saw this study? The Study Instance UID.")] = "",
    principal: Annotated[
        str, typer.Option("--principal", help="What did they do? user:NAME, device:NAME, token:NAME or an id.")
    ] = "",
    event: Annotated[str, typer.Option("--event", help="Only this kind, like refused or queried.")] = "",
    since: Annotated[str, typer.Option("--since", help="From this date, moment or span (24h, 7d) on.")] = "",
    last: Annotated[int, typer.Option("--last", help="How many entries at most, the newest.")] = 100,
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Show entries, oldest first. Looking is itself recorded."""
    rows = ask(
        home,
        "ledger show",
        patient=patient,
        issuer=issuer,
        study=study,
        principal=principal,
        event=event,
        since=since,
        last=last,
    )
    if as_json:
        say_json(rows)
        return
    columns = {
        "at": "when (UTC)",
        "who": "who",
        "event": "event",
        "action": "action",
        "outcome": "outcome",
        "address": "from",
        "study": "study",
        "what": "what",
        "reason": "reason",
    }
    for row in rows:
        row["at"] = row["at"][:19].replace("T", " ")
    show_table(rows, columns, empty="No entry matches.")


@ledger.command("verify")
def verify_ledger(
    directory: Annotated[
        Path | None, typer.Argument(help="A ledger folder or a copy of one; default: the one in the home.")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option("--since-checkpoint", help="A checkpoint kept elsewhere, or a folder of them: shows a roll-back."),
    ] = None,
    verifier: Annotated[
        str, typer.Option("--verifier", help="The public key you trust; default: the file `verifier` in the folder.")
    ] = "",
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Recompute every entry, hash and signature, offline. Exit code 0: intact; 1: broken; 2: last write unfinished."""
    folder = directory or home / "ledger"
    try:
        key = VerifierKey.parse(verifier or _verifier_in(folder))
        with Progress(transient=True, disable=as_json or not out.is_terminal) as bar:
            task = bar.add_task("verifying", total=None)
            report = verify(folder, key, since, lambda done, total: bar.update(task, completed=done, total=total))
    except UserFault as fault:
        fail(str(fault), fault.advice)
    except (LeadglassError, ValueError) as fault:
        fail(str(fault), "Check the folder and the key you gave.")
    if as_json:
        say_json(
            {
                "verdict": report.verdict,
                "entries": report.size,
                "root": report.root.hex(),
                "problems": [str(problem) for problem in report.problems],
                "held_against": report.remembered,
            }
        )
    else:
        for line in report.lines:
            out.print(line, markup=False)
    raise typer.Exit(report.exit_code)


@ledger.command("checkpoint")
def checkpoint(home: HomeOption = Path("var")) -> None:
    """Print the newest checkpoint. Keep it somewhere else: with it, `verify --since-checkpoint` shows a roll-back."""
    path = home / "ledger" / "checkpoint"
    if not path.exists():
        fail(
            f"there is no published checkpoint in {path.parent}", "Start the server once, or name its home with --home."
        )
    typer.echo(path.read_text("utf-8"), nl=False)


def _verifier_in(folder: Path) -> str:
    try:
        return (folder / "verifier").read_text("utf-8").strip()
    except OSError:
        raise UserFault(f"there is no ledger in {folder}", "Name the folder, or the home with --home DIR.") from None
