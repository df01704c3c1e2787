"""What rules say to people, in their language: a table in a file for each."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

__all__ = ["LANGUAGES", "RuleWords", "words_for"]

LANGUAGES: Final = ("en", "de")
"""The first is spoken where another is asked for."""


class RuleWords(msgspec.Struct, frozen=True):
    """What a rule says of a product."""

    title: str
    what: str
    advice: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule in one language."""

    title: str
    what: str
    advice: str  # whatever the product is
    products: dict[str, str] = {}  # by a part of the product's name, in lower case: which setting of it


@cache
def words_for(rule: str, product: str, language: str) -> RuleWords:
    """The words of a rule; advice for the product if we know its settings, followed by what is right for any.
    KeyError for a rule that there is not."""
    table = _tables(language if language in LANGUAGES else LANGUAGES[0])[rule]
    settings = next((advice for part, advice in table.products.items() if part in product.casefold()), "")
    return RuleWords(table.title, table.what, f"{settings} {table.advice}".strip())


@cache
def _tables(language: str) -> dict[str, _Table]:
    text = files(__package__).joinpath(f"{language}.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, _Table])
