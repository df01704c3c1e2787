"""What the caller may not see costs the same work as what does not exist: the same reads of the index and the journal.

`tests/interop/test_web_door_matrix.py` holds the answers themselves to that, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from helpers.archive_world import ArchiveWorld, data_set
from leadglass.archive.archive import Caller
from leadglass.terms.errors import LeadglassError
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Selector, SelectorKind
from leadglass.web.dicomweb.route import Route
from leadglass.web.dicomweb.service import ROUTES
from leadglass.web.problems import answer_to_fault

HIDDEN = {"study": "1.2.1", "series": "1.2.1.1", "instance": "1.2.1.1.1"}
ABSENT = {"study": "1.2.9", "series": "1.2.9.1", "instance": "1.2.9.1.1"}
ASKED = [route for route in ROUTES if route.action in (Action.VIEW, Action.QUERY, Action.DELETE)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    world = ArchiveWorld(tmp_path)
    scanner = await world.device()
    for study in ("1.2.1", "1.2.2"):
        await world.store(scanner, data_set(study=study, instance=f"{study}.1.1"))
    yield world
    await world.close()


async def _answer(world: ArchiveWorld, route: Route, caller: Caller, uids: Mapping[str, str]) -> tuple[int, int]:
    """Status, and how often the index was asked."""
    names = re.findall(r"\{(\w+)", route.path)
    query = f"StudyInstanceUID={uids['study']}" if not names and route.action is Action.QUERY else ""
    if any(parameter.name == "requestType" for parameter in route.parameters):
        query = f"requestType=WADO&studyUID={uids['study']}&seriesUID={uids['series']}&objectUID={uids['instance']}"
    app = Starlette()
    app.state.archive, app.state.public_url = world.archive, "https://localhost"
    scope = {
        "type": "http",
        "method": route.method,
        "path": "/dicom-web" + route.path,
        "root_path": "",
        "headers": [],
        "query_string": query.encode(),
        "path_params": {name: uids.get(name, "1" if name != "path" else "7FE00010") for name in names},
        "app": app,
        "server": ("localhost", 443),
        "scheme": "https",
    }
    before = world.index.reads
    try:
        answer: Response = await route.handler(Request(scope), world.archive, caller)
    except LeadglassError as fault:
        answer = answer_to_fault(fault)
    return answer.status_code, world.index.reads - before


@pytest.mark.parametrize("route", ASKED, ids=lambda route: f"{route.method} {route.path}")
async def test_hidden_costs_what_absent_costs(route: Route, world: ArchiveWorld) -> None:
    other = Selector(SelectorKind.STUDY, "1.2.2")
    caller = await world.reader(Action.VIEW, Action.QUERY, Action.DOWNLOAD, Action.DELETE, selector=other)
    await _answer(world, route, caller, ABSENT)  # what is kept of the caller is kept from here on
    hidden = await _answer(world, route, caller, HIDDEN)
    absent = await _answer(world, route, caller, ABSENT)
    assert hidden == absent
    assert hidden[0] in {200, 204, 404, 501}


async def test_and_what_is_granted_is_found(world: ArchiveWorld) -> None:
    """... or the test above would hold for an archive that finds nothing."""
    caller = await world.reader(Action.VIEW, selector=Selector(SelectorKind.STUDY, "1.2.1"))
    [whole] = [route for route in ASKED if (route.method, route.path) == ("GET", "/studies/{study}")]
    assert (await _answer(world, whole, caller, HIDDEN))[0] == 200
    assert (await _answer(world, whole, caller, ABSENT))[0] == 404
