"""Pages from templates. Everything put into one is escaped: names of patients are hostile input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from minijinja import Environment
from starlette.responses import HTMLResponse, Response

from leadglass.terms.principal import Principal, Role

__all__ = ["ASSETS", "Section", "Templates", "asset_version"]

_HERE: Final = Path(__file__).parent
ASSETS: Final = _HERE / "assets"
_ROLES: Final = {
    Role.ADMINISTRATOR: "administrator",
    Role.CLINICIAN: "clinician",
    Role.AUDITOR: "auditor",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A place in the navigation, for those with one of `roles`."""

    path: str
    words: str
    roles: frozenset[Role]


class _Somebody(Protocol):
    @property
    def principal(self) -> Principal: ...
    @property
    def roles(self) -> frozenset[Role]: ...
    @property
    def csrf_token(self) -> str: ...


class Templates:
    """Every template, read once. A value that a template needs and is not given is an error, never an empty place."""

    def __init__(self, sections: Sequence[Section], idle_seconds: int) -> None:
        sources = {path.name: path.read_text("utf-8") for path in (_HERE / "templates").glob("*.html")}
        self._environment = Environment(
            loader=sources.get,
            auto_escape_callback=_always,
            undefined_behavior="strict",
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.add_global("asset", _address)
        self._sections = sections
        self._idle_seconds = idle_seconds

    def page(self, template: str, status: int, *, visitor: _Somebody | None, **values: object) -> Response:
        """The page as an answer."""
        shared: dict[str, object] = {"here": "", "navigation": (), "visitor": None, "idle_seconds": self._idle_seconds}
        if visitor is not None:
            shared |= self._for(visitor)
        return HTMLResponse(self._environment.render_template(template, **(shared | values)), status)

    def _for(self, visitor: _Somebody) -> Mapping[str, object]:
        principal = visitor.principal
        roles = ", ".join(words for role, words in _ROLES.items() if role in principal.roles)
        return {
            "visitor": {"name": principal.name, "roles": roles, "csrf": visitor.csrf_token},
            "navigation": [section for section in self._sections if section.roles & visitor.roles],
        }


def _always(name: str) -> str:
    """Escaping is not a matter of a template's name."""
    del name
    return "html"


@cache
def asset_version() -> str:
    """Changes when any asset does, so that browsers may keep them for as long as they like."""
    digest = hashlib.sha256()
    for path in sorted(ASSETS.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _address(name: str) -> str:
    return f"/assets/{asset_version()}/{name}"
