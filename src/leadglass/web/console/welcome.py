"""One-time links: an account is made, with a password and one-time codes or with a passkey."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Final

import msgspec
import segno
from minijinja import Markup
from starlette.responses import JSONResponse, RedirectResponse, Response

from leadglass.gate.people import Invitation, Session
from leadglass.terms.errors import UserFault
from leadglass.web.console import errors
from leadglass.web.console.sessions import remember, signed_in
from leadglass.web.console.visit import Visit
from leadglass.web.problems import problem

__all__ = ["account", "begin_passkey", "code", "finish_passkey", "welcome"]

_SPENT: Final = (
    "This link cannot be used: it works once, for a limited time, and may have been used already. "
    "If you have an account, sign in; otherwise ask your administrator for a new link."
)
_MOST_PASSWORD: Final = 256


async def welcome(visit: Visit) -> Response:
    """What the link offers."""
    invitation = await visit.parts.people.invitation(visit.path["link"])
    return _first_step(visit, invitation) if invitation is not None else _spent(visit)


async def code(visit: Visit) -> Response:
    """Name and password were chosen: the secret of the one-time codes, as a QR code and as text."""
    return await _second_step(visit, None)


async def account(visit: Visit) -> Response:
    """The first code was typed: the account is made, and whoever made it is signed in."""
    link, (username, password) = visit.path["link"], _chosen(visit)
    try:
        if not hmac.compare_digest(
            visit.form.get("check", "").encode("utf-8", "surrogatepass"), await _check(link, username, password)
        ):
            raise UserFault("the two passwords differ", "type the password that you chose a moment ago")
        given = await visit.parts.people.finish_code(
            link, username, password, visit.form.get("code", "")[:16], visit.address
        )
    except UserFault as fault:
        return await _second_step(visit, fault)
    return signed_in(given) if isinstance(given, Session) else RedirectResponse("/sign-in", 303)


async def begin_passkey(visit: Visit) -> Response:
    """What the browser needs to make a passkey."""
    link, (username, _) = visit.path["link"], _chosen(visit)
    options = await visit.parts.people.begin_passkey(link, username)
    return JSONResponse({"options": msgspec.json.decode(options)})


async def finish_passkey(visit: Visit) -> Response:
    """The passkey was made, and with it the account."""
    link, (username, _) = visit.path["link"], _chosen(visit)
    given = await visit.parts.people.finish_passkey(link, username, visit.form.get("response", ""), visit.address)
    if isinstance(given, Session):
        return remember(JSONResponse({"next": "/"}), given)
    return problem(503, "The account was made", "Signing in does not work right now.", "Try again in a minute.")


def _chosen(visit: Visit) -> tuple[str, str]:
    return visit.form.get("username", "").strip()[:64], visit.form.get("password", "")[:_MOST_PASSWORD]


async def _second_step(visit: Visit, fault: UserFault | None) -> Response:
    """The secret again, with what was wrong; or the first step, if name or password cannot be taken."""
    link, (username, password) = visit.path["link"], _chosen(visit)
    invitation = await visit.parts.people.invitation(link)
    if invitation is None:
        return _spent(visit)
    check = visit.form.get("check", "")[:64] or (await _check(link, username, password)).decode()
    try:
        setup = await visit.parts.people.begin_code(link, username, password)
    except UserFault as other:
        return _first_step(visit, invitation, fault or other, username)
    return visit.page(
        "welcome_code.html",
        400 if fault is not None else 200,
        path=_path(visit),
        username=username,
        check=check,
        complaint=_complaint(fault),
        qr=_qr(setup.otpauth_uri),
        secret=" ".join(setup.secret[at : at + 4] for at in range(0, len(setup.secret), 4)),
    )


def _first_step(visit: Visit, invitation: Invitation, fault: UserFault | None = None, username: str = "") -> Response:
    return visit.page(
        "welcome.html",
        400 if fault is not None else 200,
        path=_path(visit),
        username=invitation.username or username,
        complaint=_complaint(fault),
        invitation={
            "roles": ", ".join(sorted(role.value for role in invitation.roles)),
            "username": invitation.username,
            "is_new": invitation.purpose.value == "account",
            "until": f"{invitation.expires_at:%-d %b %Y, %H:%M} UTC",
        },
    )


def _spent(visit: Visit) -> Response:
    return errors.error(visit, 404, _SPENT)


def _path(visit: Visit) -> str:
    return f"/welcome/{visit.path['link']}"


def _complaint(fault: UserFault | None) -> dict[str, str] | None:
    if fault is None:
        return None
    what = str(fault)
    return {"title": what[:1].upper() + what[1:], "words": f"{fault.advice[:1].upper()}{fault.advice[1:]}."}


async def _check(link: str, username: str, password: str) -> bytes:
    """Carried by the second step's form, so that a password mistyped the second time is noticed. Nothing is kept on our
    side between the steps, and the form never holds the password itself."""
    salt = f"{link}\0{username}".encode("utf-8", "surrogatepass")
    secret = password.encode("utf-8", "surrogatepass")
    digest = await asyncio.to_thread(hashlib.scrypt, secret, salt=salt, n=2**14, r=8, p=1, dklen=24)
    return digest.hex().encode()


def _qr(uri: str) -> Markup:
    """The QR code as SVG. It needs no escaping: segno draws paths and repeats nothing of the text."""
    return Markup(segno.make(uri, error="m").svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None))
