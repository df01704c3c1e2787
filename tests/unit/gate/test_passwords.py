"""Passwords: the right one matches, the rest does not, and nobody can make us work without end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from leadglass.gate.passwords import HASHES_AT_ONCE, MAX_PASSWORD_BYTES, Passwords, Verdict
from leadglass.terms.errors import UserFault

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "correct horse battery"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords(CHEAP)
    yield passwords
    passwords.close()


async def test_the_right_password_matches_and_others_do_not(passwords: Passwords) -> None:
    stored = await passwords.hash(SECRET)
    assert stored.startswith("$argon2id$")
    assert await passwords.check(SECRET.encode(), stored) is Verdict.MATCH
    for wrong in (b"", b"correct horse", SECRET.encode() + b"\0", b"\xff\xfe"):
        assert await passwords.check(wrong, stored) is Verdict.MISMATCH


async def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash(SECRET) != await passwords.hash(SECRET)


async def test_the_same_characters_typed_on_two_systems_are_one_password(passwords: Passwords) -> None:
    stored = await passwords.hash("Kr\u00e4henf\u00fc\u00dfe am Bein")
    assert await passwords.check("Kra\u0308henfu\u0308\u00dfe am Bein".encode(), stored) is Verdict.MATCH


@pytest.mark.parametrize("bad", ["", "short", "a" * 11, "ä" * (MAX_PASSWORD_BYTES // 2 + 1)])
async def test_passwords_too_short_or_too_long_are_not_taken(passwords: Passwords, bad: str) -> None:
    with pytest.raises(UserFault) as caught:
        await passwords.hash(bad)
    assert "12" in caught.value.advice
    assert bad == "" or bad not in str(caught.value)


async def test_an_endless_secret_never_matches(passwords: Passwords) -> None:
    stored = CHEAP.hash("a" * (MAX_PASSWORD_BYTES + 1))
    assert await passwords.check(b"a" * (MAX_PASSWORD_BYTES + 1), stored) is Verdict.MISMATCH


async def test_a_stored_hash_that_is_none_matches_nothing(passwords: Passwords) -> None:
    assert await passwords.check(SECRET.encode(), "not a hash") is Verdict.MISMATCH


class CountingHasher(PasswordHasher):
    """Counts verifications, and can hold them back."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str] = []
        self.running = 0
        self.most = 0
        self.go = threading.Event()
        self.go.set()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 - as the library spells it
        self.verified.append(str(hash))
        self.running += 1
        self.most = max(self.most, self.running)
        self.go.wait(10)
        self.running -= 1
        return super().verify(hash, password)


async def test_an_account_that_does_not_exist_costs_the_same_work() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    stored = await passwords.hash(SECRET)
    assert await passwords.check(SECRET.encode(), None) is Verdict.MISMATCH
    assert await passwords.check(SECRET.encode(), stored) is Verdict.MATCH
    nobody, somebody = hasher.verified
    assert nobody.split("$")[:4] == somebody.split("$")[:4], "same algorithm, version and cost"
    passwords.close()


async def test_few_at_once_and_a_queue_that_ends() -> None:
    hasher = CountingHasher()
    hasher.go.clear()
    passwords = Passwords(hasher, max_waiting=4)
    checks = [asyncio.create_task(passwords.check(b"guess", None)) for _ in range(4)]
    await asyncio.sleep(0)
    assert await passwords.check(SECRET.encode(), None) is Verdict.BUSY
    hasher.go.set()
    assert await asyncio.gather(*checks) == [Verdict.MISMATCH] * 4
    assert hasher.most <= HASHES_AT_ONCE
    assert await passwords.check(b"guess", None) is Verdict.MISMATCH, "room again"
    passwords.close()


async def test_the_cost_used_for_real_is_that_of_rfc_9106() -> None:
    passwords = Passwords()
    stored = await passwords.hash(SECRET)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    passwords.close()
