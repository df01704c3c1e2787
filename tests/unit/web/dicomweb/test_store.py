"""STOW-RS on memory doubles: what is refused before the body is read, and what a broken body is answered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from helpers.archive_world import ArchiveWorld, data_set
from helpers.samples import part10
from helpers.stow import BOUNDARY, STOW, failed, form, other_failures, stored
from leadglass.archive.archive import Caller
from leadglass.store.index.instances import known_instances
from leadglass.terms.errors import LedgerFault, OutOfSpace, PeerViolation, StorageFault
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.store import ROUTES
from leadglass.web.problems import NotAcceptable, UnsupportedMediaType

Portions = list[bytes | None]
"""What `receive` gives; None: the client went away."""
FIRST, SECOND = part10(data_set()), part10(data_set(instance="1.2.1.1.2"))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    world = ArchiveWorld(tmp_path)
    yield world
    await world.close()


async def ask(
    world: ArchiveWorld,
    caller: Caller,
    body: bytes | Portions,
    study: str = "",
    heard: Callable[[], None] = lambda: None,
    **headers: str,
) -> Response:
    """The handler's answer. `heard` is called whenever some of the body is asked for."""
    portions: Portions = [body] if isinstance(body, bytes) else list(body)
    fields = {**STOW, **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def receive() -> dict[str, Any]:
        heard()
        if not portions:
            return {"type": "http.request", "body": b"", "more_body": False}
        portion = portions.pop(0)
        if portion is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": portion, "more_body": True}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/studies",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items() if value],
        "path_params": {"study": study} if study else {},
        "app": SimpleNamespace(state=SimpleNamespace(public_url="https://localhost")),
    }
    route = ROUTES[1 if study else 0]
    return await route.handler(Request(scope, receive), world.archive, caller)


async def known(world: ArchiveWorld) -> set[str]:
    return set(await world.index.read(known_instances, ["1.2.1.1.1", "1.2.1.1.2"]))


def read(response: Response) -> Any:
    return json.loads(bytes(response.body))


async def test_all_stored(world: ArchiveWorld) -> None:
    response = await ask(world, await world.device(), form([FIRST, SECOND]))
    assert response.status_code == 200
    assert stored(read(response)) == ["1.2.1.1.1", "1.2.1.1.2"]
    assert read(response)["00081190"]["Value"] == ["https://localhost/dicom-web/studies/1.2.1"]
    again = await ask(world, await world.device("other"), form([FIRST, SECOND]))
    assert (again.status_code, stored(read(again))) == (200, ["1.2.1.1.1", "1.2.1.1.2"])


async def test_the_answer_is_the_same_byte_by_byte(world: ArchiveWorld) -> None:
    body = form([FIRST, b"no file", SECOND])
    response = await ask(world, await world.device(), [body[at : at + 1] for at in range(len(body))])
    assert response.status_code == 202
    assert stored(read(response)) == ["1.2.1.1.1", "1.2.1.1.2"]
    assert [reason for reason, _ in other_failures(read(response))] == [0xC000]


async def test_parts_that_are_no_instance_fail_alone(world: ArchiveWorld) -> None:
    heads = (
        "Content-Type: text/plain",
        "Content-Type: multipart/mixed; boundary=x",
        "Content-Type: nonsense",
        "Content-Type: application/dicom\r\nContent-Transfer-Encoding: base64",
        "Content-Type: application/dicom\r\nContent-Encoding: gzip",
        "X-No-Type: application/dicom",
    )
    parts = [f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + FIRST + b"\r\n" for head in heads]
    response = await ask(world, await world.device(), b"".join(parts) + f"--{BOUNDARY}--".encode())
    assert response.status_code == 202
    assert stored(read(response)) == ["1.2.1.1.1"]  # the last one
    assert len(other_failures(read(response))) == 5


async def test_another_study_than_the_address_names(world: ArchiveWorld) -> None:
    response = await ask(world, await world.device(), form([FIRST]), study="1.2.9")
    assert response.status_code == 409
    [(reason, words)] = failed(read(response)).values()
    assert (reason, "Study Instance UID" in words) == (0xA900, True)
    assert await known(world) == set()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (form([FIRST, SECOND])[:-8], "closing delimiter"),
        (form([FIRST]).replace(b"--\r\n", b"\r\nnonsense\r\n\r\n"), "not a field"),
        (b"", "no line that is the boundary"),
        (form([]), "no part"),
        ([form([FIRST, SECOND])[:-200], None], "ended before its end"),
    ],
)
async def test_a_broken_body_acknowledges_nothing_and_what_was_whole_stays(
    world: ArchiveWorld, body: bytes | Portions, words: str
) -> None:
    response = await ask(world, await world.device(), body)
    assert response.status_code == 400
    assert words in read(response)["detail"]
    whole = form([FIRST]).rpartition(b"\r\n--")[0]
    begins = body if isinstance(body, bytes) else body[0] or b""
    assert await known(world) == ({"1.2.1.1.1"} if begins.startswith(whole + b"\r\n--") else set())


async def test_too_much_of_a_ceiling(world: ArchiveWorld) -> None:
    endless = f"--{BOUNDARY}\r\nContent-Type: ".encode() + b"x" * 20_000
    assert (await ask(world, await world.device(), endless)).status_code == 413


def not_read() -> None:
    raise AssertionError("the body was asked for")


async def test_who_may_not_store_at_all_is_told_before_the_body(world: ArchiveWorld) -> None:
    caller = await world.device(actions=[Action.QUERY])
    response = await ask(world, caller, form([FIRST]), heard=not_read)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "application/dicom"},
        {"content_type": ""},
        {"content_type": "application/dicom+json"},
        {"content_type": f'multipart/related; type="application/dicom+json"; boundary={BOUNDARY}'},
        {"content_type": f"multipart/form-data; boundary={BOUNDARY}"},
        {"content_encoding": "gzip"},
    ],
)
async def test_other_bodies_are_not_taken(world: ArchiveWorld, headers: dict[str, str]) -> None:
    with pytest.raises(UnsupportedMediaType):
        await ask(world, await world.device(), form([FIRST]), heard=not_read, **headers)


async def test_what_cannot_be_answered_is_not_stored(world: ArchiveWorld) -> None:
    caller = await world.device()
    with pytest.raises(NotAcceptable):
        await ask(world, caller, form([FIRST]), heard=not_read, accept="application/dicom+xml")
    with pytest.raises(PeerViolation):
        await ask(world, caller, b"", heard=not_read, content_type="multipart/related; boundary=")


@pytest.mark.parametrize("kind", [OutOfSpace, StorageFault, LedgerFault])
async def test_our_own_troubles_are_ours_if_nothing_was_stored(world: ArchiveWorld, kind: type[Exception]) -> None:
    world.journal.fault = kind("on cue")
    with pytest.raises(kind):
        await ask(world, await world.device(), form([FIRST]))


async def test_our_own_troubles_with_one_instance_are_its_reason(world: ArchiveWorld) -> None:
    caller = await world.device()
    await ask(world, caller, form([FIRST]))
    world.journal.fault = OutOfSpace("on cue")
    response = await ask(world, caller, form([FIRST, SECOND]))
    assert response.status_code == 202
    assert [reason for reason, _ in failed(read(response)).values()] == [0xA700]
