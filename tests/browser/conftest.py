"""One archive with a few studies, and one browser, for all the stories a test process tells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from helpers.browser import CHROMIUM, browsing
from helpers.console_clinic import Clinic, run_clinic


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with run_clinic(tmp_path_factory.mktemp("console") / "home") as clinic:
        yield clinic


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while playwright is open, no test of this process can run an event loop of its own."""
    if not CHROMIUM.exists():
        pytest.skip("PEER MISSING: chromium (apt-get install chromium)")
    with browsing() as browser:
        yield browser
