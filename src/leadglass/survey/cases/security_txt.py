"""Asking a system itself whom to write to: /.well-known/security.txt (RFC 9116)."""

from __future__ import annotations

import re
from typing import Final

from leadglass.survey.probe import Caller
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_talk import HttpTalk
from leadglass.terms.ceilings import KIB

__all__ = ["contacts_in", "security_txt_talk"]

_CONTACT: Final = re.compile(rb"^contact:[^\r\n]{1,500}(?=\r?$)", re.IGNORECASE | re.MULTILINE)


def security_txt_talk(host: str, caller: Caller) -> HttpTalk:
    """Asks for the file; only its contact lines are kept."""
    return HttpTalk([Ask("/.well-known/security.txt", _contact_lines, limit=8 * KIB)], host, caller.user_agent)


def contacts_in(talk: HttpTalk) -> str:
    """The contact lines that came; "" for anything but a file that was found."""
    return next((answer.body.decode("utf-8", "replace") for answer in talk.answers if answer.status == 200), "")


def _contact_lines(body: bytes) -> bytes:
    return b"\n".join(_CONTACT.findall(body))
