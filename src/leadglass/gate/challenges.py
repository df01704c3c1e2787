"""Challenges to passkeys that need no memory: each carries its moment and a seal that only we can make.

So a stranger who asks for a million of them fills nothing. That each is answered once is kept where answers are taken:
a passkey is used only on a challenge younger than its last use (see `store.index.passkeys.use_passkey`), and an
invitation is good once anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["CHALLENGE_LIFETIME", "Challenges"]

CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
_NONCE: Final = 16
_SEAL: Final = 32
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Challenges:
    """`key` is secret and lasting. `purpose` says what a challenge is for; it is good for nothing else."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, purpose: str, now: datetime) -> bytes:
        """A new challenge of 56 bytes (WebAuthn §13.4.3 asks for 16 random ones)."""
        body = struct.pack(">q", (now - _EPOCH) // timedelta(microseconds=1)) + secrets.token_bytes(_NONCE)
        return body + self._seal(purpose, body)

    def issued_at(self, challenge: bytes, purpose: str, now: datetime) -> datetime | None:
        """When we issued it, if we did, for this purpose, within the last five minutes; else None."""
        body, seal = challenge[: 8 + _NONCE], challenge[8 + _NONCE :]
        if len(seal) != _SEAL or not hmac.compare_digest(seal, self._seal(purpose, body)):
            return None
        issued = _EPOCH + timedelta(microseconds=struct.unpack(">q", body[:8])[0])
        return issued if issued <= now < issued + CHALLENGE_LIFETIME else None

    def _seal(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self._key, b"leadglass challenge\0" + purpose.encode() + b"\0" + body, hashlib.sha256)
