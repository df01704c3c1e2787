"""Somebody at a terminal who surveys: commands as people type them, in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["Desk"]


class Desk:
    """Somebody at a terminal, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "PYTHONUNBUFFERED": "1"}

    def type(self, line: str, *, exit_code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "leadglass", *line.split()],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == exit_code, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, line: str, *, exit_code: int = 0) -> Any:
        return json.loads(self.type(f"{line} --json", exit_code=exit_code))

    def scope_of(self, profile: str, offset: int) -> str:
        """A signed scope that covers a world of the practice range. Returns the file's name."""
        name = f"{profile}.toml"
        (self.folder / name).write_text(self.type(f"range scope {profile} --port-offset {offset}"))
        self.type(f"survey scope sign {name}")
        return name

    def state_of(self, case: str) -> str:
        return str(self.ask(f"survey cases show {case}")["state"])
