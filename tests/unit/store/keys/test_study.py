"""Study keys."""

import pytest

from leadglass.store.keys.study import StudyKey


def test_each_is_new() -> None:
    a, b = StudyKey.generate(), StudyKey.generate()
    assert a.key_id != b.key_id
    assert a.secret != b.secret


@pytest.mark.parametrize(("key_id", "secret"), [(b"short", b"s" * 32), (b"i" * 16, b"s" * 31)])
def test_lengths_are_kept(key_id: bytes, secret: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes and a secret of 32"):
        StudyKey(key_id, secret)


def test_the_secret_is_not_in_its_repr() -> None:
    assert repr(b"s" * 32) not in repr(StudyKey(b"i" * 16, b"s" * 32))
