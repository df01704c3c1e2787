"""schemathesis reads the OpenAPI document and asks whatever it allows, and what it does not: no failure of ours, no
status and no media type that the document does not name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import ALL_ACTIONS, token
from helpers.marked import MarkedStudy
from helpers.web_client import web
from helpers.web_routes import dicom_web_routes, request_for
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.route import Route
from leadglass.web.dicomweb.service import ROOT

STUDY: Final = MarkedStudy("asked about")
UIDS: Final = {
    "study": STUDY.study_instance_uid,
    "series": STUDY.series_instance_uid,
    "instance": STUDY.images[0].sop_instance_uid,
}
EXAMPLES: Final = 20


@schemathesis.serializer("multipart/related")
def _as_it_is(context: Any, value: Any) -> bytes:
    """A body of the right name and nothing else about it right."""
    del context
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("schemathesis") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def bearer(server: ArchiveServer) -> str:
    text = token(server, *ALL_ACTIONS)
    stores = next(route for route in dicom_web_routes() if route.action is Action.STORE and route.path == "/studies")
    asked = request_for(stores, STUDY)
    with web(server, token=text) as client:
        stored = client.post(asked.target, headers=dict(asked.headers), content=asked.body)
        assert stored.status_code == 200, stored.text
    return text


@pytest.fixture(scope="module")
def api(server: ArchiveServer, bearer: str) -> Any:
    with web(server, token=bearer) as client:
        return schemathesis.openapi.from_dict(client.get("/dicom-web/openapi.json").json())


def test_every_route_is_described(api: Any) -> None:
    described = {(operation.ok().method.upper(), operation.ok().path) for operation in api.get_all_operations()}
    assert described == {(route.method, _path(route)) for route in dicom_web_routes()}


@pytest.mark.parametrize("route", dicom_web_routes(), ids=lambda route: f"{route.method} {route.path}")
def test_the_door_does_what_its_description_says(route: Route, api: Any, server: ArchiveServer, bearer: str) -> None:
    operation = api[_path(route)][route.method]

    @given(case=operation.as_strategy(), exists=booleans())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any, exists: bool) -> None:
        if exists:
            case.path_parameters |= {name: uid for name, uid in UIDS.items() if name in case.path_parameters}
        answer = case.call(
            base_url=f"https://localhost:{server.https}",
            headers={"Authorization": f"Bearer {bearer}"},
            verify=str(server.ca),
        )
        assert answer.status_code < 500 or answer.status_code == 501, answer.text
        case.validate_response(answer, checks=[status_code_conformance, content_type_conformance])

    ask()


def _path(route: Route) -> str:
    return ROOT + re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
