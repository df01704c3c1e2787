"""One-time codes (TOTP, RFC 6238): six digits, thirty seconds, one step of clock difference either way.

No secret is kept. It follows from a seed in the database and a key that is not there, so whoever reads the database
alone can make no code.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import pyotp

__all__ = ["STEP_SECONDS", "CodeSetup", "Codes"]

STEP_SECONDS: Final = 30
STEPS_APART: Final = 1
"""How far a telephone's clock may be from ours (RFC 6238 §5.2)."""
_SECRET_LENGTH: Final = 20
"""160 bits, as RFC 4226 §4 recommends."""
_SHAPE = re.compile(r"[0-9]{6}\Z")
_SPACES = re.compile(r"[\s\N{NO-BREAK SPACE}-]+")


@dataclass(frozen=True, slots=True)
class CodeSetup:
    """What a person puts into their telephone."""

    secret: str = field(repr=False)
    otpauth_uri: str = field(repr=False)


class Codes:
    """`key` is secret and lasting."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def setup(self, username: str, seed: bytes) -> CodeSetup:
        """The secret of this person's codes, as text and as the URI that a QR code shows."""
        totp = self._totp(username, seed)
        return CodeSetup(totp.secret, totp.provisioning_uri(name=username, issuer_name="Leadglass"))

    def step_of(self, username: str, seed: bytes, code: str, now: datetime) -> int | None:
        """The time step whose code this is, the one before now, now or the one after; None if of none of them."""
        digits = _SPACES.sub("", code[:32])
        shown = digits if _SHAPE.match(digits) else "------"
        totp = self._totp(username, seed)
        present = int(now.timestamp()) // STEP_SECONDS
        steps = range(present - STEPS_APART, present + STEPS_APART + 1)
        fitting = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), shown)]
        return max(fitting, default=None)

    def _totp(self, username: str, seed: bytes) -> pyotp.TOTP:
        label = b"leadglass one-time code\0" + username.encode("utf-8", "surrogatepass") + b"\0" + seed
        secret = hmac.digest(self._key, label, hashlib.sha256)[:_SECRET_LENGTH]
        return pyotp.TOTP(base64.b32encode(secret).decode(), interval=STEP_SECONDS)
