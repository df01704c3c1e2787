"""The command line. One file a group of commands; the work is done by `app.verbs`."""

from __future__ import annotations

__all__ = ["main"]

_DUCKDB_WAS_INTERRUPTED = "Query interrupted"  # its words for Ctrl-C


def main() -> None:
    """The entry point of the `leadglass` command. Ctrl-C ends it with exit code 130, also while it is still loading."""
    try:
        from leadglass.app.cli.main import main as begin

        begin()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except RuntimeError as fault:
        if str(fault) != _DUCKDB_WAS_INTERRUPTED:
            raise
        raise SystemExit(130) from None
