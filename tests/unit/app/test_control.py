"""The control socket: questions and answers, and what garbage, long lines and a dead server come to."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadglass.app import control
from leadglass.app.control import ControlServer, Progress, ask_running_server
from leadglass.app.home import Home
from leadglass.terms.errors import StorageFault, UserFault


async def perform(verb: str, arguments: dict[str, Any], progress: Progress) -> Any:
    match verb:
        case "echo":
            return arguments
        case "count":
            for done in range(3):
                progress(done, 3)
            return "counted"
        case "mistake":
            raise UserFault("that is wrong", "do it right")
        case "disk":
            raise StorageFault("the disk is gone")
        case "bug":
            raise ValueError("Doe^Jane")  # a text that nobody may see
    raise AssertionError(verb)


def nothing(done: int, total: int) -> None:
    raise AssertionError(f"no progress was to be told: {done} of {total}")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path / ("deep" * 30))  # longer than a Unix address may be
    home.path.mkdir()
    server = ControlServer(home, perform)
    await server.start()
    yield home
    await server.close()
    assert not home.control.exists()


async def said_to(home: Home, line: bytes) -> dict[str, Any]:
    """The answer to raw bytes."""
    with control._socket_path(home) as path:
        reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    writer.write_eof()
    answer = await reader.readline()
    writer.close()
    return dict(msgspec.json.decode(answer))


async def test_a_question_is_answered_with_progress_on_the_way(home: Home) -> None:
    assert await ask_running_server(home, "echo", {"name": "Ü"}, nothing) == (True, {"name": "Ü"})
    told: list[tuple[int, int]] = []
    assert await ask_running_server(home, "count", {}, lambda *so_far: told.append(so_far)) == (True, "counted")
    assert told == [(0, 3), (1, 3), (2, 3)]


async def test_only_the_owner_may_open_it(home: Home) -> None:
    mode = home.control.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert mode & 0o777 == 0o600


async def test_faults_come_with_advice_and_bugs_without_their_text(home: Home) -> None:
    for verb, what, advice in (
        ("mistake", "that is wrong", "do it right"),
        ("disk", "the disk is gone", "log"),
        ("bug", "not understood: ValueError", "version"),
    ):
        with pytest.raises(UserFault) as fault:
            await ask_running_server(home, verb, {}, nothing)
        assert what in str(fault.value)
        assert advice in fault.value.advice
        assert "Doe" not in str(fault.value)


@pytest.mark.parametrize(
    "line",
    [b"\n", b"garbage\n", b"\xff\xfe\n", b"[]\n", b"7\n", b'{"verb": "echo"}\n', b'{"arguments": {}}\n', b""],
)
async def test_garbage_gets_an_answer_and_the_server_lives_on(home: Home, line: bytes) -> None:
    assert "not understood" in (await said_to(home, line))["fault"]
    assert (await ask_running_server(home, "echo", {}, nothing))[0]


async def test_a_line_without_end_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    await ControlServer(home, perform).close()
    monkeypatch.setattr(control, "_LINE_CEILING", 1000)
    server = ControlServer(home, perform)
    await server.start()
    assert "not understood" in (await said_to(home, b"x" * 5000 + b"\n"))["fault"]
    assert (await ask_running_server(home, "echo", {}, nothing))[0]
    await server.close()


async def test_no_server_and_a_socket_left_by_a_dead_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert await ask_running_server(home, "echo", {}, nothing) == (False, None)
    with socket.socket(socket.AF_UNIX) as dead, control._socket_path(home) as path:
        dead.bind(path)
    assert home.control.exists()
    assert await ask_running_server(home, "echo", {}, nothing) == (False, None)
    server = ControlServer(home, perform)
    await server.start()
    assert (await ask_running_server(home, "echo", {}, nothing))[0]
    await server.close()


async def test_a_server_that_dies_before_it_answers(tmp_path: Path) -> None:
    home = Home(tmp_path)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    with control._socket_path(home) as path:
        server = await asyncio.start_unix_server(hang_up, path)
    with pytest.raises(UserFault, match="went away"):
        await ask_running_server(home, "echo", {}, nothing)
    server.close()
    home.control.unlink()
