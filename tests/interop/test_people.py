"""People at the running server's console, without a browser: what a cookie is good for, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.authenticator import Authenticator
from helpers.clinic import ledger_rows, order, token
from helpers.web_client import web

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("people") / "home") as running:
        yield running


def origin(server: ArchiveServer) -> str:
    return f"https://localhost:{server.https}"


def post(http: httpx2.Client, server: ArchiveServer, path: str, **form: str) -> httpx2.Response:
    return http.post(path, data=form, headers={"Origin": origin(server), "Accept": "application/json"})


def sign_up(server: ArchiveServer, name: str, role: str = "clinician") -> tuple[httpx2.Client, Authenticator, str]:
    """A client with the cookie of a new account, its passkey, and the path of the link, which is spent."""
    url = order(server, "user invite", name=name, roles=[role])["url"]
    assert url.startswith(f"{origin(server)}/welcome/")
    path = url.removeprefix(origin(server))
    http, authenticator = web(server), Authenticator(origin=origin(server))
    begun = post(http, server, f"{path}/passkey/begin", username=name)
    assert begun.status_code == 200, begun.text
    answer = authenticator.create(begun.text.removeprefix('{"options":').removesuffix("}"))
    made = post(http, server, f"{path}/passkey/finish", username=name, response=answer)
    assert made.status_code == 200, made.text
    return http, authenticator, path


def sign_in(server: ArchiveServer, authenticator: Authenticator) -> httpx2.Response:
    with web(server) as http:
        begun = post(http, server, "/sign-in/passkey/begin", username="").json()
        answer = authenticator.get(httpx2.Response(200, json=begun["options"]).text)
        return post(http, server, "/sign-in/passkey/finish", challenge=begun["challenge"], response=answer)


def is_signed_in(http: httpx2.Client) -> bool:
    return http.get("/session").status_code == 200


def test_a_cookie_is_good_at_the_console_and_nowhere_else(server: ArchiveServer) -> None:
    http, authenticator, path = sign_up(server, "ann")
    assert is_signed_in(http)
    assert http.get("/dicom-web/studies").status_code == 401
    assert web(server).get(path).status_code == 404  # the link is spent
    again = sign_in(server, authenticator)
    assert again.status_code == 200, again.text
    assert again.headers["set-cookie"].startswith("__Host-leadglass=")
    assert "httponly" in again.headers["set-cookie"].lower()
    assert again.cookies["__Host-leadglass"] != http.cookies["__Host-leadglass"]
    events = [row["event"] for row in ledger_rows(server, principal="user:ann")]
    assert events[:3] == ["account-made", "signed-in", "signed-in"]
    rows = ledger_rows(server, event="signed-in")
    assert {(row["address"], row["door"], row["what"]) for row in rows} == {("127.0.0.1", "console", "method passkey")}


def test_a_disabled_person_is_out_at_the_next_request(server: ArchiveServer) -> None:
    http, authenticator, _ = sign_up(server, "bob")
    for _ in range(5):  # so that the session is kept in memory
        assert is_signed_in(http)
    order(server, "user disable", name="bob")
    assert not is_signed_in(http)
    assert sign_in(server, authenticator).status_code == 401


def test_a_reset_ends_passkeys_and_sessions(server: ArchiveServer) -> None:
    http, authenticator, _ = sign_up(server, "cleo", "auditor")
    link = order(server, "user reset-factor", name="cleo")["url"]
    assert not is_signed_in(http)
    assert sign_in(server, authenticator).status_code == 401
    assert web(server).get(link.removeprefix(origin(server))).status_code == 200


def test_another_site_cannot_sign_anybody_in(server: ArchiveServer) -> None:
    _, authenticator, _ = sign_up(server, "dan")
    with web(server) as http:
        begun = post(http, server, "/sign-in/passkey/begin", username="").json()
        answer = authenticator.get(httpx2.Response(200, json=begun["options"]).text)
        form = {"challenge": begun["challenge"], "response": answer}
        foreign = http.post("/sign-in/passkey/finish", data=form, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert "set-cookie" not in foreign.headers
    authenticator.origin = "https://evil.example"  # what a browser signs on an imitated page
    assert sign_in(server, authenticator).status_code == 401


def test_a_revoked_token_is_refused_at_the_next_request(server: ArchiveServer) -> None:
    """On the same connection, while it is kept in memory."""
    with web(server, token=token(server, "query", name="robot")) as http:
        for _ in range(5):
            assert http.get("/dicom-web/studies").status_code in (200, 204)
        order(server, "token revoke", name="robot")
        assert http.get("/dicom-web/studies").status_code == 401
