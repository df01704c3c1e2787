"""One run at a time by a scope."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.ports import free_port
from helpers.scopes import hasty_scope
from leadglass.app.alone import alone_under
from leadglass.app.surveying import Order, Surveying, opened_warrant
from leadglass.survey.scope import SigningKey, sign
from leadglass.terms.errors import UserFault


def test_a_second_run_by_a_scope_sends_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text(hasty_scope("127.0.0.1", ports=[free_port()]))
    sign(scope, SigningKey.load_or_make(tmp_path / "key.pem"), signer="test", now=datetime.now(UTC))

    def survey(name: str) -> int:
        order = Order(folder=tmp_path / name, warrant=opened_warrant(scope), scope=scope)
        return asyncio.run(Surveying(order).run()).totals.connections

    with alone_under(scope), pytest.raises(UserFault, match=r"another survey by .* is under way"):
        survey("second")
    assert not (tmp_path / "second").exists()
    assert survey("third") > 0


def test_other_scopes_and_none_at_all_are_free(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    with alone_under(tmp_path / "a"), alone_under(tmp_path / "b"), alone_under(None), alone_under(None):
        pass
    with alone_under(tmp_path / "a"):
        pass


def test_a_scope_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match=r"gone\.toml cannot be read"), alone_under(tmp_path / "gone.toml"):
        pass
