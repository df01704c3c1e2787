"""One number on disk that grows with every change to who may do what, so that a change is seen at once.

Grants are kept in memory for a moment (see `accounts`). The command line changes them in another process; asking the
database at every request whether it did would cost more than the answer. A file that grows by one byte per change
can be asked in two microseconds, and its length never goes back.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from leadglass.terms.errors import StorageFault

__all__ = ["Revision", "revised"]


class Revision:
    """The length of the file at `path`, shared by all processes of one installation on one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def current(self) -> int:
        """The revision as of now; StorageFault if it cannot be told."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as fault:
            raise StorageFault(f"the revision of grants cannot be read: {fault.strerror}") from fault

    def advance(self) -> None:
        """Makes `current` another number for everybody; StorageFault if that cannot be done."""
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(file, b".")
            finally:
                os.close(file)
        except OSError as fault:
            raise StorageFault(f"the revision of grants cannot be written: {fault.strerror}") from fault


@asynccontextmanager
async def revised(revision: Revision | None) -> AsyncIterator[None]:
    """Around a change. The revision moves before, so that nobody relies on what is about to change if we die half-way,
    and after, so that everybody looks again."""
    if revision is not None:
        revision.advance()
    yield
    if revision is not None:
        with suppress(StorageFault):  # the change is made; what was kept meanwhile ends within a second
            revision.advance()
