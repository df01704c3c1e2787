"""Column types that read and compare the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

__all__ = ["Instant", "RowId", "Text", "Words", "instant_text"]


def Text() -> TypeEngine[str]:  # noqa: N802 - reads as the type it makes
    """Text compared byte by byte: same order, same ranges and same index use on both databases."""
    return String().with_variant(String(collation="C"), "postgresql")


def RowId() -> TypeEngine[int]:  # noqa: N802
    """A surrogate key: 64 bits on both databases (SQLite's INTEGER PRIMARY KEY is its row number)."""
    return BigInteger().with_variant(Integer(), "sqlite")


def instant_text(at: datetime) -> str:
    """`at` as UTC with microseconds, always 27 characters, so that text order is time order."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class Instant(TypeDecorator[datetime]):
    """A moment of wall time, kept as UTC text that people can read and both databases order alike."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class Words(TypeDecorator[tuple[str, ...]]):
    """A short list of words without spaces (actions, roles, networks), kept as one readable text."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        words = tuple(str(word) for word in value)
        if any(not word or " " in word for word in words):
            raise ValueError("a word of a list is empty or holds a space")
        return " ".join(words)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002
        return None if value is None else tuple(value.split())
