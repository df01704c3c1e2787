"""Sub-keys: independent secrets drawn from one root by name (RFC 5869)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["SubKey", "derive_sub_key"]

_SALT: Final = b"leadglass sub-key v1"


class SubKey(StrEnum):
    """What a sub-key is for. The text is the HKDF label: changing one loses what it protects."""

    DATABASE = "database"  # SQLCipher's raw key
    LEDGER_PSEUDONYM = "ledger pseudonym"  # HMAC of patient identities in the ledger
    SIGN_IN = "sign-in"  # HMAC behind the one-time codes of people and the challenges to their passkeys


def derive_sub_key(root: bytes, purpose: SubKey) -> bytes:
    """32 bytes that nobody can compute without `root`, and that tell nothing about `root` or other sub-keys."""
    return HKDF(SHA256(), 32, salt=_SALT, info=purpose.value.encode()).derive(root)
