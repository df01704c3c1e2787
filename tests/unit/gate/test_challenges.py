"""Challenges: ours, for one purpose, for five minutes."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from helpers.callers import NOW
from leadglass.gate.challenges import CHALLENGE_LIFETIME, Challenges

CHALLENGES = Challenges(b"k" * 32)


def test_it_is_known_again_for_five_minutes() -> None:
    challenge = CHALLENGES.issue("sign-in", NOW)
    assert CHALLENGES.issued_at(challenge, "sign-in", NOW) == NOW
    assert CHALLENGES.issued_at(challenge, "sign-in", NOW + CHALLENGE_LIFETIME - timedelta(microseconds=1)) == NOW
    assert CHALLENGES.issued_at(challenge, "sign-in", NOW + CHALLENGE_LIFETIME) is None
    assert CHALLENGES.issued_at(challenge, "sign-in", NOW - timedelta(microseconds=1)) is None


def test_it_is_good_for_one_purpose_and_one_installation() -> None:
    challenge = CHALLENGES.issue("sign-in", NOW)
    assert CHALLENGES.issued_at(challenge, "enrolment", NOW) is None
    assert Challenges(b"K" * 32).issued_at(challenge, "sign-in", NOW) is None


def test_no_two_are_the_same() -> None:
    assert len({CHALLENGES.issue("sign-in", NOW) for _ in range(100)}) == 100


@given(st.integers(0, 55), st.integers(1, 255))
def test_every_byte_counts(place: int, change: int) -> None:
    challenge = bytearray(CHALLENGES.issue("sign-in", NOW))
    challenge[place] ^= change
    assert CHALLENGES.issued_at(bytes(challenge), "sign-in", NOW) is None


@given(st.binary(max_size=100))
def test_foreign_bytes(challenge: bytes) -> None:
    assert CHALLENGES.issued_at(challenge, "sign-in", NOW) is None
