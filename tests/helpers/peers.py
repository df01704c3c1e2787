"""The programs tests talk to. A missing one skips the test, unless LEADGLASS_REQUIRE_PEERS=1 (see conftest.py)."""

from __future__ import annotations

import os
import shutil

import pytest

__all__ = ["peer"]


def peer(command: str, package: str = "dcmtk") -> str:
    """Path of a peer's program. Skips the test with the package to install if it is not there."""
    found = shutil.which(command, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        pytest.skip(f"PEER MISSING: {command} (apt-get install {package})")
    return found
