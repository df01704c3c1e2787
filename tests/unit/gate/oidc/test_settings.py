"""Which providers may be configured."""

from __future__ import annotations

import pytest

from helpers.issuer import settings
from leadglass.gate.oidc.settings import is_fit_to_fetch
from leadglass.terms.errors import UserFault
from leadglass.terms.principal import Role


@pytest.mark.parametrize(
    "url", ["https://id.example", "http://127.0.0.1:8080/x", "http://[::1]:1/", "http://localhost"]
)
def test_https_or_this_machine(url: str) -> None:
    assert is_fit_to_fetch(url)
    assert settings(issuer=url).role_map["clinician"] is Role.CLINICIAN


@pytest.mark.parametrize(
    "url",
    ["http://id.example", "http://127.0.0.1.evil.example", "http://localhost@evil.example", "ftp://x", "https://", ""],
)
def test_nothing_else(url: str) -> None:
    assert not is_fit_to_fetch(url)
    with pytest.raises(UserFault):
        settings(issuer=url)


def test_an_audience_is_needed() -> None:
    with pytest.raises(UserFault):
        settings(audience="")
