"""`leadglass grant`: who may do what with which studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadglass.app.cli.speaking import HomeOption, JsonOption, answer_in, ask, out, say_json, show_table

__all__ = ["grants"]

grants = typer.Typer(no_args_is_help=True, help="Grants: who may do what with which studies. No grant, no access.")

_TO = "role:ROLE, user:NAME, device:NAME, token:NAME, group:NAME or oidc:ISSUER#SUBJECT."
_STUDIES = (
    "everything, study:UID, patient:ID[@ISSUER], institution:NAME, referring-physician:NAME, collection:NAME or "
    "stored-by:DEVICE-ID."
)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@grants.command("add")
def grant_add(
    to: Annotated[str, typer.Option("--to", help=_TO, show_default=False)],
    studies: Annotated[str, typer.Option("--studies", help=_STUDIES, show_default=False)],
    why: Annotated[str, typer.Option("--why", help="The reason; it goes to the ledger.", show_default=False)],
    allow: Annotated[str, typer.Option("--allow", help="Actions: store, query, view, download, share, delete.")] = "",
    deny: Annotated[str, typer.Option("--deny", help="Actions to forbid instead; a denial always wins.")] = "",
    form: Annotated[str, typer.Option("--form", help="identified or view-only.")] = "identified",
    valid_from: Annotated[str, typer.Option("--valid-from", help="A date, like 2026-11-20.")] = "",
    until: Annotated[str, typer.Option("--until", help="A date; exclusive.")] = "",
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Grant (or deny) actions on studies."""
    answer = ask(
        home,
        "grant add",
        to=to,
        allow=_words(allow),
        deny=_words(deny),
        studies=studies,
        form=form,
        valid_from=valid_from,
        valid_until=until,
        why=why,
    )
    if as_json:
        say_json(answer)
    else:
        out.print(f"{'Denied' if deny else 'Granted'} to {to}: {answer['id']}", markup=False)


@grants.command("list")
def grant_list(home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """List all grants, ended ones too."""
    rows = ask(home, "grant list")
    if as_json:
        say_json(rows)
        return
    columns = {
        "id": "id",
        "to": "to",
        "effect": "effect",
        "actions": "actions",
        "studies": "studies",
        "until": "until",
        "revoked_at": "revoked",
        "why": "why",
    }
    show_table(rows, columns, empty="There is no grant: nobody sees any study. `leadglass grant add --help` tells how.")


@grants.command("revoke")
def grant_revoke(
    grant_id: Annotated[str, typer.Argument(help="Its id, like grt-…", show_default=False)],
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """End a grant, from the next request on."""
    answer_in(as_json, ask(home, "grant revoke", grant_id=grant_id), f"Revoked {grant_id}.")
