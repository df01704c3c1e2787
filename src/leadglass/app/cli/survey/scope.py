"""`leadglass survey scope`: who allowed what, as a signed file."""

from __future__ import annotations

import typer

__all__ = ["scope"]

scope = typer.Typer(no_args_is_help=True, help="Who allowed what: write a scope, sign it, read what it allows.")
