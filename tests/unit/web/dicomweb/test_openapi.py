"""The descriptions of the service are drawn from its routes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from starlette.requests import Request

from helpers.archive_world import ArchiveWorld
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.capabilities import capabilities
from leadglass.web.dicomweb.openapi import openapi
from leadglass.web.dicomweb.route import Parameter, Route
from leadglass.web.dicomweb.service import ROUTES


def _route(method: str, path: str, **more: object) -> Route:
    return Route(method, path, lambda *_: None, Action.VIEW, "What it is.", ("image/png",), **more)  # type: ignore[arg-type]


def test_every_route_of_the_service_is_described() -> None:
    document = openapi(ROUTES)
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, "/dicom-web" + route.path.replace(":path}", "}")) for route in ROUTES}
    json.dumps(document)


def test_uids_in_a_path_have_a_pattern_and_attributes_may_have_any_name() -> None:
    parameters = (Parameter("{attribute}", "any"), Parameter("limit", "how many", "integer"))
    [methods] = openapi([_route("GET", "/studies/{study}/x/{path:path}", parameters=parameters)])["paths"].values()
    study, path, attributes, limit = methods["get"]["parameters"]
    assert study["schema"]["maxLength"] == 64
    assert path["name"] == "path"
    assert attributes["schema"]["additionalProperties"] == {"type": "string"}
    assert (limit["in"], limit["schema"]) == ("query", {"type": "integer"})


def test_what_a_route_takes_is_its_body() -> None:
    document = openapi([_route("POST", "/studies", takes=("application/dicom",))])
    operation = document["paths"]["/dicom-web/studies"]["post"]
    assert list(operation["requestBody"]["content"]) == ["application/dicom"]
    assert {"200", "202", "409", "default"} <= set(operation["responses"])


async def test_the_capabilities_are_wadl_unless_json_is_asked_for(tmp_path: Path) -> None:
    world = ArchiveWorld(tmp_path)
    caller = await world.reader()
    root = capabilities([_route("GET", "/studies/{study}")], "https://archive.example/dicom-web")[0]

    async def said(accept: str) -> tuple[str, bytes]:
        scope = {"type": "http", "method": "GET", "headers": [(b"accept", accept.encode())], "query_string": b""}
        answer = await root.handler(Request(scope), world.archive, caller)
        return answer.headers["content-type"], bytes(answer.body)

    kind, wadl = await said("*/*")
    assert kind == "application/vnd.sun.wadl+xml"
    tree = ElementTree.fromstring(wadl)
    [resources] = tree
    assert resources.get("base") == "https://archive.example/dicom-web/"
    assert [one.get("path") for one in resources] == ["studies/{study}", "", "openapi.json"]
    kind, document = await said("application/json")
    assert "/dicom-web/studies/{study}" in json.loads(document)["paths"]
    await world.close()
