"""Which of the archives that went came back elsewhere: a server that moved is not a leak that closed.

`recognising.same_archive` says whether two systems are one. Here each is matched once: by a certificate first, then the
one whose record count is closest, then by address. A certificate that several systems show (products ship them) proves
nothing and is left aside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from leadglass.survey.recognising import Features, features_of, same_archive
from leadglass.survey.system import System

__all__ = ["matched", "moved_archives"]


def moved_archives(gone: Sequence[System], come: Sequence[System]) -> tuple[tuple[str, str], ...]:
    """Pairs of addresses, before and now, sorted."""
    return tuple(sorted(matched(_features(gone), _features(come)).items()))


def matched(before: Mapping[str, Features], now: Mapping[str, Features]) -> dict[str, str]:
    """Old address to new one, for archives known by their features."""
    own = _certificates_of_one(before) & _certificates_of_one(now)
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


def _features(systems: Sequence[System]) -> dict[str, Features]:
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


def _certificates_of_one(features: Mapping[str, Features]) -> frozenset[str]:
    """Fingerprints that exactly one system shows."""
    shown = Counter(fingerprint for one in features.values() for fingerprint in one.certificates)
    return frozenset(fingerprint for fingerprint, times in shown.items() if times == 1)
