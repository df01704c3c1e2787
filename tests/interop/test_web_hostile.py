"""Hostile HTTP against the running server: what is no request never becomes one, and nothing of it grows or lasts."""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx2
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import token
from helpers.raw_http import head, opened, read_all, say, statuses
from helpers.web_client import trusting, web
from leadglass.terms.ceilings import KIB, MAX_BODY_DISCARDED, MAX_REQUEST_HEAD, MAX_REQUEST_HEADERS, MAX_REQUEST_LINE
from leadglass.web.headers import ALWAYS

CONFIGURATION = """
[limits]
request-seconds = 2
idle-seconds = 2
connections-per-address = 24
"""
CLOSE = "Connection: close"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("hostile") / "home", configuration=CONFIGURATION) as running:
        yield running


@pytest.fixture(scope="module")
def authorization(server: ArchiveServer) -> str:
    return f"Authorization: Bearer {token(server)}"


@pytest.fixture(autouse=True)
def _still_answers(server: ArchiveServer) -> Iterator[None]:
    yield
    with web(server) as client:
        for _ in range(50):  # what hung up is counted out in a moment; until then an address may be full
            with suppress(httpx2.ConnectError):
                assert client.get("/health").json() == {"status": "ok"}
                break
            time.sleep(0.1)
        else:
            pytest.fail("the server does not answer any more")
    assert server.process.poll() is None


def log_of(server: ArchiveServer) -> str:
    return (server.home.parent / "home.log").read_text()


# --- heads -------------------------------------------------------------------------------------------------------


def test_an_endless_header_is_cut_off(server: ArchiveServer) -> None:
    before = server.peak_rss()
    with opened(server) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Endless: ")
        sent = 0
        with suppress(OSError):
            while sent < 64 * KIB * KIB:
                sent += line.send(b"a" * 64 * KIB)
        heard = read_all(line)
    assert statuses(heard) == [431]
    assert server.peak_rss() - before < 16 * KIB * KIB


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (head("GET", "/health", f"X-Long: {'a' * (MAX_REQUEST_HEAD - 100)}", CLOSE), 200),
        (head("GET", "/health", f"X-Long: {'a' * MAX_REQUEST_HEAD}", CLOSE), 431),
        (head("GET", "/health", *(f"X-{n}: a" for n in range(MAX_REQUEST_HEADERS - 2)), CLOSE), 200),
        (head("GET", "/health", *(f"X-{n}: a" for n in range(MAX_REQUEST_HEADERS + 1)), CLOSE), 431),
        (head("GET", f"/health?{'a' * (MAX_REQUEST_LINE - 100)}", CLOSE), 200),
        (head("GET", f"/health?{'a' * MAX_REQUEST_LINE}", CLOSE), 414),
        (head("GET", f"/{'a/' * (MAX_REQUEST_LINE // 2)}", CLOSE), 414),
    ],
    ids=["long head", "too long a head", "many headers", "too many headers", "long query", "too long", "long path"],
)
def test_heads_have_ceilings(server: ArchiveServer, request_head: bytes, status: int) -> None:
    heard = say(server, request_head)
    assert statuses(heard) == [status]
    for name, value in ALWAYS:
        assert b"%b: %b\r\n" % (name, value) in heard


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET /health\r\n\r\n",  # HTTP/0.9
        b"\x00\x01\x02\x03" * 64,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\n folded: x\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"GET /hea\nlth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\nHost: localhost\nX-Bare: \rHTTP\n\n",
        b"BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        head("POST", "/health", "Content-Length: -1"),
        head("POST", "/health", "Content-Length: 99999999999999999999999"),
        head("POST", "/health", "Content-Length: 5, 6"),
    ],
)
def test_what_is_no_http_is_not_answered_as_if_it_were(server: ArchiveServer, garbage: bytes) -> None:
    assert statuses(say(server, garbage)) == [400]


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding:\x0bchunked",),
    ],
)
def test_a_second_request_cannot_be_smuggled_in(
    server: ArchiveServer, authorization: str, lines: tuple[str, ...]
) -> None:
    """Whoever disagrees with a proxy about where a body ends would take the rest for another's request."""
    smuggled = head("GET", "/dicom-web/studies", authorization)
    heard = say(server, head("POST", "/health", *lines) + b"0\r\n\r\n" + smuggled)
    assert statuses(heard) in ([400], [405, 400], [405], [])
    assert b"[" not in heard  # which a list of studies begins with


def test_trailers_are_not_mixed_with_headers(server: ArchiveServer, authorization: str) -> None:
    body = f"1\r\na\r\n0\r\n{authorization}\r\n\r\n".encode()
    heard = say(server, head("POST", "/dicom-web/studies", "Transfer-Encoding: chunked", CLOSE) + body)
    assert statuses(heard) in ([401], [])


def test_requests_are_not_piled_up(server: ArchiveServer) -> None:
    assert len(statuses(say(server, head("GET", "/health") * 3 + head("GET", "/health", CLOSE)))) == 4
    assert len(statuses(say(server, head("GET", "/health") * 3_000))) < 3_000


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/dicom-web/%2e%2e/metrics",
        "/dicom-web/../metrics",
        "/dicom-web/studies/../../metrics",
        "//dicom-web//studies",
        "/dicom-web//studies",
        "/dicom-web/studies/%00",
        "/dicom-web/studies/1.2%0d%0aSet-Cookie:%20a=b",
        "/dicom-web/studies/1.2%2f..%2f..%2fmetrics",
        "/dicom-web/studies/%ff%fe/series",
        "/dicom-web/studies/1.2/series/..%5c..%5cetc",
        "/dicom-web/studies/1.2;admin=1/metadata",
        "/dicom-web/studies/" + "1." * 5_000 + "1/metadata",
        "/dicom-web/studies?PatientID=%0d%0aX-Injected:%20yes",
        "/dicom-web/studies?limit=1&" + "a=b&" * 2_000,
        "/dicom-web/studies?%00=%00",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../../../../../../etc/passwd",
        "/assets/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
    ],
)
def test_addresses_lead_nowhere_else(server: ArchiveServer, authorization: str, path: str) -> None:
    heard = say(server, head("GET", path, authorization, CLOSE))
    [status] = statuses(heard)
    assert status in {303, 400, 401, 404, 405, 413} or heard.endswith(b"\r\n\r\n[]"), heard
    for told in (b"root:", b"leadglass_web", b"\r\nX-Injected", b"\r\nSet-Cookie: a"):
        assert told not in heard


def test_absolute_form_is_our_own_or_nothing(server: ArchiveServer) -> None:
    assert statuses(say(server, head("GET", "https://localhost/health", CLOSE))) == [200]
    assert statuses(say(server, head("GET", "http://evil.example", CLOSE)))[0] in {400, 404, 200, 303}
    assert statuses(say(server, head("CONNECT", "evil.example:443", CLOSE)))[0] in {400, 404, 405, 421}


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "PATCH", "CONNECT", "PURGE"])
def test_methods_nobody_offers(server: ArchiveServer, authorization: str, method: str) -> None:
    heard = say(server, head(method, "/dicom-web/studies", authorization, "X-Echo: say-it-back", CLOSE))
    assert statuses(heard)[0] in {400, 405}
    assert b"say-it-back" not in heard


def test_one_host_header_with_a_name_of_ours(server: ArchiveServer) -> None:
    for host in ("localhost", "LOCALHOST.", "localhost:8443", "127.0.0.1", f"127.0.0.1:{server.https}"):
        assert statuses(say(server, head("GET", "/health", CLOSE, host=host))) == [200], host
    for host in ("evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "%", "127.0.0.1.evil.example"):
        assert statuses(say(server, head("GET", "/health", CLOSE, host=host))) == [421], host
    assert statuses(say(server, head("GET", "/health", CLOSE, host=""))) == [400]
    assert statuses(say(server, head("GET", "/health", "Host: evil.example", CLOSE))) == [400]


# --- other sites -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost.evil.example"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_another_site_changes_nothing(server: ArchiveServer, method: str, said: dict[str, str]) -> None:
    with web(server) as client:
        assert client.request(method, "/sign-out", headers=said).status_code == 403


def test_cors_is_off(server: ArchiveServer, authorization: str) -> None:
    with web(server) as client:
        asks = {"Origin": "https://viewer.example", "Access-Control-Request-Method": "GET"}
        answers = [
            client.options("/dicom-web/studies", headers=asks),
            client.get(
                "/dicom-web/", headers={"Origin": "https://viewer.example", "Authorization": authorization[15:]}
            ),
        ]
    assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]


# --- time ------------------------------------------------------------------------------------------------------------


def test_a_head_that_dribbles_is_given_up(server: ArchiveServer) -> None:
    with opened(server) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        line.settimeout(0.2)
        heard = bytearray()
        for _ in range(100):  # a byte in time, and again, would keep a timer of pauses from ever running out
            try:
                line.sendall(b"X")
                if not (data := line.recv(4096)):
                    break
                heard += data
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail("a head could last for 20 seconds")
    assert not heard or heard.startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_is_given_up(server: ArchiveServer) -> None:
    with opened(server) as line:
        assert statuses(read_all(line)) in ([408], [])


def test_a_handshake_that_never_begins_is_given_up(server: ArchiveServer) -> None:
    with socket.create_connection(("127.0.0.1", server.https), timeout=20) as line:
        assert line.recv(100) == b""


def test_a_body_nobody_wants_is_not_read_to_its_end(server: ArchiveServer) -> None:
    with opened(server) as line:
        line.sendall(head("POST", "/dicom-web/studies", "Content-Length: 10000000000"))
        sent, block = 0, bytes(256 * KIB)
        with suppress(OSError):
            while sent < 20 * MAX_BODY_DISCARDED:
                line.sendall(block)
                sent += len(block)
    assert sent < 10 * MAX_BODY_DISCARDED


def test_one_address_gets_so_many_connections_and_no_more(server: ArchiveServer) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(opened(server)) for _ in range(20)]
        turned_away = 0
        for _ in range(10):
            with suppress(OSError):
                lines.append(stack.enter_context(opened(server)))
                continue
            turned_away += 1
        assert turned_away >= 5
        lines[0].sendall(head("GET", "/health", CLOSE))
        assert statuses(read_all(lines[0])) == [200]


# --- TLS -------------------------------------------------------------------------------------------------------------


def test_plain_http_is_told_where_to_go_and_nothing_else(server: ArchiveServer) -> None:
    with socket.create_connection(("127.0.0.1", server.https), timeout=10) as line:
        line.sendall(head("GET", "/dicom-web/studies?PatientID=X", host="evil.example"))
        heard = read_all(line)
    assert (
        heard
        == (
            f"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://localhost:{server.https}/\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n"
        ).encode()
    )


@pytest.mark.parametrize("start", [b"\x01\x00\x00\x00\x00\x44", b"SSH-2.0-x\r\n", b"\x80\x2e\x01\x03\x01", b"\n" * 100])
def test_what_is_neither_is_hung_up_on(server: ArchiveServer, start: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.https), timeout=10) as line:
        line.sendall(start)
        assert read_all(line) == b""


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(server: ArchiveServer, version: ssl.TLSVersion) -> None:
    context = trusting(server)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", server.https), timeout=10) as line,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(line, server_hostname="localhost")
    for _ in range(100):  # the server writes it when it gets to it
        if "peer's TLS version is older than TLS 1.2" in log_of(server):
            return
        time.sleep(0.1)
    pytest.fail("nothing in the log says why")


def test_nothing_a_stranger_said_is_in_the_log(server: ArchiveServer) -> None:
    say(server, head("GET", "/dicom-web/studies?PatientID=SECRET-IN-URL", "Authorization: Bearer SECRET-TOKEN", CLOSE))
    say(server, b"GET /SECRET-GARBAGE\r\n\r\n")
    assert "SECRET" not in log_of(server)
