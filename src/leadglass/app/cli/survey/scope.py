"""`leadglass survey scope`: who allowed what, as a signed file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from leadglass.app.cli.speaking import JsonOption, faults_in_words, out, pasted, plain, say_json
from leadglass.app.resolving import resolve
from leadglass.app.user_folder import user_folder
from leadglass.survey.level import Level
from leadglass.survey.scope import Refusal, Signed, SigningKey, Warrant, read_scope, sign, verify
from leadglass.survey.scope.explaining import Explanation, explain
from leadglass.survey.scope.signing import bytes_of, signature_path
from leadglass.survey.scope.template import first_scope
from leadglass.survey.scope.warrant import in_force
from leadglass.terms.errors import UserFault

__all__ = ["scope"]

scope = typer.Typer(no_args_is_help=True, help="Who allowed what: write a scope, sign it, read what it allows.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The scope.", show_default="scope.toml")]
TrustOption = Annotated[
    str, typer.Option("--trust", help="Fingerprint of the only signing key that counts (16 digits or more).")
]


@scope.command("new")
def new(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to write it.", show_default="scope.toml")
    ] = None,
    out_file: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="The same, as an option.")] = None,
    network: Annotated[
        list[str] | None,
        typer.Option("--network", help="What may be looked at: CIDR, range, address, name. Repeatable."),
    ] = None,
    level: Annotated[int, typer.Option("--level", min=0, max=4, help="How far, for these networks.")] = 1,
    organisation: Annotated[str, typer.Option("--organisation", help="Who allows it.")] = "",
    person: Annotated[str, typer.Option("--person", help="Who is responsible for it.")] = "",
    contact: Annotated[str, typer.Option("--contact", help="Mail or https address that every probe shows.")] = "",
    reference: Annotated[str, typer.Option("--reference", help="Of the permission: a contract, a ticket.")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How long it is valid, from today on.")] = 30,
) -> None:
    """Write a commented scope to fill in. Nothing may be sent before it is signed."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    text = first_scope(
        valid_from=today,
        valid_until=today + timedelta(days=days),
        organisation=organisation,
        person=person,
        contact=contact,
        reference=reference,
        addresses=network or (),
        level=Level(level),
    )
    path = file or out_file or Path("scope.toml")
    with faults_in_words():
        if file is not None and out_file is not None:
            raise UserFault("two files are named", "Leave out one of FILE and --out FILE.")
        _write_new(path, text)
    out.print(f"Wrote {plain(str(path))}. Fill it in, then: leadglass survey scope check {pasted(path)}")


def _write_new(path: Path, text: str) -> None:
    """A file with that text: all of it, or none that is in the way of another try."""
    try:
        new_file = path.open("x", encoding="utf-8")
    except FileExistsError:
        raise UserFault(f"{path} is already there", "Name another file.") from None
    try:
        with new_file:
            new_file.write(text)
    except OSError:
        path.unlink()
        raise


@scope.command("sign")
def sign_scope(
    file: FileArgument = Path("scope.toml"),
    key: Annotated[
        Path | None, typer.Option("--key", help="Signing key (Ed25519, PEM); default: your own, made at the first use.")
    ] = None,
    signer: Annotated[
        str, typer.Option("--signer", help="Name to put under it; default: the person responsible.")
    ] = "",
) -> None:
    """Sign a scope as it is. Whoever signs answers for what it allows."""
    with faults_in_words():
        found = read_scope(bytes_of(file), str(file))
        Warrant(
            found, digest="", resolve=lambda _: ("192.0.2.1",)
        )  # can be used; names are looked up when a run begins
        signing_key = SigningKey.load_or_make(key or user_folder() / "scope-signing.pem")
        made = sign(file, signing_key, signer=signer or found.authority.person, now=datetime.now(UTC))
    out.print(f"Signed as {plain(made.signer)}: {plain(str(signature_path(file)))}")
    out.print(f"Key {made.fingerprint}")
    out.print("A survey with `--trust` and this fingerprint takes no scope that another key has signed.")


@scope.command("check")
def check(file: FileArgument = Path("scope.toml"), trust: TrustOption = "", as_json: JsonOption = False) -> None:
    """Say in plain words what a scope allows. Exit code 0: a survey may run by it (in quiet hours it waits); 1: not."""
    now = datetime.now(UTC)
    with faults_in_words():
        signed = verify(file, trust)
        data = signed.data if isinstance(signed, Signed) else bytes_of(file)
        found = read_scope(data, str(file))
        explained = explain(found, Warrant(found, digest="", resolve=resolve).ground, now)
    refusal = signed if isinstance(signed, Refusal) else in_force(found, now)
    if as_json:
        say_json(_as_values(explained, signed, refusal))
    else:
        _say(explained, signed, refusal)
    if refusal is not None:
        raise typer.Exit(1)


def _say(explained: Explanation, signed: Signed | Refusal, refusal: Refusal | None) -> None:
    for heading, lines in explained.sections:
        out.print(f"[bold]{heading}[/]")
        for line in lines:
            out.print(f"  {plain(line)}")
    if explained.warnings:
        out.print("[bold]Beware[/]")
        for line in explained.warnings:
            out.print(f"  {plain(line)}")
    out.print()
    if isinstance(signed, Signed):
        signature = signed.signature
        when = signature.signed_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        out.print(f"Signed by {plain(signature.signer)} on {when}, key {signature.fingerprint}")
    if refusal is None:
        out.print("[bold green]A survey may run by it.[/]")
        for where in explained.resting:
            out.print(plain(f"Now it rests {where}; a run that is started waits."))
    else:
        out.print(f"[bold red]No survey may run by it:[/] {plain(refusal.reason)}.")
        out.print(plain(refusal.advice))


def _as_values(explained: Explanation, signed: Signed | Refusal, refusal: Refusal | None) -> dict[str, Any]:
    signature = signed.signature if isinstance(signed, Signed) else None
    return {
        "valid": refusal is None,
        "refusal": {"why": refusal.why, "reason": refusal.reason, "advice": refusal.advice} if refusal else None,
        "signed_by": signature.signer if signature else None,
        "signed_at": signature.signed_at if signature else None,
        "key": signature.fingerprint if signature else None,
        "resting": explained.resting,
        "addresses": explained.addresses,
        "doors": explained.doors,
        "highest_level": int(explained.highest),
        "explanation": dict(explained.sections),
        "warnings": explained.warnings,
    }
