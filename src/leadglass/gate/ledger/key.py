"""The ledger's key pair, in the text forms of c2sp.org/signed-note that other tools read.

The private key stays in HOME/keys/ledger.key. The public one, the *verifier*, is what auditors keep: whoever has it
can check a copy of the ledger on any machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from leadglass.terms.errors import UserFault

__all__ = ["SigningKey", "VerifierKey"]

_ED25519: Final = b"\x01"  # signature type identifier, c2sp.org/signed-note
_NAME: Final = re.compile(r"[^\s+\x00-\x20\x7f]{1,128}\Z")
_RAW: Final = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name that signature lines carry. The name is also the ledger's origin."""

    name: str
    public: bytes  # 32 bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The verifier string: name+key id+base64(0x01 ‖ public key)."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that a verifier string names; UserFault if it is not one."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            data = base64.b64decode(encoded, validate=True)
            key = cls(_checked_name(name), data[1:])
            if data[:1] != _ED25519 or len(data) != 33 or key.key_id.hex() != key_id:
                raise ValueError("its parts do not fit together")
        except (ValueError, binascii.Error) as error:
            advice = "give the whole line of HOME/ledger/verifier, or the path of that file"
            raise UserFault("this is not a verifier key of a ledger", advice) from error
        return key

    def verifies(self, signature: bytes, text: bytes) -> bool:
        """True if this key signed `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private half. Never printed, never logged."""

    verifier: VerifierKey
    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def name(self) -> str:
        return self.verifier.name

    @classmethod
    def generate(cls, name: str = "") -> SigningKey:
        """A fresh key. Without a name it gets one of its own, so that no two ledgers share an origin."""
        return cls._of(name or f"leadglass.invalid/ledger/{secrets.token_hex(8)}", secrets.token_bytes(32))

    @classmethod
    def _of(cls, name: str, seed: bytes) -> SigningKey:
        private = Ed25519PrivateKey.from_private_bytes(seed)
        return cls(VerifierKey(_checked_name(name), private.public_key().public_bytes(*_RAW)), private)

    def sign(self, text: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature (RFC 8032) over `text`."""
        return self._private.sign(text)

    @classmethod
    def load_or_create(cls, path: Path, name: str = "") -> SigningKey:
        """The key in the file, which is made with mode 0600 if it is not there. UserFault if it cannot be used."""
        try:
            return cls.load(path)
        except FileNotFoundError:
            key = cls.generate(name)
            key._save(path)
            return key

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """The key in the file. FileNotFoundError if there is none; UserFault if others can read it or it is damaged."""
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise UserFault(
                    f"{path} can be read by others",
                    f"chmod 600 {path}; then treat whoever could read it as able to forge entries",
                )
            text = file.read(4096).decode("ascii", "replace").strip()
        try:
            private, key, ledger_name, key_id, encoded = text.split("+", 4)
            data = base64.b64decode(encoded, validate=True)
            found = cls._of(ledger_name, data[1:])
            if (private, key, data[:1]) != ("PRIVATE", "KEY", _ED25519) or found.verifier.key_id.hex() != key_id:
                raise ValueError("its parts do not fit together")
        except (ValueError, binascii.Error):
            raise UserFault(f"{path} is not a ledger key", "put back the file from your backup of HOME/keys") from None
        return found

    def _save(self, path: Path) -> None:
        seed = self._private.private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
        encoded = base64.b64encode(_ED25519 + seed).decode()
        line = f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{encoded}\n"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # never over a key that another process has just made
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _checked_name(name: str) -> str:
    if not _NAME.match(name):
        raise ValueError("a key name has no spaces, no control characters and no plus sign")
    return name
