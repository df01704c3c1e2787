"""People at the console without a browser: they follow a link, keep the cookie, and send forms as a page would."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pyotp

from helpers.archive_server import ArchiveServer
from helpers.clinic import order
from helpers.web_client import web

__all__ = ["ConsoleUser"]

_PASSWORD = "glass between us and the rays"


class ConsoleUser:
    """Somebody signed in to the console."""

    def __init__(self, server: ArchiveServer, username: str, role: str) -> None:
        self.username = username
        self._client = web(server, headers={"Accept": "text/html", "Origin": f"https://localhost:{server.https}"})
        link = str(order(server, "user invite", name=username, roles=[role])["url"])
        path = link[link.index("/welcome/") :]
        chosen = {"username": username, "password": _PASSWORD}
        second = self._client.post(f"{path}/code", data=chosen)
        secret = re.sub(r"\s", "", _only(r'id="secret">([^<]+)<', second.text))
        check = _only(r'name="check" value="([^"]+)"', second.text)
        code = str(pyotp.TOTP(secret).now())
        made = self._client.post(f"{path}/account", data={**chosen, "check": check, "code": code})
        assert made.status_code == 303, made.text
        self.csrf = _only(r'name="csrf" value="([^"]+)"', self._client.get("/").text)

    @property
    def cookie(self) -> str:
        return str(self._client.cookies["__Host-leadglass"])

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self._client.get(path, **options)

    def post(self, path: str, **fields: str) -> httpx2.Response:
        """A form with the session's token."""
        return self._client.post(path, data={"csrf": self.csrf, **fields})

    def post_bare(self, path: str, *, headers: dict[str, str] | None = None, **fields: str) -> httpx2.Response:
        """A form with just these fields."""
        return self._client.post(path, data=fields, headers=headers or {})

    def close(self) -> None:
        self._client.close()


def _only(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]
