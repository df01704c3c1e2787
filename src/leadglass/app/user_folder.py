"""Where things lie that belong to a person rather than to an archive: a signing key, refreshed open data."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["user_folder"]


def user_folder() -> Path:
    """`leadglass` in the user's data folder (XDG Base Directory Specification). It may not exist yet."""
    named = os.environ.get("XDG_DATA_HOME", "")
    base = Path(named) if named.startswith("/") else Path.home() / ".local/share"
    return base / "leadglass"
