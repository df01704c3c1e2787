"""A name of the scope means other addresses tomorrow: what was looked at is what it meant when the run began."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.ports import free_port
from helpers.scopes import hasty_scope
from leadglass.app import resolving, surveying
from leadglass.app.casebook import take_in
from leadglass.app.common_ground import common_ground
from leadglass.app.surveying import Order, Surveying, opened_warrant
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.case import CaseState
from leadglass.survey.cases.events import OpenDoor, Opened
from leadglass.survey.records import Run
from leadglass.survey.scope import SigningKey, sign
from leadglass.survey.services import Service
from leadglass.terms.errors import UserFault

HERE, THERE = "127.0.0.5", "127.0.0.6"


class Names:
    """What a look-up of the only name says."""

    address = HERE

    def resolve(self, host_name: str) -> tuple[str, ...]:
        assert host_name == "localhost"
        return (self.address,)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    known = Names()
    for module in (resolving, surveying):
        monkeypatch.setattr(module, "resolve", known.resolve)
    return known


@pytest.fixture
def scope(tmp_path: Path) -> Path:
    path = tmp_path / "scope.toml"
    path.write_text(hasty_scope("localhost", ports=[free_port()]))
    sign(path, SigningKey.load_or_make(tmp_path / "key.pem"), signer="test", now=datetime.now(UTC))
    return path


def run(scope: Path, folder: Path) -> Run:
    order = Order(folder=folder, warrant=opened_warrant(scope), scope=scope)
    asyncio.run(Surveying(order).run())
    return Run.open(folder)


@pytest.mark.parametrize(("meant", "state"), [(HERE, CaseState.CLOSED), (THERE, CaseState.OPEN)])
def test_a_case_is_closed_where_the_run_looked(
    tmp_path: Path, names: Names, scope: Path, meant: str, state: CaseState
) -> None:
    names.address = meant
    looked = run(scope, tmp_path / "run")
    names.address = HERE if meant == THERE else THERE
    book = CaseBook(tmp_path / "cases")
    (port,) = opened_warrant(scope).ground.pieces[0].ports
    opened_at = datetime.now(UTC) - timedelta(days=1)
    door = OpenDoor(port=port, service=Service.DICOM)
    book.add([Opened(case="C-0001", at=opened_at, run="r", address=HERE, rung=4, doors=(door,))])
    take_in(looked, book)
    assert book.case("C-0001").state is state


def test_two_runs_by_one_scope_that_looked_elsewhere_are_not_compared_as_if_they_had_not(
    tmp_path: Path, names: Names, scope: Path
) -> None:
    before = run(scope, tmp_path / "before")
    assert common_ground(before, run(scope, tmp_path / "after")).note == ""
    assert before.facts.hosts == {"localhost": (HERE,)}
    names.address = THERE
    elsewhere = run(scope, tmp_path / "elsewhere")
    assert elsewhere.facts.hosts == {"localhost": (THERE,)}
    ground = common_ground(before, elsewhere)
    assert (ground.old, ground.new) == ([], [])


@pytest.mark.parametrize("content", [None, "altered"])
def test_a_scope_that_is_not_the_runs_says_nothing_of_where_it_looked(
    tmp_path: Path, names: Names, scope: Path, content: str | None
) -> None:
    looked = run(scope, tmp_path / "run")
    copy = looked.folder / "scope.toml"
    text = copy.read_text()
    copy.unlink()
    if content:
        copy.write_text(text.replace("level = 2", "level = 4"))
    with pytest.raises(UserFault, match="is not the scope of that run"):
        take_in(looked, CaseBook(tmp_path / "cases"))


def test_a_scope_that_changes_while_a_run_begins_is_not_put_beside_it(
    tmp_path: Path, names: Names, scope: Path
) -> None:
    order = Order(folder=tmp_path / "run", warrant=opened_warrant(scope), scope=scope)
    scope.write_text(scope.read_text() + "\n")
    with pytest.raises(UserFault, match="was changed while the run began"):
        asyncio.run(Surveying(order).run())
