"""Multipart answers (RFC 2046 §5.1, RFC 2387, PS3.18 §8.6.1.2), written. Reading is `splitter`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

__all__ = ["Boundary"]


@dataclass(frozen=True, slots=True)
class Boundary:
    """What lies between the parts of one answer: 128 random bits, so that no part holds it by chance or by intent."""

    text: str = field(default_factory=lambda: f"leadglass-{secrets.token_hex(16)}")

    def content_type(self, media_type: str) -> str:
        """The Content-Type of an answer whose parts are of `media_type`."""
        return f'multipart/related; type="{media_type}"; boundary={self.text}'

    def part_head(
        self, content_type: str, *, length: int | None = None, location: str = "", is_first: bool = False
    ) -> bytes:
        """What goes before a part: the boundary and the part's own head. `location` is the part's Content-Location.

        Each but the first begins on a new line. ValueError if a value would end its line.
        """
        lines = [f"--{self.text}", f"Content-Type: {content_type}"]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        if location:
            lines.append(f"Content-Location: {location}")
        if any(not line.isprintable() for line in lines):
            raise ValueError("a header of a part does not fit one line")
        return ("" if is_first else "\r\n").encode() + "\r\n".join(lines).encode() + b"\r\n\r\n"

    @property
    def closing(self) -> bytes:
        """What goes behind the last part."""
        return f"\r\n--{self.text}--\r\n".encode()
