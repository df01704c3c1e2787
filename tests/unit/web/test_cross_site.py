"""What another site's page makes a browser send changes nothing."""

from __future__ import annotations

import pytest

from helpers.asgi import ask, echo
from leadglass.web.cross_site import CrossSite

APP = CrossSite(echo, except_below="/dicom-web")
FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://localhost:8443"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:8443"},
    {"Origin": "https://localhost"},
    {"Origin": "null"},
)
OURS: tuple[dict[str, str], ...] = (
    {},
    {"Origin": "https://localhost:8443"},
    {"Origin": "HTTPS://LOCALHOST:8443", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
)


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "BREW"])
async def test_what_changes_something_comes_from_our_own_pages(method: str, headers: dict[str, str]) -> None:
    assert (await ask(APP, method, "/sign-out", headers)).status_code == 403


@pytest.mark.parametrize("headers", OURS)
async def test_our_own_pages_and_programs_are_let_through(headers: dict[str, str]) -> None:
    assert (await ask(APP, "POST", "/sign-out", headers)).status_code == 200


@pytest.mark.parametrize("headers", FOREIGN)
async def test_reading_is_let_through_and_dicomweb_has_no_cookies(headers: dict[str, str]) -> None:
    assert (await ask(APP, "GET", "/", headers)).status_code == 200
    assert (await ask(APP, "POST", "/dicom-web/studies", headers)).status_code == 200
    assert (await ask(APP, "POST", "/dicom-web-not", headers)).status_code == 403
