"""`leadglass device`, `leadglass user`, `leadglass token`: who may knock."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from leadglass.app.cli.speaking import (
    HomeOption,
    JsonOption,
    answer_in,
    ask,
    moment,
    out,
    plain,
    say_json,
    show_table,
)

__all__ = ["devices", "tokens", "users"]

devices = typer.Typer(no_args_is_help=True, help="Enrol devices: modalities, workstations, other archives.")
users = typer.Typer(no_args_is_help=True, help="Local accounts of people.")
tokens = typer.Typer(no_args_is_help=True, help="API tokens for programs.")

Name = Annotated[str, typer.Argument(help="Its name; never used twice.", show_default=False)]


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@devices.command("add")
def device_add(
    name: Name,
    ae_title: Annotated[str, typer.Option("--ae-title", help="The AE title it calls by.", show_default=False)],
    networks: Annotated[
        list[str], typer.Option("--from", help="Network it calls from, like 192.0.2.0/24; may be repeated.")
    ] = [],  # noqa: B006 - typer copies it
    tls: Annotated[bool, typer.Option("--tls", help="Issue a key and a certificate; the device must use TLS.")] = False,
    allow: Annotated[
        str, typer.Option("--allow", help="What it may do: echo, store, query, retrieve. Default: store.")
    ] = "",
    listens_at: Annotated[
        str, typer.Option("--listens-at", help="HOST:PORT where it takes images: makes it a C-MOVE destination.")
    ] = "",
    folder: Annotated[str, typer.Option("--folder", help="Where to put the key and certificate of --tls.")] = "",
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Enrol a device."""
    answer = ask(
        home,
        "device add",
        name=name,
        ae_title=ae_title,
        networks=networks,
        tls=tls,
        allow=_words(allow),
        listens_at=listens_at,
        folder=str(Path(folder).absolute()) if folder else "",
    )
    if as_json:
        say_json(answer)
        return
    out.print(f"Enrolled [bold]{plain(name)}[/] ({answer['id']}).")
    if tls:
        out.print(f"Its key and certificate are in {answer['folder']}", markup=False)
        out.print("Hand the folder to whoever sets up the device, then delete it here. To try it:")
        out.print(f"  cd {answer['folder']}", markup=False)
        out.print(f"  {answer['command']}", markup=False)
    if allow and ("query" in allow or "retrieve" in allow):
        out.print("It sees no study until a grant says which:")
        out.print(
            f"  leadglass grant add --to device:{name} --allow query,view,download --studies everything --why '…'",
            markup=False,
        )


@devices.command("list")
def device_list(home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """List all devices, revoked ones too."""
    _list(
        ask(home, "device list"),
        {
            "name": "name",
            "ae_title": "AE title",
            "from": "from",
            "tls": "TLS",
            "allow": "may",
            "listens_at": "listens at",
            "revoked_at": "revoked",
        },
        "No device is enrolled. `leadglass device add --help` tells how.",
        as_json,
    )


@devices.command("revoke")
def device_revoke(name: Name, home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """Let a device in no more, from its next request on."""
    answer_in(as_json, ask(home, "device revoke", name=name), f"Revoked {name}.")


@users.command("add")
def user_add(
    name: Name,
    role: Annotated[
        list[str], typer.Option("--role", help="clinician, administrator, auditor or service; may be repeated.")
    ] = ["clinician"],  # noqa: B006 - typer copies it
    organisation: Annotated[str, typer.Option("--organisation", help="Where the person works.")] = "",
    passcode_stdin: Annotated[
        bool, typer.Option("--passcode-stdin", help="Read the passcode from standard input instead of drawing one.")
    ] = False,
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Make a local account. The passcode is drawn and shown once."""
    passcode = sys.stdin.readline().rstrip("\n") if passcode_stdin else ""
    answer = ask(home, "user add", name=name, roles=role, organisation=organisation, passcode=passcode)
    _say_account(answer, as_json)


@users.command("passcode")
def user_passcode(
    name: Name,
    passcode_stdin: Annotated[bool, typer.Option("--passcode-stdin", help="Read it from standard input.")] = False,
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Give an account a new passcode."""
    passcode = sys.stdin.readline().rstrip("\n") if passcode_stdin else ""
    _say_account(ask(home, "user passcode", name=name, passcode=passcode), as_json)


@users.command("invite")
def user_invite(
    name: Annotated[str, typer.Argument(help="An account there is, or the name of the new one; may be left out.")] = "",
    role: Annotated[
        list[str], typer.Option("--role", help="For a new account: clinician, administrator or auditor.")
    ] = [],  # noqa: B006 - typer copies it
    hours: Annotated[float, typer.Option("--hours", help="How long the link is good.")] = 24,
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Make a one-time link to the console: for a new account, or for one that cannot sign in there yet."""
    answer = ask(home, "user invite", name=name, roles=role, hours=hours)
    _say_link(answer, f"Invited {name}." if name else "Invited.", as_json)


@users.command("reset-factor")
def user_reset_factor(
    name: Name,
    hours: Annotated[float, typer.Option("--hours", help="How long the link is good.")] = 24,
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """For a lost telephone: end an account's codes, passkeys and sessions, and make a link to enrol new ones."""
    answer = ask(home, "user reset-factor", name=name, hours=hours)
    _say_link(answer, f"Codes, passkeys and sessions of {name} have ended.", as_json)


@users.command("list")
def user_list(home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """List all accounts, disabled ones too."""
    columns = {"name": "name", "roles": "roles", "organisation": "organisation", "disabled_at": "disabled"}
    _list(ask(home, "user list"), columns, "There is no account. `leadglass user add --help` tells how.", as_json)


@users.command("disable")
def user_disable(name: Name, home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """Let an account in no more, from its next request on."""
    answer_in(as_json, ask(home, "user disable", name=name), f"Disabled {name}.")


@tokens.command("create")
def token_create(
    name: Name,
    role: Annotated[str, typer.Option("--role", help="service or clinician.")] = "service",
    expires: Annotated[str, typer.Option("--expires", help="How long it lives, like 30d or 12h.")] = "30d",
    studies: Annotated[
        str,
        typer.Option("--studies", help="Only these: study:UID, patient:ID, institution:NAME, everything, …"),
    ] = "",
    allow: Annotated[str, typer.Option("--allow", help="Only these actions: store, query, view, download.")] = "",
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Make an API token. It is shown this once."""
    answer = ask(home, "token create", name=name, role=role, expires=expires, studies=studies, allow=_words(allow))
    if as_json:
        say_json(answer)
        return
    out.print(f"Token [bold]{plain(name)}[/], good until {moment(answer['expires_at'])} UTC. It is shown this once:")
    typer.echo(answer["token"])
    if not studies:
        out.print("It sees no study until a grant says which:")
        command = f"leadglass grant add --to token:{name} --allow query,view --studies everything --why '…'"
        out.print(f"  {command}", markup=False)


@tokens.command("list")
def token_list(home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """List all tokens, ended ones too; never their text."""
    columns = {
        "name": "name",
        "role": "role",
        "allow": "may",
        "studies": "studies",
        "expires_at": "expires",
        "revoked_at": "revoked",
    }
    _list(ask(home, "token list"), columns, "There is no token. `leadglass token create --help` tells how.", as_json)


@tokens.command("revoke")
def token_revoke(name: Name, home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """End a token, from its next use on."""
    answer_in(as_json, ask(home, "token revoke", name=name), f"Revoked {name}.")


def _list(rows: list[dict[str, Any]], columns: dict[str, str], empty: str, as_json: bool) -> None:
    if as_json:
        say_json(rows)
    else:
        show_table(rows, columns, empty=empty)


def _say_account(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json(answer)
        return
    out.print(f"Account [bold]{plain(answer['name'])}[/] is ready.")
    if answer["passcode"]:
        out.print("Its passcode is shown this once:")
        typer.echo(answer["passcode"])


def _say_link(answer: dict[str, Any], done: str, as_json: bool) -> None:
    if as_json:
        say_json(answer)
        return
    out.print(plain(done))
    out.print(f"Hand over this link; it works once, for {answer['hours']:g} hours, and is shown this once:")
    typer.echo(answer["url"])
