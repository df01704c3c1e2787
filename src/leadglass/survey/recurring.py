"""Which of the archives that went came back elsewhere: a server that moved is not a leak that closed.

`recognising.same_archive` says whether two systems are one. Here each is matched once: by a certificate first, then the
one whose record count is closest, then by address. A certificate that several systems show (products ship them) proves
nothing and is left aside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import replace

from leadglass.survey.recognising import Features, features_of, same_archive
from leadglass.survey.system import System

__all__ = ["matched", "moved_archives", "own_certificates"]


def moved_archives(
    gone: Collection[str], come: Collection[str], old: Iterable[System], new: Iterable[System]
) -> tuple[tuple[str, str], ...]:
    """Pairs of addresses, before and now, sorted. `gone` are some of the old ones, `come` some of the new."""
    before, now = _features(old), _features(new)
    own = own_certificates(before.values(), now.values())
    pairs = matched({each: before[each] for each in gone}, {each: now[each] for each in come}, own)
    return tuple(sorted(pairs.items()))


def matched(before: Mapping[str, Features], now: Mapping[str, Features], own: Set[str]) -> dict[str, str]:
    """Old address to new one, for archives known by their features. `own`: certificates by which one is known, as
    `own_certificates` has them of all that was seen, also of what stayed."""
    fits = sorted(
        (not (ours.certificates & theirs.certificates & own), abs(theirs.records - ours.records), old, new)
        for old, ours, new, theirs in _neighbours(before, now)
        if same_archive(
            replace(ours, certificates=ours.certificates & own), replace(theirs, certificates=theirs.certificates & own)
        )
    )
    pairs: dict[str, str] = {}
    taken = set[str]()
    for _, _, old, new in fits:
        if old not in pairs and new not in taken:
            pairs[old] = new
            taken.add(new)
    return pairs


def own_certificates(*looks: Iterable[Features]) -> frozenset[str]:
    """Fingerprints that exactly one system shows, in each of the looks."""
    shown = [Counter(fingerprint for one in features for fingerprint in one.certificates) for features in looks]
    return frozenset(shown[0]).intersection(*({f for f, times in each.items() if times == 1} for each in shown))


def _features(systems: Iterable[System]) -> dict[str, Features]:
    return {system.address: features_of(system) for system in systems}


def _neighbours(
    before: Mapping[str, Features], now: Mapping[str, Features]
) -> Iterator[tuple[str, Features, str, Features]]:
    """Only those that share a certificate or an organisation, so that large runs are not compared each with each."""
    shelves: defaultdict[str, set[str]] = defaultdict(set)
    for address, features in now.items():
        for mark in _marks(features):
            shelves[mark].add(address)
    for old, features in before.items():
        for new in set[str]().union(*(shelves.get(mark, ()) for mark in _marks(features))):
            yield old, features, new, now[new]


def _marks(features: Features) -> set[str]:
    named = {f"organisation {features.organisation}"} if features.organisation else set[str]()
    return named | features.certificates
