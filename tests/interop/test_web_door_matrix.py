"""The door matrix of the web: every kind of caller at every address, the exact answer, not a byte beyond the grants.

The table is the specification. It cannot forget anything: addresses come from the route tables, and a kind of caller
without a row, or an action without a cell, fails a test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

import httpx2
import pytest

from helpers.archive_server import ArchiveServer, DeviceFiles, run_archive
from helpers.clinic import enrol, enrol_tls, ledger_rows, order, token
from helpers.marked import MarkedStudy, marks_in
from helpers.web_client import web
from helpers.web_past import Past, prepared
from helpers.web_routes import Asked, dicom_web_routes, request_for
from leadglass.terms.outcome import RefusalReason
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.route import Route

RIGHT: Final = MarkedStudy("granted")
WRONG: Final = MarkedStudy("withheld")
ABSENT: Final = MarkedStudy("never stored")
SHOWS: Final = ("query", "view", "download")


class Kind(Enum):
    """Who may knock."""

    NOBODY = auto()
    GARBAGE_BEARER = auto()
    EMPTY_BEARER = auto()
    BASIC_PASSWORD = auto()
    TWO_TOKENS = auto()
    TOKEN_IN_A_COOKIE = auto()
    UNKNOWN_TOKEN = auto()
    EXPIRED_TOKEN = auto()
    REVOKED_TOKEN = auto()
    FORGED_JWT = auto()
    CERTIFICATE_OF_ANOTHER_CA = auto()
    CERTIFICATE_NOBODY_ENROLLED = auto()
    EXPIRED_CERTIFICATE = auto()
    REVOKED_DEVICE = auto()
    DEVICE_WITH_REVOKED_TOKEN = auto()
    WEAK_DEVICE = auto()
    VERIFY_ONLY_TOKEN = auto()
    QUERY_ONLY_TOKEN = auto()
    VIEW_ONLY_TOKEN = auto()
    STORE_ONLY_TOKEN = auto()
    DELETE_ONLY_TOKEN_FOR_ANOTHER_STUDY = auto()
    TOKEN_WITHOUT_GRANT = auto()
    TOKEN_FOR_ANOTHER_STUDY = auto()
    TOKEN_FOR_THIS_STUDY = auto()
    TOKEN_GRANTED_THIS_STUDY = auto()
    TOKEN_DENIED_THIS_STUDY = auto()
    CLINICIAN_TOKEN = auto()
    ADMINISTRATOR_TOKEN_WITH_GRANT = auto()
    AUDITOR_TOKEN_WITH_GRANT = auto()
    STORE_ONLY_DEVICE = auto()
    DEVICE_WITHOUT_GRANT = auto()
    DEVICE_WITH_GRANT = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """The answer by action. "found", "shown" and "stored" may tell about the study, nothing else may."""

    query: str
    view: str
    store: str
    delete: str
    verify: str = "200"  # capabilities
    metrics: str = "403"
    why: str = ""  # what the ledger says of whoever was turned away

    def of(self, action: Action) -> str:
        return str(getattr(self, action.value))


def turned_away(why: str, answer: str = "401") -> Row:
    return Row(answer, answer, answer, answer, answer, answer, why)


_NO_ROUTE: Final = dicom_web_routes()[0]  # for what is asked beside DICOMweb
_NO = "403"
_EMPTY = "nothing found"
_UNSEEN = "404"
_UNSTORED = "409"
_ALL = Row("found", "shown", "stored", _NO, metrics="200")
_NOTHING = Row(_EMPTY, _UNSEEN, _UNSTORED, _NO, metrics="200")
_NO_IMAGES = Row(_NO, _NO, _NO, _NO)

TABLE: Final[Mapping[Kind, Row]] = {
    Kind.NOBODY: turned_away("NO_EVIDENCE"),
    Kind.GARBAGE_BEARER: turned_away("TOKEN_INVALID"),
    Kind.EMPTY_BEARER: turned_away("TOKEN_INVALID"),
    Kind.BASIC_PASSWORD: turned_away("TOKEN_INVALID"),
    Kind.TWO_TOKENS: turned_away("TOKEN_INVALID"),
    Kind.TOKEN_IN_A_COOKIE: turned_away("NO_EVIDENCE"),
    Kind.UNKNOWN_TOKEN: turned_away("TOKEN_UNKNOWN"),
    Kind.EXPIRED_TOKEN: turned_away("TOKEN_EXPIRED"),
    Kind.REVOKED_TOKEN: turned_away("TOKEN_REVOKED"),
    Kind.FORGED_JWT: turned_away("TOKEN_INVALID"),
    Kind.CERTIFICATE_OF_ANOTHER_CA: turned_away("UNKNOWN_CERTIFICATE", "closed"),
    Kind.CERTIFICATE_NOBODY_ENROLLED: turned_away("UNKNOWN_CERTIFICATE"),
    Kind.EXPIRED_CERTIFICATE: turned_away("CERTIFICATE_EXPIRED"),
    Kind.REVOKED_DEVICE: turned_away("DEVICE_REVOKED"),
    Kind.DEVICE_WITH_REVOKED_TOKEN: turned_away("TOKEN_REVOKED"),
    Kind.WEAK_DEVICE: turned_away("NO_EVIDENCE"),  # an AE title is nothing one could say here
    Kind.VERIFY_ONLY_TOKEN: Row(_NO, _NO, _NO, _NO, metrics="200"),
    Kind.QUERY_ONLY_TOKEN: Row("found", _NO, _NO, _NO, metrics="200"),
    Kind.VIEW_ONLY_TOKEN: Row(_NO, "shown", _NO, _NO, metrics="200"),
    Kind.STORE_ONLY_TOKEN: Row(_NO, _NO, "stored", _NO, metrics="200"),
    Kind.DELETE_ONLY_TOKEN_FOR_ANOTHER_STUDY: Row(_NO, _NO, _NO, _UNSEEN, metrics="200"),
    Kind.TOKEN_WITHOUT_GRANT: _NOTHING,
    Kind.TOKEN_FOR_ANOTHER_STUDY: _NOTHING,
    Kind.TOKEN_FOR_THIS_STUDY: _ALL,
    Kind.TOKEN_GRANTED_THIS_STUDY: Row("found", "shown", _UNSTORED, _NO, metrics="200"),
    Kind.TOKEN_DENIED_THIS_STUDY: _NOTHING,
    Kind.CLINICIAN_TOKEN: Row("found", "shown", "stored", _NO),
    Kind.ADMINISTRATOR_TOKEN_WITH_GRANT: Row(_NO, _NO, _NO, _UNSEEN),
    Kind.AUDITOR_TOKEN_WITH_GRANT: _NO_IMAGES,
    Kind.STORE_ONLY_DEVICE: Row(_NO, _NO, "stored", _NO),
    Kind.DEVICE_WITHOUT_GRANT: Row(_EMPTY, _UNSEEN, "stored", _NO),
    Kind.DEVICE_WITH_GRANT: Row("found", "shown", "stored", _NO),
}


def test_the_table_forgets_no_caller_and_no_action() -> None:
    assert set(TABLE) == set(Kind)
    for route in dicom_web_routes():
        assert all(row.of(route.action) for row in TABLE.values()), route.path
        assert request_for(route, RIGHT).target.startswith("/dicom-web")
    assert {row.why for row in TABLE.values()} - {""} <= set(RefusalReason.__members__)


# --- the people of the table ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """What a kind of caller brings along."""

    headers: tuple[tuple[str, str], ...] = ()
    certificate: DeviceFiles | None = None


def _bearer(text: str) -> Shown:
    return Shown((("Authorization", f"Bearer {text}"),))


def _grant(server: ArchiveServer, holder: str, *, study: MarkedStudy | None = RIGHT, deny: bool = False) -> None:
    studies = f"study:{study.study_instance_uid}" if study else "everything"
    allow = {"allow": () if deny else SHOWS, "deny": (*SHOWS, "store") if deny else ()}
    order(server, "grant add", to=holder, studies=studies, why="a test", **allow)


def _shown_by(kind: Kind, server: ArchiveServer, past: Past) -> Shown:
    """Lets one kind of caller into the archive, as far as it gets."""
    name = kind.name.lower().replace("_", "-")
    this, another = (f"study:{study.study_instance_uid}" for study in (RIGHT, WRONG))
    good = f"lgt_0123456789abcdef_{'A' * 43}"
    match kind:
        case Kind.NOBODY:
            return Shown()
        case Kind.GARBAGE_BEARER:
            return _bearer("%00' OR 1=1 --")
        case Kind.EMPTY_BEARER:
            return Shown((("Authorization", "Bearer"),))
        case Kind.BASIC_PASSWORD:
            return Shown((("Authorization", "Basic YWRtaW46YWRtaW4="),))
        case Kind.TWO_TOKENS:
            valid = token(server, *SHOWS, name=name)
            return Shown(_bearer(valid).headers + _bearer(good).headers)
        case Kind.TOKEN_IN_A_COOKIE:
            valid = token(server, *SHOWS, name=name)
            return Shown((("Cookie", f"Authorization=Bearer {valid}; token={valid}; __Host-leadglass={valid}"),))
        case Kind.UNKNOWN_TOKEN:
            return _bearer(good)
        case Kind.EXPIRED_TOKEN:
            return _bearer(past.expired_token)
        case Kind.REVOKED_TOKEN:
            return _bearer(_revoked(server, name))
        case Kind.FORGED_JWT:
            return _bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsInJvbGVzIjpbImNsaW5pY2lhbiJdfQ.")
        case Kind.CERTIFICATE_OF_ANOTHER_CA:
            return Shown(certificate=past.foreign)
        case Kind.CERTIFICATE_NOBODY_ENROLLED:
            return Shown(certificate=past.unenrolled)
        case Kind.EXPIRED_CERTIFICATE:
            return Shown(certificate=past.expired)
        case Kind.ADMINISTRATOR_TOKEN_WITH_GRANT:
            _grant(server, "token:administrator", study=None)
            return _bearer(past.administrator)
        case Kind.AUDITOR_TOKEN_WITH_GRANT:
            _grant(server, "token:auditor", study=None)
            return _bearer(past.auditor)
        case Kind.VERIFY_ONLY_TOKEN:
            return _bearer(token(server, "verify", name=name))
        case Kind.QUERY_ONLY_TOKEN | Kind.VIEW_ONLY_TOKEN | Kind.STORE_ONLY_TOKEN:
            return _bearer(token(server, name.split("-")[0], name=name, studies=this))
        case Kind.DELETE_ONLY_TOKEN_FOR_ANOTHER_STUDY:
            return _bearer(token(server, "delete", name=name, studies=another))
        case Kind.TOKEN_WITHOUT_GRANT | Kind.TOKEN_GRANTED_THIS_STUDY | Kind.TOKEN_DENIED_THIS_STUDY:
            text = token(server, *SHOWS, "store", name=name, studies="")
            if kind is not Kind.TOKEN_WITHOUT_GRANT:
                _grant(server, f"token:{name}")
            if kind is Kind.TOKEN_DENIED_THIS_STUDY:
                _grant(server, f"token:{name}", deny=True)
            return _bearer(text)
        case Kind.TOKEN_FOR_ANOTHER_STUDY | Kind.TOKEN_FOR_THIS_STUDY:
            studies = this if kind is Kind.TOKEN_FOR_THIS_STUDY else another
            return _bearer(token(server, *SHOWS, "store", name=name, studies=studies))
        case Kind.CLINICIAN_TOKEN:
            return _bearer(token(server, *SHOWS, "store", name=name, role="clinician", studies=this))
    return _shown_by_device(kind, server)


def _shown_by_device(kind: Kind, server: ArchiveServer) -> Shown:
    title = f"DEV{kind.value}"
    match kind:
        case Kind.WEAK_DEVICE:
            enrol(server, title, "store", "query", "retrieve")
            return Shown((("X-Calling-AE-Title", title), ("From", title)))
        case Kind.STORE_ONLY_DEVICE:
            return Shown(certificate=enrol_tls(server, title, "store"))  # granted everything: its enrolment is the cap
        case Kind.REVOKED_DEVICE:
            files = enrol_tls(server, title, "store", "query", "retrieve")
            order(server, "device revoke", name=title.lower())
            return Shown(certificate=files)
        case Kind.DEVICE_WITH_REVOKED_TOKEN:
            files = enrol_tls(server, title, "store", "query", "retrieve")
            return Shown(_bearer(_revoked(server, title.lower())).headers, files)
        case Kind.DEVICE_WITHOUT_GRANT | Kind.DEVICE_WITH_GRANT:
            files = enrol_tls(server, title, "store", "query", "retrieve", sees="")
            if kind is Kind.DEVICE_WITH_GRANT:
                _grant(server, f"device:{title.lower()}")
            return Shown(certificate=files)
    raise AssertionError(f"nobody plays {kind.name}")


def _revoked(server: ArchiveServer, name: str) -> str:
    text = token(server, *SHOWS, name=name)
    order(server, "token revoke", name=name)
    return text


# --- the walk ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web-matrix")


@pytest.fixture(scope="module")
def past(folder: Path) -> Past:
    return asyncio.run(prepared(folder / "home", folder / "past"))


@pytest.fixture(scope="module")
def server(past: Past, folder: Path) -> Iterator[ArchiveServer]:
    with run_archive(folder / "home") as running:
        with web(running, certificate=enrol_tls(running, "SENDER", "store")) as sender:
            for study in (RIGHT, WRONG):
                asked = next(
                    request_for(route, study)
                    for route in dicom_web_routes()
                    if route.action is Action.STORE and route.path == "/studies"
                )
                stored = sender.request(asked.method, asked.target, headers=dict(asked.headers), content=asked.body)
                assert stored.status_code == 200, stored.text
        yield running


def _told(answer: httpx2.Response | None) -> bytes:
    if answer is None:
        return b""
    lines = [f"{name}: {value}".encode() for name, value in answer.headers.items()]
    return b"\n".join([*lines, answer.content])


def _words(asked: Asked, answer: httpx2.Response) -> str:
    """The answer as the table says it."""
    finds = asked.route.action is Action.QUERY and answer.status_code in (200, 204)
    if finds:
        return "found" if marks_in(answer.content, RIGHT.uids) else _EMPTY
    if answer.status_code == 200:
        return {Action.VIEW: "shown", Action.STORE: "stored"}.get(asked.route.action, "200")
    return str(answer.status_code)


def _ask(client: httpx2.Client, asked: Asked, shown: Shown) -> httpx2.Response | None:
    """The answer; None if the door was closed before there could be one."""
    headers = [*shown.headers, *asked.headers.items()]
    try:
        return client.request(asked.method, asked.target, headers=headers, content=asked.body or None)
    except (httpx2.NetworkError, httpx2.RemoteProtocolError):
        return None


def _expected(route: Route, row: Row) -> str:
    """The cell. Parts of a study are deleted for nobody: whoever has a name is told so without any look at them."""
    is_part = route.action is Action.DELETE and "{series}" in route.path
    return "501" if is_part and not row.why else row.of(route.action)


def _answers(client: httpx2.Client, shown: Shown) -> Iterator[tuple[str, str, list[bytes]]]:
    """Each address with its answer, and the marks in it of studies that this answer may not tell about."""
    for route in dicom_web_routes():
        asked = request_for(route, RIGHT)
        answer = _ask(client, asked, shown)
        words = _words(asked, answer) if answer is not None else "closed"
        forbidden = WRONG.marks if words in {"found", "shown", "stored"} else WRONG.marks | RIGHT.personal
        yield asked.name, words, marks_in(_told(answer), forbidden)
    for path in ("/health", "/metrics"):
        answer = _ask(client, Asked(_NO_ROUTE, "GET", path), shown)
        words = str(answer.status_code) if answer is not None else "closed"
        yield path, words, marks_in(_told(answer), WRONG.marks | RIGHT.marks)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name.lower())
def test_every_address_answers_as_the_table_says(kind: Kind, server: ArchiveServer, past: Past) -> None:
    row, shown = TABLE[kind], _shown_by(kind, server, past)
    address = f"127.0.2.{kind.value}"
    with web(server, certificate=shown.certificate, address=address) as client:
        heard = list(_answers(client, shown))
    expected = {request_for(route, RIGHT).name: _expected(route, row) for route in dicom_web_routes()}
    expected |= {"/health": "closed" if row.verify == "closed" else "200", "/metrics": row.metrics}
    assert {name: words for name, words, _ in heard} == expected
    assert [name for name, _, leaks in heard if leaks] == []
    if row.why:
        reasons = {said["reason"] for said in ledger_rows(server) if said["address"] == address}
        assert reasons == {RefusalReason[row.why].value}


# --- what is hidden is absent ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["token", "certificate"])
def test_hidden_is_absent(way: str, server: ArchiveServer) -> None:
    """The same status, headers and body, but for the UIDs that the caller said himself."""
    if way == "token":
        shown = _bearer(token(server, *SHOWS, "delete", studies=f"study:{RIGHT.study_instance_uid}"))
    else:
        files = enrol_tls(server, "BLIND", "query", "retrieve", sees=f"study:{RIGHT.study_instance_uid}")
        shown = Shown(certificate=files)
    with web(server, certificate=shown.certificate) as client:
        for route in dicom_web_routes():
            if route.action is Action.STORE:
                continue  # whoever may not store learns that of every study alike
            hidden, absent = (_anonymous(_ask(client, request_for(route, it), shown), it) for it in (WRONG, ABSENT))
            assert hidden == absent, route.path
            assert not marks_in(hidden, WRONG.marks)


def _anonymous(answer: httpx2.Response | None, about: MarkedStudy) -> bytes:
    assert answer is not None
    kept = [f"{name}: {value}".encode() for name, value in answer.headers.items() if name != "date"]
    told = b"\n".join([str(answer.status_code).encode(), *kept, answer.content])
    for known in sorted(about.uids):
        told = told.replace(known, b"#" * len(known))
    return told
