"""The study key: one random secret per study. Destroy its wrapped form and the study is gone for good."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["KEY_ID_LENGTH", "SECRET_LENGTH", "StudyKey", "WrappedKey"]

KEY_ID_LENGTH = 16
SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class StudyKey:
    """A study key in the open. It wraps the object keys of one study; it is held in memory only."""

    key_id: bytes
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.key_id) != KEY_ID_LENGTH or len(self.secret) != SECRET_LENGTH:
            raise ValueError("a study key is an id of 16 bytes and a secret of 32")
        object.__setattr__(self, "cipher", AESGCM(self.secret))

    @classmethod
    def generate(cls) -> StudyKey:
        """A new study key from the system's random source."""
        return cls(os.urandom(KEY_ID_LENGTH), os.urandom(SECRET_LENGTH))


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it may be stored: encrypted under the master key named `master_id`, bound to `key_id`."""

    key_id: bytes
    master_id: str  # 32 lower-case hex digits
    wrapped: bytes  # nonce (12), ciphertext, tag (16)
