"""Everything the console can be asked for: one line each. Who may see what behind a page is for the gate to say."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from leadglass.terms.principal import Role
from leadglass.web.console import devices, ledger, signing_in, studies, study, viewer, welcome
from leadglass.web.console.assets import asset
from leadglass.web.console.route import ANYBODY, EVERYBODY, LEDGER_READERS, SEES_STUDIES, ConsoleRoute
from leadglass.web.console.templates import Section
from leadglass.web.console.visit import Visit

__all__ = ["CONSOLE_ROUTES", "SECTIONS"]

_SERIES: Final = "/studies/{study}/series/{series}"
_ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})


async def start(visit: Visit) -> Response:
    """The first page of whoever is signed in: studies for those who see them, else the ledger."""
    if visit.visitor.roles & SEES_STUDIES:
        return await studies.studies(visit)
    return await ledger.ledger(visit)


CONSOLE_ROUTES: Final = (
    ConsoleRoute("GET", "/assets/{version}/{name:path}", asset, ANYBODY, "A style sheet, script, font or the mark."),
    ConsoleRoute("GET", "/sign-in", signing_in.sign_in_page, ANYBODY, "The sign-in form."),
    ConsoleRoute("POST", "/sign-in", signing_in.sign_in, ANYBODY, "Signs in by password and one-time code."),
    ConsoleRoute("GET", "/sign-in/ended", signing_in.ended, ANYBODY, "The sign-in form, after a session ended."),
    ConsoleRoute("POST", "/sign-in/passkey/begin", signing_in.begin_passkey, ANYBODY, "A challenge for a passkey."),
    ConsoleRoute("POST", "/sign-in/passkey/finish", signing_in.finish_passkey, ANYBODY, "Signs in by passkey."),
    ConsoleRoute("GET", "/welcome/{link}", welcome.welcome, ANYBODY, "What a one-time link offers."),
    ConsoleRoute("POST", "/welcome/{link}/code", welcome.code, ANYBODY, "Shows the secret of one-time codes."),
    ConsoleRoute("POST", "/welcome/{link}/account", welcome.account, ANYBODY, "Makes an account with codes."),
    ConsoleRoute("POST", "/welcome/{link}/passkey/begin", welcome.begin_passkey, ANYBODY, "Options for a new passkey."),
    ConsoleRoute(
        "POST", "/welcome/{link}/passkey/finish", welcome.finish_passkey, ANYBODY, "Makes it, and an account."
    ),
    ConsoleRoute("POST", "/sign-out", signing_in.sign_out, EVERYBODY, "Ends the session."),
    ConsoleRoute("GET", "/session", signing_in.session, EVERYBODY, "Whether the session still counts."),
    ConsoleRoute("GET", "/", start, EVERYBODY, "Studies, or the ledger for those who see no studies."),
    ConsoleRoute("POST", "/studies", studies.search, SEES_STUDIES, "Searches for studies."),
    ConsoleRoute("GET", "/studies/{study}", study.study, SEES_STUDIES, "One study, and who has looked at it."),
    ConsoleRoute("GET", _SERIES, viewer.viewer, SEES_STUDIES, "The viewer, at one series."),
    ConsoleRoute("GET", f"{_SERIES}/frames", viewer.frames, SEES_STUDIES, "The frames of a series, as JSON."),
    ConsoleRoute("GET", f"{_SERIES}/thumbnail", viewer.small_picture, SEES_STUDIES, "A small picture of a series."),
    ConsoleRoute(
        "GET", f"{_SERIES}/instances/{{instance}}/frames/{{frame}}", viewer.frame, SEES_STUDIES, "One frame as JPEG."
    ),
    ConsoleRoute(
        "GET", f"{_SERIES}/instances/{{instance}}/window", viewer.window, SEES_STUDIES, "The window of an image."
    ),
    ConsoleRoute("GET", "/ledger", ledger.ledger, LEDGER_READERS, "The newest entries of the ledger."),
    ConsoleRoute("POST", "/ledger", ledger.filtered, LEDGER_READERS, "Entries of the ledger that match."),
    ConsoleRoute("GET", "/devices", devices.devices, _ADMINISTRATORS, "What is enrolled."),
)

SECTIONS: Final = (
    Section("/", "Studies", SEES_STUDIES),
    Section("/ledger", "Ledger", LEDGER_READERS),
    Section("/devices", "Devices", _ADMINISTRATORS),
)
