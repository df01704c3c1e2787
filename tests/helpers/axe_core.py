"""axe-core (npm) looks at a page for barriers: WCAG 2 A and AA."""

from __future__ import annotations

import fcntl
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from helpers.peers import peer

__all__ = ["barriers"]

_HERE = Path(__file__).parent / "axe"
_RUN = """() => axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})"""


def barriers(page: Page) -> list[str]:
    """What is in somebody's way on this page: the rule and the first element that breaks it."""
    page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(_RUN)
    assert found["passes"], "axe looked at nothing"
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


@cache
def _source() -> str:
    npm = peer("npm", "npm")
    with (_HERE / ".gitignore").open("rb") as lock:  # one installation, however many test processes want it
        fcntl.flock(lock, fcntl.LOCK_EX)
        script = _HERE / "node_modules" / "axe-core" / "axe.min.js"
        if not script.exists():
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, timeout=180)
            if ran.returncode != 0:
                pytest.skip(f"PEER MISSING: axe-core (npm ci: {ran.stderr.strip()[-300:]})")
    return script.read_text("utf-8")
