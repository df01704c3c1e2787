"""What of an answer's headers is kept: four of them, cleaned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["ELSEWHERE", "LOGIN_ELSEWHERE", "SECURED", "kept_headers"]

ELSEWHERE: Final = "https://elsewhere.invalid/"
LOGIN_ELSEWHERE: Final = "https://elsewhere.invalid/login"
SECURED: Final = "https://secured.invalid/"
"""What is kept of where a redirection leads, if not to a path of the same origin: to somebody else, to somebody else's
login, to TLS on the same port."""

_LOGIN: Final = re.compile(r"log[-_]?in|sign[-_]?in|auth|saml|sso|realms", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._/()+,;:=\"-]")
_MAX_HEADER: Final = 100
_SOMEBODYS: Final = re.compile(r"[0-9]{5}|/(?:patients?|persons?|users?|stud(?:y|ies)|series)/[^/]", re.IGNORECASE)
"""A path that may name a person or an examination: it is neither kept nor followed."""
_PATH: Final = re.compile(r"[A-Za-z0-9/._~-]{1,128}")
_ABSOLUTE: Final = re.compile(r"(https?://[^/?#]*)([^?#]*).*", re.IGNORECASE | re.DOTALL)
_PORT: Final = re.compile(r":([0-9]{1,5})$")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9]+/[a-z0-9.+-]{1,60}")


def kept_headers(headers: Mapping[str, str], path: str, origin: str) -> dict[str, str]:
    """Of the answer to `path` at `origin`; those that say nothing are left out. Kept again they stay as they are."""
    kept = {
        "server": _clean(headers.get("server", "")),
        "www-authenticate": _clean(headers.get("www-authenticate", "")),
        "content-type": _media_type(headers.get("content-type", "")),
        "location": _local(headers.get("location", ""), path, origin),
    }
    return {name: value for name, value in kept.items() if value}


def _clean(value: str) -> str:
    return _UNSAFE.sub("", value)[:_MAX_HEADER].strip()


def _media_type(value: str) -> str:
    media_type = value.split(";")[0].strip().lower()
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else ""


def _local(location: str, path: str, origin: str) -> str:
    """Where a redirection leads: a path of the same origin, without its query, or one of three words of ours."""
    if not location:
        return ""
    absolute = _ABSOLUTE.fullmatch(location)
    if absolute is not None:
        if absolute[1].lower() != origin.lower():
            return _outside(location, absolute[1].lower(), origin)
        target = absolute[2] or "/"
    else:
        target = re.split("[?#]", location)[0]
        if not target.startswith("/"):
            target = path.split("?")[0].rpartition("/")[0] + "/" + target
    if not _PATH.fullmatch(target) or target.startswith("//"):
        return ELSEWHERE
    if _SOMEBODYS.search(target):
        return LOGIN_ELSEWHERE if _LOGIN.search(target) else ELSEWHERE
    return target


def _outside(location: str, there: str, origin: str) -> str:
    if location in (LOGIN_ELSEWHERE, SECURED):
        return location
    if there.startswith("https:") and origin.startswith("http:") and _port_of(there, "443") == _port_of(origin, "80"):
        return SECURED
    return LOGIN_ELSEWHERE if _LOGIN.search(location) else ELSEWHERE


def _port_of(origin: str, usual: str) -> str:
    port = _PORT.search(origin)
    return port[1] if port else usual
