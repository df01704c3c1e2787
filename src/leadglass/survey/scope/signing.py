"""The signature beside a scope: `scope.toml.sig`. Format in docs/formats/scope.md, reasons in decision 0029."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from leadglass.survey.scope.document import Words
from leadglass.survey.scope.refusal import Refusal, Why
from leadglass.terms.ceilings import MAX_SCOPE, MAX_SCOPE_SIGNATURE
from leadglass.terms.errors import UserFault

__all__ = [
    "Signature",
    "Signed",
    "SigningKey",
    "bytes_of",
    "copied",
    "fingerprint_of",
    "sign",
    "signature_path",
    "verify",
]

_FORMAT: Final = "leadglass scope signature 1"
_MAX_KEY_FILE: Final = 4096
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16,64}")
_SIGN_IT: Final = "Have whoever answers for it read it (`leadglass survey scope check`) and sign it (`… scope sign`)."


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `scope.toml.sig` holds."""

    format: Literal["leadglass scope signature 1"] = "leadglass scope signature 1"
    signer: Words
    signed_at: Annotated[datetime, msgspec.Meta(tz=True)]
    public_key: Annotated[str, msgspec.Meta(max_length=64)]  # base64 of 32 bytes
    signature: Annotated[str, msgspec.Meta(max_length=128)]  # base64 of 64 bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(base64.b64decode(self.public_key))


@dataclass(frozen=True, slots=True)
class Signed:
    """Bytes that were verified, and who signed them."""

    data: bytes = field(repr=False)
    signature: Signature


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signer's private half. Never printed, never logged."""

    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> bytes:
        """32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """What `--trust` takes."""
        return fingerprint_of(self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes (RFC 8032)."""
        return self._private.sign(message)

    @classmethod
    def load_or_make(cls, path: Path) -> SigningKey:
        """The key in the file (PKCS #8, PEM), made with mode 0600 if there is none. UserFault if it cannot be used."""
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise UserFault(f"{path} can be read by others", f"Say `chmod 600 {path}`, or make a new key.")
                key = serialization.load_pem_private_key(file.read(_MAX_KEY_FILE), None)
        except FileNotFoundError:
            return cls._make(path)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise UserFault(f"{path} is not an Ed25519 key in PEM without a password", "Name another with --key FILE.")
        return cls(key)

    @classmethod
    def _make(cls, path: Path) -> SigningKey:
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        return cls(private)


def fingerprint_of(public: bytes) -> str:
    """SHA-256 of the 32 bytes, hex."""
    return hashlib.sha256(public).hexdigest()


def signature_path(path: Path) -> Path:
    """Where the signature of a scope lies."""
    return path.with_name(path.name + ".sig")


def sign(path: Path, key: SigningKey, *, signer: str, now: datetime) -> Signature:
    """Signs the file as it is and writes the signature beside it. UserFault if `signer` is no line of text, or if the
    file cannot be read."""
    try:
        msgspec.convert(signer, Words)
    except msgspec.ValidationError:
        raise UserFault(
            "the signer's name has more than 200 characters, or control characters in it", "Give one line: --signer."
        ) from None
    data = bytes_of(path)
    when = now.astimezone(UTC).replace(microsecond=0)
    signature = Signature(
        signer=signer,
        signed_at=when,
        public_key=base64.b64encode(key.public).decode(),
        signature=base64.b64encode(key.sign(_message(data, signer, when))).decode(),
    )
    draft = signature_path(path).with_name(f".{path.name}.sig.draft")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(signature), indent=2) + b"\n")
    draft.replace(signature_path(path))
    return signature


def verify(path: Path, trust: str = "") -> Signed | Refusal:
    """The verified bytes of the file, or why they may not be used.

    `trust`, if given, is the fingerprint (or the start of one, 16 digits or more) of the only key that counts.
    UserFault if the scope cannot be read, or if `trust` is no fingerprint.
    """
    if trust and not _FINGERPRINT.fullmatch(_plain_digits(trust)):
        raise UserFault(
            f"{trust!r} is no fingerprint of a key", "Give --trust its first 16 hexadecimal digits, or more of them."
        )
    data = bytes_of(path)
    beside = signature_path(path)
    try:
        with beside.open("rb") as file:
            signature = msgspec.json.decode(file.read(MAX_SCOPE_SIGNATURE), type=Signature)
        public, proof = (base64.b64decode(text, validate=True) for text in (signature.public_key, signature.signature))
        key = Ed25519PublicKey.from_public_bytes(public)
    except FileNotFoundError:
        return Refusal(Why.UNSIGNED, f"{path} is not signed", _SIGN_IT)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return Refusal(Why.UNSIGNED, f"{beside} is no signature of a scope", _SIGN_IT)
    try:
        key.verify(proof, _message(data, signature.signer, signature.signed_at))
    except InvalidSignature:
        return Refusal(Why.CHANGED, f"{path} was changed after {signature.signer or 'somebody'} signed it", _SIGN_IT)
    if not fingerprint_of(public).startswith(_plain_digits(trust)):
        return Refusal(
            Why.NOT_TRUSTED,
            f"{path} is signed by the key {fingerprint_of(public)[:16]}…, and you trust another",
            "Ask who signed it; or correct --trust.",
        )
    return Signed(data, signature)


def _plain_digits(trust: str) -> str:
    return trust.strip().lower().replace(":", "")


def _message(data: bytes, signer: str, when: datetime) -> bytes:
    """What is signed: the words of the signature file that matter, a line each, then the scope byte for byte."""
    moment = when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{_FORMAT}\n{signer}\n{moment}\n".encode() + data


def copied(path: Path, digest: str) -> tuple[bytes, bytes]:
    """The scope and its signature as they lie there, for a run's folder. UserFault if the scope is another by now than
    that with this SHA-256, by which the run goes."""
    data, signature = bytes_of(path), bytes_of(signature_path(path))
    if hashlib.sha256(data).hexdigest() != digest:
        raise UserFault(f"{path} was changed while the run began", "Begin it once more.")
    return data, signature


def bytes_of(path: Path) -> bytes:
    """What the file holds, whether it is signed or not. UserFault if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_SCOPE + 1)
    except OSError as error:
        raise UserFault(
            f"{path} cannot be read: {error.strerror}", "Name a scope; `leadglass survey scope new` writes one."
        ) from None
