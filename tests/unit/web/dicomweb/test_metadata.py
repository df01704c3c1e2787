"""Metadata and bulk data as resources: addresses lead back to where the caller is; who may not learns nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from helpers.archive_world import ArchiveWorld, data_set
from leadglass.archive.archive import Caller
from leadglass.terms.principal import Action
from leadglass.web.dicomweb import bulk_data, metadata
from leadglass.web.problems import NotAcceptable

UIDS = {"study": "1.2.1", "series": "1.2.1.1", "instance": "1.2.1.1.1"}
HERE = "localhost:8443"
STUDY, SERIES, INSTANCE = metadata.ROUTES


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    world = ArchiveWorld(tmp_path)
    await world.store(await world.device(), data_set())
    yield world
    await world.close()


def request(
    levels: int = 3, host: str = "localhost:8443", public: str = "https://localhost:8443", **more: str
) -> Request:
    headers = [(b"host", host.encode())] + [
        (name.encode(), value.encode()) for name, value in more.items() if name != "path"
    ]
    parameters = dict(list(UIDS.items())[:levels]) | ({"path": more["path"]} if "path" in more else {})
    app = SimpleNamespace(state=SimpleNamespace(public_url=public))
    return Request(
        {
            "type": "http",
            "scheme": "https",
            "server": ("127.0.0.1", 8443),
            "path": "/dicom-web/studies",
            "root_path": "/dicom-web",
            "query_string": b"",
            "headers": headers,
            "path_params": parameters,
            "app": app,
        }
    )


@pytest.mark.parametrize(
    ("host", "public", "expected"),
    [
        ("localhost:8443", "https://localhost:8443", "https://localhost:8443"),
        ("localhost", "https://localhost:8443", "https://localhost:8443"),
        ("127.0.0.1:8443", "https://localhost:8443", "https://127.0.0.1:8443"),
        ("pacs.example", "https://pacs.example", "https://pacs.example"),
        ("[::1]:8443", "https://localhost:8443", "https://[::1]:8443"),
    ],
)
async def test_addresses_lead_back_to_where_the_caller_is(
    world: ArchiveWorld, host: str, public: str, expected: str
) -> None:
    ann = await world.reader(Action.VIEW)
    answer = await STUDY.handler(request(1, host, public), world.archive, ann)
    [one] = json.loads(bytes(answer.body))
    assert one["7FE00010"]["BulkDataURI"].startswith(f"{expected}/dicom-web/studies/1.2.1/series/1.2.1.1/instances/")


@pytest.mark.parametrize(("route", "levels"), [(STUDY, 1), (SERIES, 2), (INSTANCE, 3)])
async def test_each_level(world: ArchiveWorld, route: metadata.Route, levels: int) -> None:
    ann = await world.reader(Action.VIEW)
    answer = await route.handler(request(levels), world.archive, ann)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/dicom+json")
    assert [one["00080018"]["Value"] for one in json.loads(bytes(answer.body))] == [["1.2.1.1.1"]]


async def status(world: ArchiveWorld, caller: Caller, **more: str) -> int:
    answers: list[Response] = [await INSTANCE.handler(request(**more), world.archive, caller)]
    answers.append(await bulk_data.ROUTES[0].handler(request(path="7FE00010", **more), world.archive, caller))
    [told] = {answer.status_code for answer in answers}
    return told


async def test_who_may_not_and_who_may_not_here(world: ArchiveWorld) -> None:
    assert await status(world, await world.device("other")) == 403
    assert await status(world, await world.reader()) == 404


async def test_nothing_but_json_and_octets(world: ArchiveWorld) -> None:
    ann = await world.reader(Action.VIEW)
    with pytest.raises(NotAcceptable, match=r"dicom\+json"):
        await STUDY.handler(request(1, accept="application/dicom+xml"), world.archive, ann)
    with pytest.raises(NotAcceptable, match="octet-stream"):
        await bulk_data.ROUTES[0].handler(request(path="7FE00010", accept="image/png"), world.archive, ann)


async def test_a_long_answer_is_streamed_and_is_the_same(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await world.reader(Action.VIEW)
    at_once = await STUDY.handler(request(1), world.archive, ann)
    monkeypatch.setattr(metadata, "_AT_ONCE", 10)
    streamed = await STUDY.handler(request(1), world.archive, ann)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await streamed({"type": "http"}, asyncio.Event().wait, send)  # type: ignore[arg-type]
    assert b"".join(message.get("body", b"") for message in sent) == at_once.body
    headers = dict(sent[0]["headers"])
    assert (headers[b"content-type"], headers[b"etag"]) == (b"application/dicom+json", at_once.headers["etag"].encode())


@pytest.mark.parametrize("at_once", [10, 1 << 20])
async def test_who_takes_gzip_gets_the_same_in_less(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    ann = await world.reader(Action.VIEW)
    plain = await STUDY.handler(request(1), world.archive, ann)
    monkeypatch.setattr(metadata, "_AT_ONCE", at_once)
    packed = await STUDY.handler(request(1, **{"accept-encoding": "gzip"}), world.archive, ann)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await packed({"type": "http"}, asyncio.Event().wait, send)  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent)
    assert gzip.decompress(body) == plain.body
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert headers["content-encoding"] == "gzip"
    assert headers["etag"] != plain.headers["etag"]
    again = request(1, **{"accept-encoding": "gzip", "if-none-match": headers["etag"]})
    assert (await STUDY.handler(again, world.archive, ann)).status_code == 304
    unlike = request(1, **{"if-none-match": headers["etag"]})
    assert (await STUDY.handler(unlike, world.archive, ann)).status_code == 200
