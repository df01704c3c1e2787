"""Evidence of the web door: certificate and bearer token, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadglass.terms.ceilings import MAX_IDENTITY_FIELD
from leadglass.terms.evidence import CertificateFacts, Door
from leadglass.web.calling import evidence_of

FACTS = CertificateFacts("ab", "CN=x", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def scope(*headers: tuple[str, str], **state: object) -> dict[str, object]:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "headers": raw, "state": {"address": "192.0.2.1", "certificate": None, **state}}


def test_a_certificate_comes_from_the_connection() -> None:
    evidence = evidence_of(scope(certificate=FACTS))
    assert (evidence.door, evidence.address, evidence.certificate) == (Door.HTTPS, "192.0.2.1", FACTS)
    assert evidence.bearer_token is None


@pytest.mark.parametrize("said", ["Bearer abc", "bearer abc", "BEARER  abc "])
def test_a_token_comes_from_the_request(said: str) -> None:
    assert evidence_of(scope(("Authorization", said))).bearer_token == "abc"


@pytest.mark.parametrize(
    "said",
    [["Basic YWI="], ["Bearer"], [""], ["Bearer a", "Bearer b"], ["Bearer \xe4"], ["B " * MAX_IDENTITY_FIELD]],
)
def test_what_cannot_be_read_is_a_wrong_token_and_not_none(said: list[str]) -> None:
    """None would let the certificate beside it count alone, as if nothing had been said."""
    assert evidence_of(scope(*(("Authorization", text) for text in said))).bearer_token == ""


def test_nothing_else_counts() -> None:
    others = ("Cookie", "X-Forwarded-For", "X-Forwarded-Client-Cert", "Proxy-Authorization", "X-Client-Cert")
    evidence = evidence_of(scope(*((name, "Bearer abc") for name in others)))
    assert (evidence.bearer_token, evidence.certificate, evidence.address) == (None, None, "192.0.2.1")
