"""What is true of PostgreSQL alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadglass.store.index.postgres import PostgresDatabase
from leadglass.terms.errors import UserFault


async def test_a_server_that_cannot_be_reached_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="cannot be opened") as caught:
        await PostgresDatabase.open(f"postgresql://someone:secret@/db?host={tmp_path}")
    assert "secret" not in str(caught.value)
    assert "user and password" in caught.value.advice
