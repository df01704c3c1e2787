"""`leadglass store`, `leadglass key`, `leadglass study`: what lies on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadglass.app.cli.speaking import HomeOption, JsonOption, ask, fail, out, plain, say_json

__all__ = ["keys", "store", "study"]

store = typer.Typer(no_args_is_help=True, help="The store of encrypted objects.")
keys = typer.Typer(no_args_is_help=True, help="The master key.")
study = typer.Typer(no_args_is_help=True, help="Single studies.")


@store.command("check")
def store_check(home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """Verify every object's tag, and the index against the volumes. Exit code 1 if anything is wrong."""
    answer = ask(home, "store check")
    if as_json:
        say_json(answer)
    else:
        out.print(f"{answer['instances']} instances in the index, {answer['sound']} sound objects in the volumes")
        if answer["unreferenced"]:
            out.print(f"{answer['unreferenced']} sound objects that no instance names (left by a race or a crash)")
        if answer["of_deleted_studies"]:
            out.print(f"{answer['of_deleted_studies']} objects of deleted studies: unreadable for ever")
        for problem in answer["problems"]:
            out.print(f"[bold red]damaged:[/] {plain(problem)}")
        if not answer["problems"]:
            out.print("[bold green]clean[/]")
    raise typer.Exit(1 if answer["problems"] else 0)


@keys.command("rotate")
def key_rotate(home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """Put a new master key in charge. No object is rewritten; back up the new key file."""
    answer = ask(home, "key rotate")
    if as_json:
        say_json(answer)
        return
    out.print(f"{answer['keys']} study keys are wrapped by the new master key {answer['master_key_id']}.")
    out.print(f"Back it up now: {answer['file']}", markup=False)


@study.command("delete")
def study_delete(
    study_instance_uid: Annotated[str, typer.Argument(help="Study Instance UID.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = Path("var"),
    as_json: JsonOption = False,
) -> None:
    """Delete a study for good: its key is destroyed, and nobody can ever read its images again."""
    if as_json and not yes:
        fail("nothing was deleted: a program is not asked", "Say --yes if you mean it")
    if not yes and not typer.confirm(f"Destroy study {study_instance_uid} for good?"):
        fail("nothing was deleted", "")
    answer = ask(home, "study delete", study_instance_uid=study_instance_uid)
    if as_json:
        say_json(answer)
    else:
        out.print(f"Deleted: {answer['instances']} instances. Their key is destroyed.")
