"""One run at a time by a scope: its rates, and one connection a host, are promised for all that is sent (law 4)."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadglass.terms.errors import UserFault

__all__ = ["alone_under"]


@contextmanager
def alone_under(scope: Path | None) -> Iterator[None]:
    """Hold the file of a scope against other processes; the kernel lets go of it when this one ends, however it ends.

    UserFault if another one holds it, or if it cannot be read. A survey of this machine has no scope: nothing is held.
    """
    if scope is None:
        yield
        return
    try:
        file = scope.open("rb")
    except OSError as fault:
        raise UserFault(f"{scope} cannot be read: {fault.strerror}", "Mend that, then try again.") from fault
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserFault(
                f"another survey by {scope} is under way",
                "Wait for its end, or stop it (it goes on with --resume): the rates of a scope, and one connection "
                "a host, are promised for all that is sent by it.",
            ) from None
        yield
