"""A throw-away PostgreSQL cluster of Debian's, in a folder of its own, on a socket nobody else can reach."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_FAST = [
    "fsync=off",
    "synchronous_commit=on",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=60",
    "shared_buffers=64MB",
]


def _ordinary_user() -> str | None:
    """Who runs the server: initdb refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def postgres_cluster() -> Iterator[str]:
    """The URL of a running server whose database `postgres` is empty. Skips the test, or fails it if peers are
    required, when PostgreSQL is not installed."""
    if not _PROGRAMS:
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("LEADGLASS_REQUIRE_PEERS") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    bin_folder = _PROGRAMS[-1].parent
    user = _ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="leadglass-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [bin_folder / program, *arguments], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60
        )

    options = " ".join(f"-c {setting}" for setting in (*_FAST, f"unix_socket_directories={folder}"))
    try:
        run("initdb", "-D", str(data), "-U", "leadglass", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        run(
            "pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"-c listen_addresses= {options}", "start"
        )
        try:
            yield f"postgresql://leadglass@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
