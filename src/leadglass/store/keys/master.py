"""The master key: 32 random bytes in one small text file that only the service's account may read.

The file is text so that an operator can see what it is, back it up and compare ids by eye:

    leadglass master key v1
    id 0f0e…            32 hex digits, random, not secret
    secret 9a81…        64 hex digits
    check 77c1…         first 8 bytes of HKDF(secret, "master check"): a typo or a torn file is found, not used
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from leadglass.store.files import write_private
from leadglass.store.keys.study import SECRET_LENGTH, WrappedKey
from leadglass.terms.errors import IntegrityFault, UserFault

__all__ = ["MasterKey"]

_NONCE_LENGTH: Final = 12
_FILE = re.compile(
    r"leadglass master key v1\n"
    r"id (?P<id>[0-9a-f]{32})\n"
    r"secret (?P<secret>[0-9a-f]{64})\n"
    r"check (?P<check>[0-9a-f]{16})\n\Z"
)


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key in the open. `wrap` and `unwrap` are AES-256-GCM with the wrapped key's id as associated data."""

    master_id: str
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cipher", AESGCM(self.secret))

    @classmethod
    def generate(cls) -> MasterKey:
        """A new master key from the system's random source; not stored anywhere yet."""
        return cls(os.urandom(16).hex(), os.urandom(SECRET_LENGTH))

    @classmethod
    def load(cls, path: Path) -> MasterKey:
        """The key in the file at `path`; UserFault if it is missing, damaged or readable by others."""
        try:
            mode = path.stat().st_mode
            text = path.read_text("ascii", "replace")
        except OSError as error:
            raise UserFault(f"the master key {path} cannot be read: {error.strerror}", _RESTORE) from error
        if stat.S_IMODE(mode) & 0o077:
            raise UserFault(f"the master key {path} can be read by other accounts", f"Run: chmod 600 {path}")
        found = _FILE.match(text)
        if found is None:
            raise UserFault(f"{path} is not a leadglass master key, or it is damaged", _RESTORE)
        key = cls(found["id"], bytes.fromhex(found["secret"]))
        if key.check != found["check"]:
            raise UserFault(f"the master key {path} is damaged: its check does not hold", _RESTORE)
        return key

    def save(self, path: Path) -> None:
        """Write the key to `path`, mode 0600, in one piece: durable on return; never half a file."""
        text = f"leadglass master key v1\nid {self.master_id}\nsecret {self.secret.hex()}\ncheck {self.check}\n"
        write_private(path, text.encode("ascii"))

    @property
    def check(self) -> str:
        """16 hex digits that follow from the secret and tell nothing about it."""
        return HKDF(SHA256(), 8, salt=None, info=b"leadglass master check v1").derive(self.secret).hex()

    def wrap(self, key_id: bytes, secret: bytes) -> WrappedKey:
        """`secret` encrypted under this master key and bound to `key_id`."""
        nonce = os.urandom(_NONCE_LENGTH)
        return WrappedKey(key_id, self.master_id, nonce + self.cipher.encrypt(nonce, secret, key_id))

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """The secret in `wrapped`; IntegrityFault if it was not wrapped by this key for this id, or was altered."""
        nonce, ciphertext = wrapped.wrapped[:_NONCE_LENGTH], wrapped.wrapped[_NONCE_LENGTH:]
        try:
            return self.cipher.decrypt(nonce, ciphertext, wrapped.key_id)
        except (InvalidTag, ValueError) as error:
            raise IntegrityFault(f"the wrapped key {wrapped.key_id.hex()} fails its authentication tag") from error


_RESTORE: Final = "Put back the master key file from its backup. Without it nothing stored here can be read, by design."
