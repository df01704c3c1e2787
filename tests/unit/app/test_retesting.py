"""What going back to a case leaves behind when it comes to nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.ports import free_port
from helpers.scopes import hasty_scope
from leadglass.app.retesting import retest
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.events import OpenDoor, Opened
from leadglass.survey.records import Run
from leadglass.survey.scope import SigningKey, sign
from leadglass.survey.services import Service
from leadglass.terms.errors import UserFault

NOW = datetime.now(UTC)


def case_at(folder: Path, ports: Sequence[int]) -> Path:
    """A folder of cases with C-0001 at these ports of 127.0.0.1."""
    doors = tuple(OpenDoor(port=port, service=Service.DICOM) for port in ports)
    cases = folder / "cases"
    CaseBook(cases).add([Opened(case="C-0001", at=NOW, run="r", address="127.0.0.1", rung=4, doors=doors)])
    return cases


def signed(folder: Path, text: str) -> Path:
    path = folder / "scope.toml"
    path.write_text(text)
    sign(path, SigningKey.load_or_make(folder / "key.pem"), signer="test", now=NOW)
    return path


async def interrupted(cases: Path, scope: Path, ports: Sequence[int]) -> UserFault:
    """Ctrl-C is pressed as soon as the last of the ports has been called; the others hang up."""
    called = set()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.add(writer.get_extra_info("sockname")[1])
        if called == set(ports):
            os.kill(os.getpid(), signal.SIGINT)
        else:
            writer.close()

    servers = [await asyncio.start_server(answer, "127.0.0.1", port) for port in ports]
    try:
        with pytest.raises(UserFault) as fault:
            await retest("C-0001", cases, scope)
    finally:
        for server in servers:
            server.close()
    return fault.value


@pytest.mark.parametrize(
    "text", [hasty_scope("192.0.2.1", ports=[104]), hasty_scope("127.0.0.1", ports=[104], level=1)]
)
def test_a_look_the_scope_does_not_allow_leaves_nothing(tmp_path: Path, text: str) -> None:
    cases = case_at(tmp_path, [104])
    with pytest.raises(UserFault):
        asyncio.run(retest("C-0001", cases, signed(tmp_path, text)))
    assert [path.name for path in cases.iterdir()] == ["cases.jsonl"]


def test_a_look_that_was_stopped_before_it_saw_anything_leaves_nothing(tmp_path: Path) -> None:
    ports = [free_port()]
    cases = case_at(tmp_path, ports)
    scope = signed(tmp_path, hasty_scope("127.0.0.1", ports=ports))
    fault = asyncio.run(interrupted(cases, scope, ports))
    assert "stopped from the keyboard" in str(fault)
    assert "Nothing was seen" in fault.advice
    assert [path.name for path in cases.iterdir()] == ["cases.jsonl"]


def test_a_look_that_was_stopped_on_its_way_says_where_the_evidence_is(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    cases = case_at(tmp_path, ports)
    scope = signed(tmp_path, hasty_scope("127.0.0.1", ports=ports))
    fault = asyncio.run(interrupted(cases, scope, ports))
    (kept,) = (cases / "retests").iterdir()
    assert str(kept) in fault.advice
    assert len(list(Run.open(kept).observations())) == 1
    assert len(CaseBook(cases).case("C-0001").history) == 1


def test_each_look_at_an_address_where_nobody_is_leaves_a_finished_run(tmp_path: Path) -> None:
    ports = [free_port()]
    cases = case_at(tmp_path, ports)
    scope = signed(tmp_path, hasty_scope("127.0.0.1", ports=ports))
    for looks in (1, 2):  # most likely within one second
        looked = asyncio.run(retest("C-0001", cases, scope))
        assert Run.open(looked.report.folder).facts.finished
        assert len(looked.events) == (looks == 1)  # what is closed is not closed again
        assert len(list((cases / "retests").iterdir())) == looks


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    cases = case_at(tmp_path, [104])
    (cases / "retests").write_text("a file is in the way")
    with pytest.raises(UserFault, match="no run can be kept"):
        asyncio.run(retest("C-0001", cases, signed(tmp_path, hasty_scope("127.0.0.1", ports=[104]))))
