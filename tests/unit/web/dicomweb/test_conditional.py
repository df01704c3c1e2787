"""If-None-Match and Range, as RFC 9110 says; what is not understood is as if it had not been said."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from leadglass.web.dicomweb.conditional import ByteRange, Unsatisfiable, accepts_gzip, byte_range, is_unchanged


def request(method: str = "GET", **headers: str) -> Request:
    fields = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": fields})


@pytest.mark.parametrize("said", ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', "*", " * ", '"b,c", "a"'])
def test_unchanged(said: str) -> None:
    assert is_unchanged(request(if_none_match=said), '"a"')


@pytest.mark.parametrize("said", ['"b"', "a", '"a', "", '"aa"', '"x"a"'])
def test_changed(said: str) -> None:
    assert not is_unchanged(request(if_none_match=said), '"a"')
    assert not is_unchanged(request(), '"a"')


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [("0-0", 0, 1), ("5-", 5, 100), ("-1", 99, 100), ("-500", 0, 100), ("90-200", 90, 100), ("0-99", 0, 100)],
)
def test_a_range(said: str, start: int, end: int) -> None:
    found = byte_range(request(range=f"bytes={said}"), 100, '"a"')
    assert found == ByteRange(start, end, 100)
    assert isinstance(found, ByteRange)
    assert found.content_range == f"bytes {start}-{end - 1}/100"
    assert byte_range(request(range=f"Bytes={said}", if_range='"a"'), 100, '"a"') == found
    assert byte_range(request(range=f"bytes={said}", if_range='"other"'), 100, '"a"') is None


@pytest.mark.parametrize("said", ["100-", "100-200", "-0"])
def test_a_range_behind_the_end(said: str) -> None:
    assert isinstance(byte_range(request(range=f"bytes={said}"), 100, ""), Unsatisfiable)


@pytest.mark.parametrize(
    "said", ["bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", f"bytes={'9' * 30}-", "0-1"]
)
def test_what_is_not_one_range_is_ignored(said: str) -> None:
    assert byte_range(request(range=said), 100, "") is None
    assert byte_range(request(), 100, "") is None


def test_only_get_knows_ranges() -> None:
    assert byte_range(request("HEAD", range="bytes=0-1"), 100, "") is None
    assert byte_range(request("HEAD", range="bytes=100-"), 100, "") is None


@pytest.mark.parametrize("said", ["gzip", "deflate, GZIP;q=0.5", "br, gzip ; q=1.0, *", "x-gzip"])
def test_gzip_is_taken(said: str) -> None:
    assert accepts_gzip(request(accept_encoding=said))


@pytest.mark.parametrize("said", ["", "identity", "gzip;q=0", "gzip; q = 0.000", "gzipped", "br, deflate"])
def test_gzip_is_not_taken(said: str) -> None:
    assert not accepts_gzip(request(accept_encoding=said))
    assert not accepts_gzip(request())
