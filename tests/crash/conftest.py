"""What crash tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.preloaded import Preloaded, preloaded_leadglass


@pytest.fixture(scope="session")
def preloaded() -> Iterator[Preloaded]:
    """Leadglass, imported already."""
    with preloaded_leadglass() as one:
        yield one
