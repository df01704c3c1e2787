"""Dividing a whole number so that nothing is lost: largest remainders, and everybody gets a least share."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["apportion"]


def apportion(total: int, weights: Sequence[int], least: int = 0) -> list[int]:
    """Shares that add up to `total`, proportional to the weights beyond `least` for each.

    ValueError if there is not enough for the least shares, or nobody to give to.
    """
    left = total - least * len(weights)
    if left < 0 or (total and not weights):
        raise ValueError(f"{total} cannot be divided into {len(weights)} shares of at least {least}")
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    shares = [left * weight // whole for weight in weights] if weights else []
    by_remainder = sorted(range(len(weights)), key=lambda n: (-(left * weights[n] % whole), n))
    for n in by_remainder[: left - sum(shares)]:
        shares[n] += 1
    return [share + least for share in shares]
