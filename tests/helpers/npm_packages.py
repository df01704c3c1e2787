"""Packages from npm that tests need, each in a folder beside this file with a lock file of its own."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

import pytest

from helpers.peers import peer

__all__ = ["npm_package"]


def npm_package(folder: str, package: str) -> Path:
    """Where the package lies, installed as the folder's lock file says. Skips the test where npm cannot bring it."""
    here = Path(__file__).parent / folder
    npm = peer("npm", "npm")
    with (here / ".gitignore").open("rb") as lock:  # one installation, however many test processes want it
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = here / "node_modules" / package
        if not found.exists():
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=180)
            if ran.returncode != 0:
                pytest.skip(f"PEER MISSING: {package} (npm ci: {ran.stderr.strip()[-300:]})")
    return found
