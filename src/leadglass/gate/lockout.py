"""Guessing gets slower: an account rests after a few wrong secrets from one address, and so does the address itself.

Each wrong secret adds one point; points melt away with time. A try is counted before the secret is checked and
taken back when it was right, so that a hundred guesses sent at once are a hundred guesses. Accounts that do not
exist rest like those that do, so resting tells nobody anything.

The table is bounded. When it is full the entry that was touched longest ago goes; an attacker who wants to push
others out must fail from thousands of addresses, because each address rests too.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

__all__ = ["Lockout"]

TRIES_PER_ACCOUNT_AND_ADDRESS: Final = 5.0
TRIES_PER_ADDRESS: Final = 50.0
"""A ward behind one address may mistype now and then; a machine that guesses gets here in seconds."""
SECONDS_PER_TRY_BACK: Final = 60.0
MAX_ENTRIES: Final = 10_000


class Lockout:
    """Counts wrong secrets. `now` is any clock in seconds; going backwards forgives nothing."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._points: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._max_entries = max_entries

    def try_once(self, account: str, address: str, now: float) -> bool:
        """Counts one try; False if the account (from there) or the address must rest: do not check the secret."""
        place = _place_of(address)
        keys = (((account, place), TRIES_PER_ACCOUNT_AND_ADDRESS), (("", place), TRIES_PER_ADDRESS))
        points = [self._points_of(key, now) for key, _ in keys]
        if any(have > most - 1.0 for have, (_, most) in zip(points, keys, strict=True)):
            return False
        for have, (key, _) in zip(points, keys, strict=True):
            self._put(key, have + 1.0, now)
        return True

    def take_back(self, account: str, address: str, now: float) -> None:
        """The try was not wrong, or was never checked: it does not count."""
        place = _place_of(address)
        for key in ((account, place), ("", place)):
            self._put(key, max(0.0, self._points_of(key, now) - 1.0), now)

    def forgive(self, account: str, address: str, now: float) -> None:
        """The right secret was shown: the account's wrong tries from there are forgotten, the address keeps its own."""
        self.take_back(account, address, now)
        self._points.pop((account, _place_of(address)), None)

    def __len__(self) -> int:
        return len(self._points)

    def _points_of(self, key: tuple[str, str], now: float) -> float:
        points, since = self._points.get(key, (0.0, now))
        return max(0.0, points - max(0.0, now - since) / SECONDS_PER_TRY_BACK)

    def _put(self, key: tuple[str, str], points: float, now: float) -> None:
        self._points.pop(key, None)
        if points <= 0.0:
            return
        self._points[key] = (points, now)
        if len(self._points) > self._max_entries:
            self._points.popitem(last=False)


def _place_of(address: str) -> str:
    """Where a caller sits: the IPv4 address, or the /64 of an IPv6 address (one subscriber has all of it)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
