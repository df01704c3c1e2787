"""Sub-keys against HKDF written out (RFC 5869)."""

import hmac

import pytest

from leadglass.store.keys.subkey import SubKey, derive_sub_key


@pytest.mark.parametrize("purpose", list(SubKey))
def test_hkdf_by_hand(purpose: SubKey) -> None:
    root = bytes(range(32))
    extracted = hmac.digest(b"leadglass sub-key v1", root, "sha256")
    assert derive_sub_key(root, purpose) == hmac.digest(extracted, purpose.value.encode() + b"\x01", "sha256")


def test_purposes_and_roots_differ() -> None:
    keys = {derive_sub_key(root, purpose) for purpose in SubKey for root in (b"a" * 32, b"b" * 32)}
    assert len(keys) == 2 * len(SubKey)
