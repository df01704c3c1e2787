"""An outside verifier of ledgers, written from docs/formats/ledger.md and the public specifications only.

It imports nothing of Leadglass and shares no code with it, and it goes another way about it: the whole tree is held in
memory and its root is computed by the recursive definition of RFC 6962 §2.1. Use it on small ledgers.

    python ledgercheck.py DIRECTORY [VERIFIER]
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class NotALedger(Exception):
    """What the format demands and the directory does not have."""


@dataclass
class Checked:
    """A ledger that passed."""

    origin: str
    entries: list[bytes]
    published: int
    torn_bytes: int = 0
    sizes_signed: list[int] = field(default_factory=list)
    tree: Tree = field(default_factory=lambda: Tree([]))

    def values(self) -> list[dict[str, Any]]:
        return [json.loads(entry) for entry in self.entries]


def check(directory: Path, verifier: str | None = None) -> Checked:
    """Everything the format promises, or NotALedger."""
    text = verifier if verifier is not None else (directory / "verifier").read_text()
    name, key_id, key = parse_verifier(text)
    demand((directory / "checkpoint").exists(), "the checkpoint is missing")
    size, root = open_note((directory / "checkpoint").read_bytes(), name, key_id, key)
    entries = published_entries(directory, size)
    tree = Tree([leaf(entry) for entry in entries])
    demand(tree.root(0, size) == root, "the checkpoint does not sign the published entries")
    checked = Checked(name, entries, size, sizes_signed=[size], tree=tree)
    for segment in sorted((directory / "pending").glob("[0-9]" * 16)):
        add_segment(segment, checked, (name, key_id, key))
    check_contents(checked.entries)
    check_nothing_beyond(directory, len(checked.entries))
    return checked


def demand(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotALedger(otherwise)


# --- signed notes ----------------------------------------------------------------------------------------------


def parse_verifier(text: str) -> tuple[str, bytes, bytes]:
    name, key_id, encoded = text.strip().split("+", 2)
    data = base64.b64decode(encoded)
    demand(data[:1] == b"\x01" and len(data) == 33, "the verifier is not an Ed25519 key")
    expected = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    demand(expected.hex() == key_id, "the verifier's key id is wrong")
    return name, expected, data[1:]


def open_note(note: bytes, name: str, key_id: bytes, key: bytes) -> tuple[int, bytes]:
    demand(note.endswith(b"\n"), "a checkpoint does not end in a newline")
    body, _, signatures = note.decode(errors="replace").rpartition("\n\n")
    body += "\n"
    for line in signatures.removesuffix("\n").split("\n"):
        demand(line.count(" ") == 2, "a checkpoint has a line that is not a signature")
        dash, signer, encoded = line.split(" ")
        try:
            data = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise NotALedger("a checkpoint's signature is not base64") from None
        if dash == "—" and signer == name and data[:4] == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(data[4:], body.encode())
            except InvalidSignature:
                raise NotALedger("a checkpoint's signature is wrong") from None
            origin, size, root = body.splitlines()[:3]
            demand(origin == name, "a checkpoint is of another origin")
            return int(size), base64.b64decode(root)
    raise NotALedger("a checkpoint is not signed by the verifier's key")


# --- the tree, by definition -----------------------------------------------------------------------------------


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1 over leaf hashes."""
    return Tree(leaves).root(0, len(leaves))


@dataclass
class Tree:
    """Leaf hashes, and the hashes of whole subtrees once they were computed: those never change as leaves are added."""

    leaves: list[bytes]
    known: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def root(self, start: int, end: int) -> bytes:
        """MTH(D[start:end]), by the recursive definition."""
        n = end - start
        if n == 0:
            return hashlib.sha256(b"").digest()
        if n == 1:
            return self.leaves[start]
        if (start, end) in self.known:
            return self.known[start, end]
        k = 1
        while k * 2 < n:
            k *= 2
        digest = hashlib.sha256(b"\x01" + self.root(start, start + k) + self.root(start + k, end)).digest()
        if k * 2 == n:
            self.known[start, end] = digest
        return digest


# --- tiles -----------------------------------------------------------------------------------------------------


def tile_name(index: int) -> str:
    digits = f"{index:03}"
    digits = "0" * (-len(digits) % 3) + digits
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join(["x" + group for group in groups[:-1]] + groups[-1:])


def resource(directory: Path, prefix: str, index: int, width: int) -> tuple[bytes, bool]:
    """The bytes of a tile or bundle, and whether they are the full one's."""
    full = directory / prefix / tile_name(index)
    if width < 256:
        partial = Path(f"{full}.p") / str(width)
        if partial.exists():
            return partial.read_bytes(), False
    demand(full.exists(), f"{prefix} {index} of width {width} is missing")
    return full.read_bytes(), True


def bundle(data: bytes) -> list[bytes]:
    entries = []
    while data:
        (length,) = struct.unpack(">H", data[:2])
        demand(len(data) >= 2 + length, "an entry bundle is cut short")
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    return entries


def published_entries(directory: Path, size: int) -> list[bytes]:
    entries: list[bytes] = []
    for index in range((size + 255) // 256):
        width = min(256, size - index * 256)
        data, full = resource(directory, "tile/entries", index, width)
        found = bundle(data)
        demand(len(found) == (256 if full else width), f"bundle {index} has {len(found)} entries")
        entries.extend(found[:width])
    leaves = [leaf(entry) for entry in entries]
    level, below = 0, leaves
    while below:
        for index in range((len(below) + 255) // 256):
            wanted = below[index * 256 : index * 256 + 256]
            data, full = resource(directory, f"tile/{level}", index, len(wanted))
            demand(len(data) == 32 * (256 if full else len(wanted)), f"tile {level}/{index} has a wrong length")
            demand(data[: 32 * len(wanted)] == b"".join(wanted), f"tile {level}/{index} does not fit its entries")
        below = [tree_hash(below[i * 256 : i * 256 + 256]) for i in range(len(below) // 256)]
        level += 1
    return entries


def check_nothing_beyond(directory: Path, size: int) -> None:
    for path in (directory / "tile").rglob("*"):
        if path.is_dir() or path.name.startswith("."):
            continue
        level, *rest = path.relative_to(directory / "tile").parts
        width = 256
        if len(rest) > 1 and rest[-2].endswith(".p"):
            width = int(rest.pop())
            rest[-1] = rest[-1][:-2]
        index = int("".join(rest).replace("x", ""))
        span = 256 ** (0 if level == "entries" else int(level))
        demand((index * 256 + width) * span <= size, f"{path} speaks of more entries than there are")


# --- pending ---------------------------------------------------------------------------------------------------


def add_segment(segment: Path, checked: Checked, key: tuple[str, bytes, bytes]) -> None:
    data = segment.read_bytes()
    checked.torn_bytes = 0
    at = 0
    while at < len(data):
        head = data[at : at + 24]
        if len(head) < 24 or not any(head):
            checked.torn_bytes = len(data) - at
            return
        magic, length, first, count, crc = struct.unpack(">4sIQII", head)
        demand(magic == b"LGF1" and crc == zlib.crc32(head[:20]), f"{segment.name}: the frame at {at} is damaged")
        body = data[at + 24 : at + 24 + length]
        if len(body) < length:
            checked.torn_bytes = len(data) - at
            return
        *found, note = bundle(body)
        demand(len(found) == count, f"{segment.name}: the frame at {at} has {len(found)} entries")
        demand(first <= len(checked.entries), f"{segment.name}: entries before {first} are missing")
        known = checked.entries[first : first + count]
        demand(known == found[: len(known)], f"{segment.name}: entries from {first} differ from those published")
        checked.entries.extend(found[len(known) :])
        checked.tree.leaves.extend(leaf(entry) for entry in found[len(known) :])
        size, root = open_note(note, *key)
        demand(size == first + count, f"{segment.name}: a checkpoint speaks of {size} entries")
        demand(root == checked.tree.root(0, size), f"{segment.name}: {first} to {size - 1} are not what was signed")
        checked.sizes_signed.append(size)
        at += 24 + length


# --- entries ---------------------------------------------------------------------------------------------------


def check_contents(entries: list[bytes]) -> None:
    before = ""
    for index, entry in enumerate(entries):
        value = json.loads(entry)
        again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        demand(again == entry, f"entry {index} is not canonical JSON")
        demand(value["tree_index"] == index, f"entry {index} says it is {value['tree_index']}")
        demand(value["at"] >= before and value["at"].endswith("Z"), f"entry {index} is out of time order")
        before = value["at"]


if __name__ == "__main__":
    result = check(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
    print(
        f"{result.origin}: {len(result.entries)} entries, {result.published} published, {result.torn_bytes} torn bytes"
    )
