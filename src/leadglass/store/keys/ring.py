"""The key ring: the master key (two of them during a rotation), the root secret, and what is made from them.

Files under HOME/keys/, all 0600:

    master.key         the master key
    master.key.next    only during a rotation: the master key that is taking over
    ring               the root secret, wrapped; opening it proves that the master key is the right one
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from leadglass.store.files import make_private_directory, replace_file, write_private
from leadglass.store.keys.master import MasterKey
from leadglass.store.keys.study import SECRET_LENGTH, StudyKey, WrappedKey
from leadglass.store.keys.subkey import SubKey, derive_sub_key
from leadglass.terms.errors import IntegrityFault, UserFault

__all__ = ["KeyRing", "RewrapAll"]

RewrapAll = Callable[[Callable[[WrappedKey], WrappedKey]], Awaitable[int]]
"""Given `rewrap`, replaces every stored WrappedKey by `rewrap(it)`, durably, and returns how many there were."""

_MASTER: Final = "master.key"
_NEXT: Final = "master.key.next"
_RING: Final = "ring"
_ROOT_ID: Final = b"leadglass root 1"
_RING_FILE = re.compile(r"leadglass ring v1\nmaster (?P<master>[0-9a-f]{32})\nroot (?P<root>[0-9a-f]+)\n\Z")


class KeyRing:
    """All keys of one installation. Make one with `KeyRing.open`; it holds secrets, so keep it in few hands."""

    def __init__(self, directory: Path, masters: dict[str, MasterKey], current: MasterKey, root: bytes) -> None:
        self._directory = directory
        self._masters = masters
        self._current = current
        self._root = root

    @classmethod
    def open(cls, directory: Path) -> KeyRing:
        """The ring under `directory`; a new one, durable on return, if there is none yet.

        UserFault if the master key is missing, damaged, readable by others, or not the one this ring was made with.
        """
        make_private_directory(directory)
        if not (directory / _MASTER).exists():
            _first_start(directory)
        masters = [MasterKey.load(directory / _MASTER)]
        if (directory / _NEXT).exists():
            masters.append(MasterKey.load(directory / _NEXT))
        by_id = {key.master_id: key for key in masters}
        return cls(directory, by_id, masters[-1], _load_root(directory / _RING, by_id))

    @property
    def master_id(self) -> str:
        """The id of the master key that wraps new keys."""
        return self._current.master_id

    @property
    def is_rotating(self) -> bool:
        """True if a rotation was begun and not finished: `rotate` takes it up where it stopped."""
        return len(self._masters) > 1

    def sub_key(self, purpose: SubKey) -> bytes:
        """The 32-byte sub-key for `purpose`; the same for the life of the installation, whatever the master key."""
        return derive_sub_key(self._root, purpose)

    def wrap(self, key: StudyKey) -> WrappedKey:
        """`key` as it may be stored."""
        return self._current.wrap(key.key_id, key.secret)

    def unwrap(self, wrapped: WrappedKey) -> StudyKey:
        """The study key in `wrapped`. IntegrityFault if it was altered; UserFault if its master key is not here."""
        return StudyKey(wrapped.key_id, self._master_of(wrapped).unwrap(wrapped))

    def rewrap(self, wrapped: WrappedKey) -> WrappedKey:
        """The same key under the current master key; `wrapped` itself if it is there already."""
        if wrapped.master_id == self._current.master_id:
            return wrapped
        return self._current.wrap(wrapped.key_id, self._master_of(wrapped).unwrap(wrapped))

    async def rotate(self, rewrap_all: RewrapAll) -> int:
        """Put a new master key in charge: every key is re-wrapped, no object is touched. Returns how many keys.

        Crash-safe: until the last step both master keys are on disk, so every wrapped key stays readable; calling
        `rotate` again finishes an interrupted rotation. If `rewrap_all` raises, the rotation stays begun. It must
        run in the only process that wraps keys, or a key wrapped meanwhile by the old master would be lost with it.
        """
        self._begin_rotation()
        count = await rewrap_all(self.rewrap)
        self._finish_rotation()
        return count

    def _begin_rotation(self) -> None:
        if self.is_rotating:
            return
        following = MasterKey.generate()
        following.save(self._directory / _NEXT)
        self._masters[following.master_id] = following
        self._current = following

    def _finish_rotation(self) -> None:
        _save_root(self._directory / _RING, self._current.wrap(_ROOT_ID, self._root))
        replace_file(self._directory / _NEXT, self._directory / _MASTER)
        self._masters = {self._current.master_id: self._current}

    def _master_of(self, wrapped: WrappedKey) -> MasterKey:
        master = self._masters.get(wrapped.master_id)
        if master is None:
            raise _wrong_master(self._directory, wrapped.master_id)
        return master


def _first_start(directory: Path) -> None:
    """Make the three files in an order that a stop at any point can be taken up from: next, ring, master."""
    ring, following = directory / _RING, directory / _NEXT
    if not ring.exists():
        master = MasterKey.generate()
        master.save(following)
        _save_root(ring, master.wrap(_ROOT_ID, os.urandom(SECRET_LENGTH)))
    if following.exists():
        key = MasterKey.load(following)
        _load_root(ring, {key.master_id: key})
        replace_file(following, directory / _MASTER)


def _wrong_master(directory: Path, needed: str) -> UserFault:
    return UserFault(
        f"wrong master key: {directory / _MASTER} is not the key with id {needed} that this archive was closed with",
        "Put back the master key with that id from its backup. Without it nothing stored here can be read, by design.",
    )


def _save_root(ring: Path, wrapped: WrappedKey) -> None:
    text = f"leadglass ring v1\nmaster {wrapped.master_id}\nroot {wrapped.wrapped.hex()}\n"
    write_private(ring, text.encode("ascii"))


def _load_root(ring: Path, masters: dict[str, MasterKey]) -> bytes:
    try:
        found = _RING_FILE.match(ring.read_text("ascii", "replace"))
    except OSError as error:
        raise UserFault(f"{ring} cannot be read: {error.strerror}", "Put back the file from its backup.") from error
    if found is None:
        raise UserFault(f"{ring} is damaged", "Put back the file from its backup.")
    master = masters.get(found["master"])
    if master is None:
        raise _wrong_master(ring.parent, found["master"])
    try:
        return master.unwrap(WrappedKey(_ROOT_ID, found["master"], bytes.fromhex(found["root"])))
    except (IntegrityFault, ValueError) as error:
        raise UserFault(
            f"the master key does not open {ring}: one of the two files was altered",
            "Put back both files from the same backup.",
        ) from error
