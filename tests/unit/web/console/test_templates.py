"""Templates by themselves: everything is escaped, nothing is inline, no name gets into a title."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from minijinja import TemplateError

from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength
from leadglass.web.console import templates
from leadglass.web.console.pages import SECTIONS
from leadglass.web.console.templates import ASSETS, Templates, asset_version

SOURCES = sorted((ASSETS.parent / "templates").glob("*.html"))
EVIL = """"><script>alert('x')</script>{{ 7 * 7 }}"""


@pytest.fixture
def pages() -> Templates:
    return Templates(SECTIONS, 1800)


def _somebody(*roles: Role) -> SimpleNamespace:
    principal = Principal(
        "usr-1", EVIL, PrincipalKind.PERSON, frozenset(roles), Strength.STRONG, frozenset({Action.VIEW})
    )
    return SimpleNamespace(principal=principal, roles=frozenset(roles), csrf_token="a-token")


def test_values_are_text(pages: Templates) -> None:
    page = bytes(pages.page("sign_in.html", 200, visitor=None, notice=None, username=EVIL).body).decode()
    assert "&quot;&gt;&lt;script&gt;alert(&#x27;x&#x27;)" in page
    assert "<script>alert" not in page
    assert "{{ 7 * 7 }}" in page


def test_a_value_that_is_missing_is_an_error(pages: Templates) -> None:
    with pytest.raises(TemplateError):
        pages.page("sign_in.html", 200, visitor=None, notice=None)


@pytest.mark.parametrize(
    ("role", "places"),
    [
        (Role.CLINICIAN, ["Studies"]),
        (Role.ADMINISTRATOR, ["Ledger", "Devices"]),
        (Role.AUDITOR, ["Ledger"]),
        (Role.DEVICE, []),
    ],
)
def test_navigation_shows_what_the_role_may(pages: Templates, role: Role, places: list[str]) -> None:
    answer = pages.page("devices.html", 200, visitor=_somebody(role), devices=(), weak="", here="/devices")
    page = bytes(answer.body).decode()
    [navigation] = re.findall(r"<nav class=\"nav\".*?</nav>", page, re.DOTALL)
    assert re.findall(r">(\w+)</a>", navigation) == places
    assert "<script>alert" not in page


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(source: Path) -> None:
    """What the Content-Security-Policy forbids would not work; what it allows is ours."""
    text = source.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=\"\{\{ asset)", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on|\bjs:", text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)
    assert "|safe" not in text
    assert "autoescape" not in text


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_attributes_with_values_are_quoted(source: Path) -> None:
    assert not re.search(r"=\{\{", source.read_text("utf-8"))


def test_titles_hold_no_values_but_that_of_the_error_page() -> None:
    for source in SOURCES:
        for title in re.findall(r"block title %\}(.*?)\{% endblock", source.read_text("utf-8")):
            assert "{{" not in title or source.name == "error.html"  # whose titles are ours


def test_every_post_of_somebody_signed_in_carries_the_token() -> None:
    for source in SOURCES:
        text = source.read_text("utf-8")
        if "signed_in.html" not in text and source.name != "signed_in.html":
            continue
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL):
            assert '<input type="hidden" name="csrf" value="{{ visitor.csrf }}">' in form, source.name


def test_assets_are_named_by_their_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = asset_version()
    (tmp_path / "console.css").write_text("body {}")
    monkeypatch.setattr(templates, "ASSETS", tmp_path)
    asset_version.cache_clear()
    try:
        assert asset_version() != before
    finally:
        asset_version.cache_clear()
