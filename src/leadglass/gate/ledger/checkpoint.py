"""Checkpoints: a tree's size and root, signed as a note (c2sp.org/tlog-checkpoint, c2sp.org/signed-note)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from leadglass.gate.ledger.key import SigningKey, VerifierKey

__all__ = ["MAX_NOTE", "BadCheckpoint", "Checkpoint", "sign_checkpoint", "verify_checkpoint"]

MAX_NOTE: Final = 128 * 1024
"""Bytes of a note: ours has one short signature; witnesses may add theirs, the largest of about 5 KiB."""
_SIZE: Final = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")


class BadCheckpoint(ValueError):
    """The bytes are not a checkpoint signed by the key they should be signed by; the text says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A statement of the ledger: at this size, this is the root. `note` is the signed form, as kept and handed out."""

    origin: str
    size: int
    root: bytes
    note: bytes


def sign_checkpoint(key: SigningKey, size: int, root: bytes) -> Checkpoint:
    """The checkpoint of this tree, signed."""
    text = f"{key.name}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    signature = base64.b64encode(key.verifier.key_id + key.sign(text)).decode()
    return Checkpoint(key.name, size, root, text + f"\n\N{EM DASH} {key.name} {signature}\n".encode())


def verify_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in `note`; BadCheckpoint unless `key` signed it. Signatures of other keys are left aside."""
    text, signatures = _split(note)
    for name, key_id, signature in signatures:
        if name == key.name and key_id == key.key_id:
            if not key.verifies(signature, text):
                raise BadCheckpoint("the signature does not belong to this text: it was changed after signing")
            return _read(text, note, key)
    raise BadCheckpoint(f"it carries no signature of the key {key.name}+{key.key_id.hex()}")


def _split(note: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    if len(note) > MAX_NOTE:
        raise BadCheckpoint("it is too long to be a checkpoint")
    if any(byte < 0x20 and byte != 0x0A for byte in note):
        raise BadCheckpoint("it holds control characters")
    text, blank, block = note.rpartition(b"\n\n")
    if not blank or not block.endswith(b"\n"):
        raise BadCheckpoint("it is cut short: no signature follows the text")
    try:
        return text + b"\n", [_signature(line) for line in block.decode().removesuffix("\n").split("\n")]
    except (ValueError, binascii.Error):
        raise BadCheckpoint("its signature lines are damaged") from None


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, name, encoded = line.split(" ")
    data = base64.b64decode(encoded, validate=True)
    if dash != "\N{EM DASH}" or not name or len(data) < 5 or base64.b64encode(data).decode() != encoded:
        raise ValueError("not a signature line")
    return name, data[:4], data[4:]


def _read(text: bytes, note: bytes, key: VerifierKey) -> Checkpoint:
    lines = text.decode().split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or lines[0] != key.name or not _SIZE.match(lines[1]):
        raise BadCheckpoint("it is signed, but it is not a checkpoint of this ledger")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error:
        root = b""
    if len(root) != 32:
        raise BadCheckpoint("it is signed, but its root is not a SHA-256 hash")
    return Checkpoint(lines[0], int(lines[1]), root, note)
