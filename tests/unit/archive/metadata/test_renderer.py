"""The process seen from the archive: whatever an object does to it, the next one is answered."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpers.archive_world import EXPLICIT, data_set
from helpers.samples import all_samples
from leadglass.archive.metadata.renderer import HeaderUnreadable, Question, Renderer, RendererLimits
from leadglass.archive.metadata.wire import Outcome, Verb
from leadglass.dicom.json import to_json


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    one = Renderer(RendererLimits(seconds=20))
    yield one
    await one.close()


def question(content: bytes, syntax: str = EXPLICIT) -> Question:
    return Question(Verb.RENDER, syntax, content, len(content), "/")


async def test_it_renders_every_sample_with_all_that_it_gave_up(renderer: Renderer) -> None:
    """Codecs and dictionaries were loaded before files were given up."""
    wrong = []
    for one in all_samples():
        content, syntax = one.data_set_bytes(), one.transfer_syntax()
        outcome, written = await renderer.ask(question(content, syntax))
        expected = to_json(content, syntax, bulk_data_uri=lambda bulk: f"/{bulk.path}")
        if (outcome, written.replace(b"\x01", b"")) != (Outcome.DONE, expected):
            wrong.append(one.name)
    assert wrong == []


async def test_it_has_the_lowest_priority_and_next_to_nothing_else(renderer: Renderer) -> None:
    await renderer.ask(question(data_set()))
    pid = renderer.pid
    assert pid is not None
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    about = Path(f"/proc/{pid}")
    limits = await asyncio.to_thread((about / "limits").read_text)
    none = {line[:25].strip() for line in limits.splitlines() if line[26:47].split()[:1] == ["0"]}
    assert {"Max core file size", "Max file size", "Max processes", "Max open files"} <= none
    variables = await asyncio.to_thread((about / "environ").read_text)
    taken_along = {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", ""}
    assert {one.partition("=")[0] for one in variables.split("\0")} <= taken_along


async def test_a_refusal_tells_the_kind_only_and_the_process_lives(renderer: Renderer) -> None:
    await renderer.ask(question(data_set()))
    pid = renderer.pid
    with pytest.raises(HeaderUnreadable) as caught:
        await renderer.ask(question(b"\x08\x00\x40\x11SQ\0\0\x10\0\0\0" + b"Doe^Jane" * 2))
    assert "Doe" not in str(caught.value)
    await renderer.ask(question(data_set()))
    assert renderer.pid == pid


async def test_killed_it_is_started_anew(renderer: Renderer) -> None:
    await renderer.ask(question(data_set()))
    pid = renderer.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(HeaderUnreadable):
        await renderer.ask(question(data_set()))
    assert (await renderer.ask(question(data_set())))[0] is Outcome.DONE
    assert renderer.pid != pid


async def test_one_that_takes_too_long_is_ended() -> None:
    renderer = Renderer(RendererLimits(seconds=0.2))
    await renderer.ask(question(data_set()))
    assert renderer.pid is not None
    os.kill(renderer.pid, signal.SIGSTOP)
    with pytest.raises(HeaderUnreadable, match="longer than"):
        await renderer.ask(question(data_set()))
    assert renderer.pid is None
    await renderer.close()


async def test_somebody_who_gives_up_leaves_no_answer_for_the_next(renderer: Renderer) -> None:
    await renderer.ask(question(data_set()))
    assert renderer.pid is not None
    os.kill(renderer.pid, signal.SIGSTOP)
    asking = asyncio.create_task(renderer.ask(question(data_set(PatientName="Roe^Rob"))))
    await asyncio.sleep(0.05)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    _, written = await renderer.ask(question(data_set()))
    assert b"Doe^Jane" in written
