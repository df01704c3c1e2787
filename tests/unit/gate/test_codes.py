"""One-time codes: RFC 6238's vectors, and secrets that are nowhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pyotp
import pytest

from helpers.callers import NOW
from leadglass.gate.codes import STEP_SECONDS, Codes

KEY, SEED = b"k" * 32, b"s" * 32


def test_the_secret_follows_from_key_name_and_seed() -> None:
    secret = Codes(KEY).setup("ann", SEED).secret
    assert Codes(KEY).setup("ann", SEED).secret == secret
    others = [Codes(b"K" * 32).setup("ann", SEED), Codes(KEY).setup("bob", SEED), Codes(KEY).setup("ann", b"S" * 32)]
    assert len({secret, *(setup.secret for setup in others)}) == 4
    assert len(secret) == 32  # 160 bits


def test_what_the_telephone_reads() -> None:
    setup = Codes(KEY).setup("ann@ward 3", SEED)
    parsed = pyotp.parse_uri(setup.otpauth_uri)
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.name, parsed.issuer) == (setup.secret, "ann@ward 3", "Leadglass")
    assert (parsed.digits, parsed.interval) == (6, STEP_SECONDS)
    assert setup.secret not in repr(setup)


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_the_published_codes(seconds: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6238 appendix B (SHA-1, last six digits)."""
    published = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    monkeypatch.setattr(Codes, "_totp", lambda *_: published)
    moment = datetime.fromtimestamp(seconds, UTC)
    assert Codes(KEY).step_of("ann", SEED, code, moment) == seconds // STEP_SECONDS


def test_the_step_says_which_code_it_was() -> None:
    codes = Codes(KEY)
    totp, now = pyotp.TOTP(codes.setup("ann", SEED).secret), int(NOW.timestamp()) // STEP_SECONDS
    for step in (now - 1, now, now + 1):
        assert codes.step_of("ann", SEED, totp.generate_otp(step), NOW) == step
    for step in (now - 2, now + 2):
        assert codes.step_of("ann", SEED, totp.generate_otp(step), NOW) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "1" * 10_000, "\ud800"])
def test_what_is_no_code(code: str) -> None:
    assert Codes(KEY).step_of("ann", SEED, code, NOW) is None
