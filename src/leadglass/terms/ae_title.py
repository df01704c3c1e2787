"""Application Entity titles: raw bytes as evidence, a trimmed reading for people (PS3.5 §6.2, PS3.8 §9.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AETitle"]


@dataclass(frozen=True, slots=True)
class AETitle:
    """An AE title as it went over the wire: always 16 bytes, never altered."""

    raw: bytes

    @classmethod
    def of(cls, text: str) -> AETitle:
        """The AE title written `text`; ValueError unless it is 1 to 16 printable ASCII characters, no backslash."""
        if not 0 < len(text.strip(" ")) <= 16 or not text.isascii() or not text.isprintable() or "\\" in text:
            raise ValueError("an AE title is 1 to 16 printable ASCII characters without backslash")
        return cls(text.strip(" ").encode("ascii").ljust(16))

    @property
    def text(self) -> str:
        """The reading without leading and trailing spaces (not significant, PS3.5 §6.2); odd bytes escaped."""
        return self.raw.strip(b" \0").decode("ascii", "backslashreplace")

    def __str__(self) -> str:
        return self.text
