"""axe-core (npm) looks at a page for barriers: WCAG 2 A and AA."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from helpers.npm_packages import npm_package

__all__ = ["barriers"]

_RUN = """() => axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})"""


def barriers(page: Page) -> list[str]:
    """What is in somebody's way on this page: the rule and the first element that breaks it."""
    page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(_RUN)
    assert found["passes"], "axe looked at nothing"
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


@cache
def _source() -> str:
    return (npm_package("axe", "axe-core") / "axe.min.js").read_text("utf-8")
