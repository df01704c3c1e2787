"""Small secrets of a study that lie in the index: sealed with its key, so that destroying the key destroys them too."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag

from leadglass.store.keys.study import StudyKey
from leadglass.terms.errors import IntegrityFault

__all__ = ["seal", "unseal"]

_NONCE: Final = 12
_LABEL: Final = b"leadglass sealed in the index "
"""Begins the associated data. What the same key wraps in record headers is bound to something else."""


def seal(key: StudyKey, plaintext: bytes, bound: bytes) -> bytes:
    """Nonce, ciphertext and tag (AES-256-GCM): opened only with the same `bound`, which says what this is."""
    nonce = os.urandom(_NONCE)
    return nonce + key.cipher.encrypt(nonce, plaintext, _LABEL + bound)


def unseal(key: StudyKey, sealed: bytes, bound: bytes) -> bytes:
    """What was sealed. IntegrityFault if one bit of it, the key or `bound` is another."""
    try:
        return key.cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _LABEL + bound)
    except (InvalidTag, ValueError):
        raise IntegrityFault("something sealed in the index fails its authentication tag") from None
