"""Rules for the whole run."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # how fast is for bench/ to say, on a machine that is not busy
settings.load_profile("untimed")

NEVER_SKIPPED = ("interop", "postgres")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where peers are required (.ci/run), a test against a peer that skips itself has failed."""
    report = yield
    required = os.environ.get("LEADGLASS_REQUIRE_PEERS") == "1"
    is_peers = "interop" in item.path.parts or "browser" in item.path.parts
    speaks_to_peer = is_peers or any(item.get_closest_marker(name) for name in NEVER_SKIPPED)
    if required and report.skipped and speaks_to_peer:
        report.outcome = "failed"
        report.longrepr = f"skipped although LEADGLASS_REQUIRE_PEERS=1: {report.longrepr}"
    return report
