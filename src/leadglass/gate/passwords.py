"""Passwords of local accounts: argon2id in a small pool of threads, with a queue that ends.

One hash takes 64 MiB and some tens of milliseconds on purpose. So at most two run at once, and callers above the
queue's ceiling are told BUSY rather than kept waiting (law 5): strangers who guess cannot starve the machine.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

from leadglass.terms.errors import UserFault

__all__ = ["MIN_PASSWORD_LENGTH", "Passwords", "Verdict"]

MIN_PASSWORD_LENGTH: Final = 12
"""Characters (NIST SP 800-63B asks for 8 beside a second factor, and more where it is the only one)."""
MAX_PASSWORD_BYTES: Final = 1024
"""Bytes of UTF-8; a longer one is somebody trying to make us work."""
HASHES_AT_ONCE: Final = 2
"""64 MiB each: 128 MiB is the most that password checks ever hold."""
MAX_HASHES_WAITING: Final = 32
"""About two seconds of work; beyond it a caller hears "not now"."""


class Verdict(Enum):
    MATCH = auto()
    MISMATCH = auto()
    BUSY = auto()  # not checked: too many are waiting


class Passwords:
    """Hashes and checks passwords. Close it to end its threads."""

    def __init__(self, hasher: PasswordHasher | None = None, *, max_waiting: int = MAX_HASHES_WAITING) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._threads = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="leadglass-password")
        self._max_waiting = max_waiting
        self._waiting = 0
        # Checked when there is no such account, so that the answer takes as long as for one that exists.
        self._nobody = _hash_of_nothing(self._hasher)

    async def hash(self, password: str) -> str:
        """The PHC string to keep for a new password; UserFault if it is too short or too long to be taken."""
        secret = _normalised(password)
        if len(unicodedata.normalize("NFC", password)) < MIN_PASSWORD_LENGTH or len(secret) > MAX_PASSWORD_BYTES:
            raise UserFault(
                "this password cannot be taken",
                f"choose one of {MIN_PASSWORD_LENGTH} characters or more, up to {MAX_PASSWORD_BYTES} bytes",
            )
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, secret)

    async def check(self, secret: bytes, stored: str | None) -> Verdict:
        """Whether `secret` (UTF-8, as it came over the wire) is the password behind `stored`.

        `stored` is None for an account that does not exist: the same work is done, and the answer is MISMATCH.
        """
        if self._waiting >= self._max_waiting:
            return Verdict.BUSY
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._check, secret, stored)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, secret: bytes, stored: str | None) -> Verdict:
        normalised = _normalised(secret.decode("utf-8", "surrogateescape"))
        usable = len(normalised) <= MAX_PASSWORD_BYTES
        try:
            self._hasher.verify(stored or self._nobody, normalised if usable else b"")
        except (Argon2Error, InvalidHashError):
            return Verdict.MISMATCH
        return Verdict.MATCH if usable and stored is not None else Verdict.MISMATCH


def _normalised(password: str) -> bytes:
    """NFC, so that the same characters typed on two systems are the same password (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogateescape")


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """What `hasher` would store for a password nobody knows; made of random bytes, without its work."""
    salt, tag = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, hasher.hash_len))
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${tag}"
