"""Guessing gets slower, and only the guesser is slowed."""

from __future__ import annotations

from leadglass.gate.lockout import (
    MAX_ENTRIES,
    SECONDS_PER_TRY_BACK,
    TRIES_PER_ACCOUNT_AND_ADDRESS,
    TRIES_PER_ADDRESS,
    Lockout,
)

TRIES = int(TRIES_PER_ACCOUNT_AND_ADDRESS)


def exhausted(account: str = "ann", address: str = "192.0.2.1") -> Lockout:
    lockout = Lockout()
    assert all(lockout.try_once(account, address, 0.0) for _ in range(TRIES))
    return lockout


def test_after_so_many_tries_the_account_rests() -> None:
    assert not exhausted().try_once("ann", "192.0.2.1", 0.0)


def test_others_are_not_touched() -> None:
    lockout = exhausted()
    assert lockout.try_once("bob", "192.0.2.1", 0.0)
    assert lockout.try_once("ann", "192.0.2.2", 0.0)


def test_one_try_comes_back_per_minute() -> None:
    lockout = exhausted()
    assert not lockout.try_once("ann", "192.0.2.1", SECONDS_PER_TRY_BACK - 0.1)
    assert lockout.try_once("ann", "192.0.2.1", SECONDS_PER_TRY_BACK)
    assert not lockout.try_once("ann", "192.0.2.1", SECONDS_PER_TRY_BACK)


def test_a_clock_going_back_forgives_nothing() -> None:
    assert not exhausted().try_once("ann", "192.0.2.1", -1_000_000.0)


def test_the_right_secret_wipes_the_slate() -> None:
    lockout = Lockout()
    for _ in range(TRIES - 1):
        lockout.try_once("ann", "192.0.2.1", 0.0)
    lockout.try_once("ann", "192.0.2.1", 0.0)
    lockout.forgive("ann", "192.0.2.1", 0.0)
    assert all(lockout.try_once("ann", "192.0.2.1", 0.0) for _ in range(TRIES))


def test_a_try_that_was_not_checked_is_taken_back() -> None:
    lockout = Lockout()
    for _ in range(3 * TRIES):
        assert lockout.try_once("ann", "192.0.2.1", 0.0)
        lockout.take_back("ann", "192.0.2.1", 0.0)
    assert len(lockout) == 0


def test_an_address_that_tries_many_names_rests_too_and_one_right_guess_does_not_clear_it() -> None:
    lockout = Lockout()
    for n in range(int(TRIES_PER_ADDRESS)):
        assert lockout.try_once(f"name{n}", "192.0.2.1", 0.0)
    assert not lockout.try_once("fresh", "192.0.2.1", 0.0)
    lockout.forgive("name0", "192.0.2.1", 0.0)
    assert lockout.try_once("fresh", "192.0.2.1", 0.0)
    assert not lockout.try_once("another", "192.0.2.1", 0.0)


def test_an_ipv6_subscriber_is_one_place_and_a_mapped_address_its_ipv4_self() -> None:
    lockout = exhausted(address="2001:db8::1")
    assert not lockout.try_once("ann", "2001:db8::ffff", 0.0)
    assert lockout.try_once("ann", "2001:db8:0:1::1", 0.0)
    assert not exhausted(address="192.0.2.1").try_once("ann", "::ffff:192.0.2.1", 0.0)


def test_the_table_is_bounded() -> None:
    lockout = Lockout()
    for n in range(MAX_ENTRIES):
        lockout.try_once("ann", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 0.0)
    assert len(lockout) == MAX_ENTRIES
