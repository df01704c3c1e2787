"""Patients in the ledger: a keyed pseudonym, so that the ledger answers "who saw this patient?" only to whoever
holds the key and already knows whom to ask for. Destroying the key makes the ledger anonymous for good."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["patient_pseudonym"]

_LABEL = b"leadglass ledger patient v1\0"


def patient_pseudonym(key: bytes, patient_id: str, issuer: str = "") -> str:
    """32 hex digits: the first 16 bytes of HMAC-SHA256(key, label ‖ len(id) ‖ id ‖ issuer).

    The length stands before the identifier so that ("AB", "C") and ("A", "BC") differ. `patient_id` is taken without
    the padding spaces that PS3.5 calls insignificant. An empty identifier names nobody: its pseudonym is empty.
    """
    if len(key) < 32:
        raise ValueError("the pseudonym key has at least 32 bytes")
    bare = patient_id.strip(" ").encode()
    if not bare:
        return ""
    message = _LABEL + len(bare).to_bytes(4, "big") + bare + issuer.strip(" ").encode()
    return hmac.digest(key, message, hashlib.sha256)[:16].hex()
