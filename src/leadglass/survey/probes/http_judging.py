"""What an answer's status says of whether strangers are let in."""

from __future__ import annotations

from typing import Final

from leadglass.survey.observation import Act, Try, Verdict
from leadglass.survey.probes.http_asking import Answer

__all__ = ["asked", "is_refusal", "is_trouble"]

_TROUBLE: Final = frozenset({429, 502, 503, 504})
_REFUSALS: Final = frozenset({401, 403, 407})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SIGN_IN: Final = ("login", "log-in", "log_in", "signin", "sign-in", "sign_in", "auth", "saml", "sso")


def is_refusal(answer: Answer) -> bool:
    """Whether it says: not without a name (RFC 9110 §15.5.2, §15.5.4), or sends the caller off to a login page."""
    if answer.status in _REDIRECTS:
        location = answer.headers.get("location", "").lower()
        return any(word in location for word in _SIGN_IN)
    return answer.status in _REFUSALS


def is_trouble(answer: Answer) -> bool:
    """Whether it says: not now (RFC 9110 §15.6.3 to §15.6.5, RFC 6585 §4), which is neither yes nor no."""
    return answer.status in _TROUBLE


def asked(act: Act, how: str, answer: Answer, *, is_open: bool) -> Try:
    """A try, judged by its answer: open, refused, or neither."""
    verdict = Verdict.OPEN if is_open else Verdict.CLOSED if is_refusal(answer) else Verdict.UNCLEAR
    return Try(act=act, how=how, verdict=verdict, code=str(answer.status) if answer.status else "no answer")
