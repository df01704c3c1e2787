"""The home folder: where each thing lives on disk, who may read it, and that only one server uses it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from leadglass.terms.errors import UserFault

__all__ = ["Home", "HomeLock"]


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below one folder. Nothing here is readable by other users of the machine."""

    path: Path

    @property
    def configuration(self) -> Path:
        return self.path / "leadglass.toml"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def ca(self) -> Path:
        return self.path / "ca"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger"

    @property
    def volumes(self) -> Path:
        return self.path / "volumes"

    @property
    def index(self) -> Path:
        return self.path / "index.db"

    @property
    def devices(self) -> Path:
        return self.path / "devices"

    @property
    def control(self) -> Path:
        return self.path / "control.sock"

    @property
    def is_new(self) -> bool:
        """True before the first start: no master key yet."""
        return not (self.keys / "master.key").exists()

    def check_master_key(self) -> None:
        """UserFault if an archive is here and its master key is not: a new one would open nothing."""
        holds_archive = (
            self.index.exists() or (self.ledger / "checkpoint").exists() or any(self.volumes.glob("*.volume"))
        )
        if self.is_new and holds_archive:
            raise UserFault(
                f"the master key {self.keys / 'master.key'} is missing, and this home holds an archive that needs it",
                "Put back the master key file from its backup. Without it nothing stored here can be read, by design.",
            )

    def prepare(self) -> None:
        """Create the folders, private to this user. UserFault if that cannot be, or if the master key is missing."""
        self.check_master_key()
        try:
            for folder in (self.path, self.keys, self.ca, self.ledger, self.volumes, self.devices):
                folder.mkdir(mode=0o700, parents=folder is self.path, exist_ok=True)
            probe = self.path / ".writable"
            probe.touch(mode=0o600)
            probe.unlink()
        except (NotADirectoryError, FileExistsError):
            raise UserFault(f"{self.path} is not a folder", "Give another one with --home DIR.") from None
        except OSError as fault:
            raise UserFault(
                f"the home folder {self.path} is not writable: {fault.strerror}",
                "Give another one with --home DIR, or make this one writable for the user that runs leadglass.",
            ) from None


class HomeLock:
    """Held while a process writes in the home; freed by the kernel when that process ends, however it ends."""

    def __init__(self, home: Home) -> None:
        self._file = os.open(home.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise UserFault(
                f"another leadglass is using {home.path}",
                "Stop it first, or give this one a home of its own with --home DIR.",
            ) from None

    def release(self) -> None:
        """Let another process have the home."""
        os.close(self._file)
