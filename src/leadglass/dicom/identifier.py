"""Signatures; query identifiers follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

Identifier: TypeAlias = "Mapping[int, Union[str, Sequence[Identifier]]]"
"""Ordered mapping of tag (0xGGGGEEEE) to text (several values joined by backslash; "" = universal), or to sequence items."""


def decode_identifier(data: bytes | memoryview, transfer_syntax: str) -> dict[int, str | tuple[Identifier, ...]]:
    """The attributes of an identifier in the order they came; PeerViolation if the bytes are not a data set."""
    raise NotImplementedError


def encode_identifier(items: Identifier, transfer_syntax: str) -> bytes:
    """The data set of `items` in tag order; UTF-8 and (0008,0005) ISO_IR 192 if anything is not ASCII."""
    raise NotImplementedError
