"""The documents stay true: links lead somewhere, and the map names every room and nothing that is gone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/leadglass"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])
VERSIONS = "store/index/migrations/versions"  # a folder of Alembic files, not a room
PACKAGES = sorted(
    {path.parent.relative_to(SOURCE).as_posix() for path in SOURCE.glob("**/__init__.py")} - {".", VERSIONS}
)

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
CODE = re.compile(r"`([^`\n]+)`")


def heading_anchors(page: Path) -> set[str]:
    """Anchors as the usual renderers make them: lower case, punctuation gone, spaces to hyphens."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue  # another site: not ours to check without a network
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{target} does not exist"
        if anchor and file.suffix == ".md":
            assert anchor in heading_anchors(file), f"{target or page.name} has no heading #{anchor}"


def test_the_map_names_every_package() -> None:
    words = set(CODE.findall((ROOT / "docs/map.md").read_text()))
    assert [package for package in PACKAGES if f"{package}/" not in words] == []


def test_the_map_names_nothing_that_is_gone() -> None:
    words = CODE.findall((ROOT / "docs/map.md").read_text())
    paths = [word for word in words if re.fullmatch(r"\.?[a-z_]+(/[\w.]+)*/?", word) and "/" in word]
    assert paths, "the map names no path at all"
    assert [path for path in paths if not (SOURCE / path).exists() and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_explains_itself(package: str) -> None:
    docstring = ast.get_docstring(ast.parse((SOURCE / package / "__init__.py").read_text()))
    assert docstring, f"{package}/__init__.py should teach its room in a few lines"


def test_decisions_are_numbered_once_and_accepted() -> None:
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(set(numbers)) == len(numbers)
    for record in records:
        assert re.match(r"# \d{4} .", record.read_text()), f"{record.name} should begin with its number and title"
