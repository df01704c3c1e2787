"""Selectors as people write them: `study:1.2.840…`, `patient:ID@ISSUER`, `institution:City Clinic`, `everything`."""

from __future__ import annotations

from dataclasses import replace

from leadglass.store.index.normal import normal_name, normal_text
from leadglass.terms.errors import UserFault
from leadglass.terms.ids import is_uid
from leadglass.terms.visibility import Selector, SelectorKind

__all__ = ["normalised", "parse_selector", "selector_text"]


def parse_selector(text: str) -> Selector:
    """The selector written `text`, in the form the index compares; UserFault if it is none."""
    word, _, value = text.strip().partition(":")
    value = value.strip()
    try:
        kind = SelectorKind(word.strip().casefold())
    except ValueError:
        kinds = ", ".join(f"{kind}:…" for kind in SelectorKind if kind is not SelectorKind.EVERYTHING)
        raise UserFault("this does not say which studies", f"write one of: {kinds}, everything") from None
    if (kind is SelectorKind.EVERYTHING) == bool(value):
        raise UserFault(f"{kind.value} is written {'alone' if value else 'with a value after a colon'}", "try again so")
    if kind is SelectorKind.STUDY and not is_uid(value):
        raise UserFault("this is not a StudyInstanceUID", "write digits and single dots, at most 64 characters")
    return normalised(Selector(kind, value))


def normalised(selector: Selector) -> Selector:
    """The same selector with names in the index's form, so that it matches however the name was typed."""
    match selector.kind:
        case SelectorKind.INSTITUTION:
            return replace(selector, value=normal_text(selector.value))
        case SelectorKind.REFERRING_PHYSICIAN:
            return replace(selector, value=normal_name(selector.value))
        case _:
            return selector


def selector_text(selector: Selector) -> str:
    """The selector as `parse_selector` reads it."""
    return f"{selector.kind.value}:{selector.value}" if selector.value else selector.kind.value
