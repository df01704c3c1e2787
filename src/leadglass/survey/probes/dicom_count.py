"""How far a count has come. It outlives the single association, and the talks on them add to it."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from leadglass.survey.observation import Counts
from leadglass.survey.probes.dicom_slices import ANY_TIME, FIRST, Slice, slice_of

__all__ = ["Count"]

_LIMITS: Final = frozenset(
    {
        100,
        128,
        200,
        250,
        255,
        256,
        300,
        400,
        500,
        511,
        512,
        600,
        750,
        800,
        999,
        1000,
        1023,
        1024,
        1500,
        2000,
        2048,
        2500,
    }
    | {3000, 4000, 4095, 4096, 5000, 8000, 8192, 9999, 10_000, 15_000, 16_384, 20_000, 25_000, 30_000, 32_767, 32_768}
    | {50_000, 65_535, 65_536, 99_999, 100_000, 131_072, 200_000, 250_000, 500_000, 1_000_000}
)
"""Numbers of answers at which archives usually stop without a word."""
_IN_VAIN: Final = 12
"""Slices in a row that were cut off and bring only what was there before: its dates are not looked at. (The first parts
of what was cut off, down to a minute, bring nothing new either; that is half as many.)"""
_FAILURES: Final = 8  # slices in a row that were answered with a failure and nothing else: it will not have it
_FEW: Final = 1000
"""So many records at most may be asked for once more, without a date: whoever has more with one is not asked twice."""
_MANY: Final = 10  # answers of a slice that mean something if all of them are known
_PUBLISHED: Final = (b"1.3.6.1.4.1.14519.5.2.1.", b"1.3.6.1.4.1.9328.50.")
"""Roots under which The Cancer Imaging Archive and its forerunner publish."""
_BAIT: Final = b"1.3.6.1.4.1.53684.1.1.2.1098940923.2240.1611872054.34565"
_MAX_NUMBER: Final = 12  # characters of an IS (PS3.5 §6.2)
_UID: Final = re.compile(rb"[0-9.]{1,64}")
"""What alone is asked for again: a peer may answer a wildcard as a UID, and a question for that would be a list."""
_BEHIND_ALL: Final = b"\xff" * 9  # no hash is


@dataclass(slots=True)
class Count:
    """Study Instance UIDs are kept as hashes with a key of this run, as long as it is being counted, and no longer.

    Only the UIDs of the `samples`, of which level 4 asks more, are kept as they are, until they are taken. They are
    those with the lowest hashes: as the key is drawn by chance, a fair choice of all.
    """

    key: bytes
    cap: int
    samples: int = 0
    pending: list[Slice] = field(default_factory=lambda: list(reversed(FIRST)))  # the next one last
    seen: set[bytes] = field(default_factory=set)
    records: int = 0
    images: int = 0
    has_images: bool = False  # the number of instances was answered
    is_at_least: bool = False
    published: int = 0  # records of collections that were published for research
    has_bait: bool = False
    has_undated: bool = False  # those without a date were asked for, and are counted
    code: str = ""  # how it ended, if it did not come to its end
    answers: int = 0  # in the slice being counted
    _keyed: blake2b = field(init=False, repr=False)
    _new_before: int = 0  # records before the slice being counted
    _in_vain: int = 0
    _failures: int = 0
    _chosen: list[tuple[bytes, str]] = field(default_factory=list, repr=False)  # hash and UID, in order
    _edge: bytes = b""  # a hash below this one is chosen

    def __post_init__(self) -> None:
        self._keyed = blake2b(key=self.key, digest_size=8)
        self._edge = _BEHIND_ALL if self.samples else b""

    def hashed(self, uid: bytes) -> bytes:
        """What stands for a UID."""
        hashing = self._keyed.copy()
        hashing.update(uid)
        return hashing.digest()

    def add(self, uid: bytes, images: bytes | None) -> None:
        """One answer: a UID, and the number of instances, if it was answered."""
        self.answers += 1
        digest = self.hashed(uid.strip(b"\0 "))
        if digest not in self.seen:
            self.seen.add(digest)
            self.records += 1
            self.published += uid.startswith(_PUBLISHED)
            if digest < self._edge:
                self._choose(digest, uid.strip(b"\0 "))
            if images and images.strip(b"\0 ").isdigit() and len(images) <= _MAX_NUMBER:
                self.has_images = True
                self.images += int(images.strip(b"\0 "))

    def _choose(self, digest: bytes, uid: bytes) -> None:
        """For a sample, in place of the one with the highest hash if there are enough."""
        if not _UID.fullmatch(uid):
            return
        insort(self._chosen, (digest, uid.decode("ascii")))
        del self._chosen[self.samples :]
        if len(self._chosen) == self.samples:
            self._edge = self._chosen[-1][0]

    def take_chosen(self) -> tuple[str, ...]:
        """The UIDs of the samples. They are forgotten with that."""
        chosen, self._chosen, self._edge = self._chosen, [], b""
        return tuple(uid for _, uid in chosen)

    def begin(self) -> Slice:
        """The next slice."""
        self.answers, self._new_before = 0, self.records
        return self.pending.pop()

    def end(self, done: Slice, *, is_complete: bool) -> None:
        """A slice has come to its end; where a peer may have kept something back, its parts are asked for."""
        is_whole = is_complete and self.answers not in _LIMITS
        if done == ANY_TIME:
            self.has_undated = is_whole and self.answers >= self.records
            self.is_at_least = not self.has_undated and self.records > self._new_before
            return
        self._end(done, is_complete=is_complete, is_whole=is_whole)
        if not self.pending and not self.is_at_least and self.records <= min(_FEW, self.cap - 1):
            self.pending.append(ANY_TIME)

    def _end(self, done: Slice, *, is_complete: bool, is_whole: bool) -> None:
        if self.records > self._new_before:
            self._in_vain = 0
        elif self.answers >= _MANY and not is_whole:
            self._in_vain += 1
        if self._in_vain >= _IN_VAIN:
            self.give_up("dates mean nothing to it")
        if is_whole:
            return
        self._failures = 0 if self.answers else self._failures + 1
        parts = done.parts()
        if self._failures >= _FAILURES or self._in_vain >= _IN_VAIN:
            self.give_up()
        elif parts:
            self.pending += reversed(parts)
        elif not is_complete:
            self.is_at_least = True

    def give_up(self, code: str = "") -> None:
        """Ask for no more; what was counted is the least there is."""
        self.code = self.code or code
        self.is_at_least = True
        self.pending.clear()

    @property
    def is_full(self) -> bool:
        """Whether the cap is reached."""
        return self.records >= self.cap

    @property
    def holds_a_honeypots_study(self) -> bool:
        """Whether the study that a well-known honeypot is packed with was among them."""
        return self.has_bait or self.hashed(_BAIT) in self.seen

    @property
    def counts(self) -> Counts:
        """What it amounts to."""
        return Counts(
            records=None if self.is_at_least and not self.records else self.records,
            images=self.images if self.has_images else None,
            is_at_least=self.is_at_least,
            how="C-FIND by study date, and once without" if self.has_undated else "C-FIND by study date",
        )

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        """All of it that is not a hash."""
        return {
            "records": self.records,
            "images": self.images,
            "has_images": self.has_images,
            "is_at_least": self.is_at_least,
            "chosen": len(self._chosen),
            "code": self.code,
            "published": self.published,
            "has_bait": self.holds_a_honeypots_study,
            "has_undated": self.has_undated,
            "pending": " ".join(piece.name for piece in self.pending),
        }

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        """Stand again where `tally` was taken."""
        self.records, self.images = int(tally["records"]), int(tally["images"])
        self.has_images, self.is_at_least = bool(tally["has_images"]), bool(tally["is_at_least"])
        self.published = int(tally["published"])
        self.has_bait = bool(tally["has_bait"])
        self.has_undated = bool(tally.get("has_undated", False))
        self.code = str(tally["code"])
        self._chosen = [(b"", "")] * int(tally.get("chosen", 0))  # how many decides; a replay asks nobody
        self.pending = [slice_of(name) for name in str(tally["pending"]).split()]
