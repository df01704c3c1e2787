"""The command line. One file a group of commands; the work is done by `app.verbs`."""

from leadglass.app.cli.main import main

__all__ = ["main"]
