"""HOST:PORT as people write it."""

from __future__ import annotations

import pytest

from leadglass.app.addresses import host_and_port
from leadglass.terms.errors import UserFault


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:104", "127.0.0.1", 104), ("pacs.example:2762", "pacs.example", 2762), ("[::1]:0", "::1", 0)],
)
def test_addresses(text: str, host: str, port: int) -> None:
    assert host_and_port(text) == (host, port)


@pytest.mark.parametrize("text", ["", "104", ":104", "host:", "host:port", "host:65536", "host:-1", "::1", "host:१"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(UserFault, match="HOST:PORT"):
        host_and_port(text)
