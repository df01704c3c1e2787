"""What is sealed in the index opens with the same key for the same purpose, and otherwise not."""

from __future__ import annotations

import pytest

from leadglass.store.keys import StudyKey
from leadglass.store.keys.sealing import seal, unseal
from leadglass.terms.errors import IntegrityFault


def test_only_the_same_key_and_purpose_open_it() -> None:
    key, other = StudyKey.generate(), StudyKey.generate()
    sealed = seal(key, b"metadata", b"of this")
    assert unseal(key, sealed, b"of this") == b"metadata"
    assert b"metadata" not in sealed
    for opener, purpose in ((other, b"of this"), (key, b"of that")):
        with pytest.raises(IntegrityFault):
            unseal(opener, sealed, purpose)


def test_each_flipped_bit_and_each_cut_is_found() -> None:
    key = StudyKey.generate()
    sealed = seal(key, b"metadata", b"")
    for position in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[position] ^= 1
        with pytest.raises(IntegrityFault):
            unseal(key, bytes(flipped), b"")
        with pytest.raises(IntegrityFault):
            unseal(key, sealed[:position], b"")


def test_the_same_is_never_sealed_alike() -> None:
    key = StudyKey.generate()
    assert seal(key, b"metadata", b"") != seal(key, b"metadata", b"")
