"""Patients in the ledger: a keyed pseudonym, so that the ledger answers "who saw this patient?" only to whoever
holds the key and already knows whom to ask for. Destroying the key makes the ledger anonymous for good."""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = ["Pseudonyms", "patient_pseudonym"]

_LABEL: Final = b"leadglass ledger patient v1\0"
_BLOCK: Final = 64  # bytes of a block of SHA-256
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class Pseudonyms:
    """The pseudonyms of one key. A long list names hundreds of patients in one entry, so what HMAC (RFC 2104) does
    with the key and the label is done once: the two hashes are kept as they stand behind them."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("the pseudonym key has at least 32 bytes")
        block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER) + _LABEL)
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def of(self, patient_id: str, issuer: str = "") -> str:
        """32 hex digits: the first 16 bytes of HMAC-SHA256(key, label ‖ len(id) ‖ id ‖ issuer).

        The length stands before the identifier so that ("AB", "C") and ("A", "BC") differ. `patient_id` is taken
        without the padding spaces that PS3.5 calls insignificant. An empty identifier names nobody: its pseudonym is
        empty.
        """
        bare = patient_id.strip(" ").encode()
        if not bare:
            return ""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(len(bare).to_bytes(4, "big") + bare + issuer.strip(" ").encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:32]


def patient_pseudonym(key: bytes, patient_id: str, issuer: str = "") -> str:
    """One pseudonym: see `Pseudonyms.of`."""
    return Pseudonyms(key).of(patient_id, issuer)
