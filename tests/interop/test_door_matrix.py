"""The door matrix: every kind of caller at every DIMSE service, the exact answer, and not a byte beyond the grants.

The table below is the specification. It cannot forget anything: a kind of caller without a row, a service without a
cell, or a DIMSE request without a service fails a test.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final, get_args

from helpers.archive_server import ArchiveServer, DeviceFiles, command
from helpers.certificates import Authority, issue_ended
from helpers.marked import MarkedStudy, marks_in
from helpers.marked_archive import PASSCODE, WORKSTATION, MarkedArchive, marked_archive
from helpers.telling import refusals_in, tell
from helpers.visiting import SERVICES, Visit, Visitor, ask, visit
from leadglass.app.configuration import Configuration
from leadglass.app.home import Home
from leadglass.app.house import House
from leadglass.dicom.dimse.messages import Request
from leadglass.dicom.upperlayer import RoleSelection
from leadglass.gate.devices import Device
from leadglass.terms.evidence import UserIdentity
from leadglass.terms.outcome import RefusalReason
from leadglass.terms.principal import Role

RIGHT: Final = MarkedStudy("granted")
WRONG: Final = MarkedStudy("withheld")
STUDIES: Final = (RIGHT, WRONG)


class Kind(Enum):
    """Who may knock."""

    STRANGER = auto()
    STRANGER_ON_TLS_PORT = auto()
    WRONG_AE_TITLE_FOR_CERTIFICATE = auto()
    RIGHT_AE_TITLE_WRONG_NETWORK = auto()
    TLS_DEVICE_ON_PLAIN_PORT = auto()
    EXPIRED_CERTIFICATE = auto()
    CERTIFICATE_OF_ANOTHER_CA = auto()
    CERTIFICATE_NOBODY_ENROLLED = auto()
    REVOKED_DEVICE = auto()
    REVOKED_WEAK_DEVICE = auto()
    REVOKED_TOKEN = auto()
    EXPIRED_TOKEN = auto()
    UNKNOWN_TOKEN = auto()
    WRONG_PASSCODE = auto()
    UNKNOWN_USER = auto()
    DISABLED_USER = auto()
    LOCKED_OUT_ACCOUNT = auto()
    PASSCODE_ON_PLAIN_PORT = auto()
    WEAK_DEVICE = auto()
    STORE_ONLY_DEVICE = auto()
    QUERY_DEVICE_WITHOUT_GRANT = auto()
    RETRIEVE_DEVICE_WITHOUT_GRANT = auto()
    DEVICE_WITH_GRANT = auto()
    RIGHT_PERSON_WRONG_STUDY = auto()
    RIGHT_PERSON_RIGHT_STUDY = auto()
    TOKEN_FOR_ANOTHER_STUDY = auto()
    TOKEN_FOR_THIS_STUDY = auto()
    VIEW_ONLY_GRANT = auto()
    GRANT_TO_VIEW_BUT_NOT_QUERY = auto()
    DENIED_EXPLICITLY = auto()
    ADMINISTRATOR = auto()
    ADMINISTRATOR_WITH_GRANT = auto()
    AUDITOR = auto()
    PERSON_DISABLED_MIDWAY = auto()
    DEVICE_REVOKED_MIDWAY = auto()
    GRANT_REVOKED_MIDWAY = auto()


Row = Mapping[str, str]
"""Service → "answer" or "answer: REASON", where REASON is what the ledger must say."""

_FINDS = tuple(service for service in SERVICES if service.startswith("C-FIND"))
_NEVER_PROVIDED = ("N-EVENT-REPORT", "N-GET", "N-SET", "N-CREATE", "N-DELETE")


def turned_away(reason: str, answer: str = "RJ 1/1/3") -> Row:
    """Refused before any service could be asked for."""
    return dict.fromkeys(SERVICES, f"{answer}: {reason}")


def let_in(*, echo: str = "0000", store: str, find: str, get: str, move: str, commit: str, others: str = "0211") -> Row:
    """An association. `find` is the answer at every level."""
    row = {"C-ECHO": echo, "C-STORE": store, "C-GET": get, "C-MOVE": move, "N-ACTION": commit}
    return row | dict.fromkeys(_FINDS, find) | dict.fromkeys(_NEVER_PROVIDED, others)


def nothing_at_all(reason: str) -> Row:
    """An association on which everything that needs permission is refused."""
    no = f"0124: {reason}"
    return let_in(echo=no, store=no, find=no, get=no, move=no, commit=no)


_LATER = "RJ 2/3/1"
_UNSEEN = "0000, event 2 0112 0112"  # both instances fail as if they did not exist
_NO_IMAGES = "0124: ROLE_SEES_NO_IMAGES"
_ONLY_STORE = let_in(
    store="0000",
    find="0124: ACTION_NOT_ALLOWED",
    get="0124: ACTION_NOT_ALLOWED",
    move="0124: ACTION_NOT_ALLOWED",
    commit=f"{_UNSEEN}: ACTION_NOT_ALLOWED",
)
_ADMINISTRATION = let_in(
    store="0124: ACTION_NOT_ALLOWED",
    find=_NO_IMAGES,
    get=_NO_IMAGES,
    move=_NO_IMAGES,
    commit="0124: ACTION_NOT_ALLOWED",
)
_NONE_OF_IT = let_in(
    store="0124: NO_GRANT",
    find="0 found, 0000",
    get="0 sent, 0000: NO_GRANT",
    move="0 sent, 0000: NO_GRANT",
    commit=f"{_UNSEEN}: NO_GRANT",
)
_ALL_OF_IT = let_in(
    store="0124: NO_GRANT", find="found", get="2 sent, 0000", move="2 sent, 0000", commit="0000, event 1"
)

TABLE: Final[Mapping[Kind, Row]] = {
    Kind.STRANGER: turned_away("UNKNOWN_DEVICE"),
    Kind.STRANGER_ON_TLS_PORT: turned_away("UNKNOWN_DEVICE"),
    Kind.WRONG_AE_TITLE_FOR_CERTIFICATE: turned_away("WRONG_AE_TITLE"),
    Kind.RIGHT_AE_TITLE_WRONG_NETWORK: turned_away("WRONG_NETWORK"),
    Kind.TLS_DEVICE_ON_PLAIN_PORT: turned_away("NEEDS_TLS"),
    Kind.EXPIRED_CERTIFICATE: turned_away("CERTIFICATE_EXPIRED"),
    Kind.CERTIFICATE_OF_ANOTHER_CA: turned_away("UNKNOWN_CERTIFICATE", "closed"),
    Kind.CERTIFICATE_NOBODY_ENROLLED: turned_away("UNKNOWN_CERTIFICATE"),
    Kind.REVOKED_DEVICE: turned_away("DEVICE_REVOKED"),
    Kind.REVOKED_WEAK_DEVICE: turned_away("DEVICE_REVOKED"),
    Kind.REVOKED_TOKEN: turned_away("TOKEN_REVOKED"),
    Kind.EXPIRED_TOKEN: turned_away("TOKEN_EXPIRED"),
    Kind.UNKNOWN_TOKEN: turned_away("TOKEN_UNKNOWN"),
    Kind.WRONG_PASSCODE: turned_away("UNKNOWN_USER"),
    Kind.UNKNOWN_USER: turned_away("UNKNOWN_USER"),
    Kind.DISABLED_USER: turned_away("UNKNOWN_USER"),
    Kind.LOCKED_OUT_ACCOUNT: turned_away("TOO_MANY_ATTEMPTS", _LATER),
    Kind.PASSCODE_ON_PLAIN_PORT: turned_away("IDENTITY_ON_PLAIN_DOOR"),
    Kind.WEAK_DEVICE: _ONLY_STORE,
    Kind.STORE_ONLY_DEVICE: _ONLY_STORE,
    Kind.QUERY_DEVICE_WITHOUT_GRANT: let_in(
        store="0124: ACTION_NOT_ALLOWED",
        find="0 found, 0000",
        get="0124: ACTION_NOT_ALLOWED",
        move="0124: ACTION_NOT_ALLOWED",
        commit="0124: ACTION_NOT_ALLOWED",
    ),
    Kind.RETRIEVE_DEVICE_WITHOUT_GRANT: {**_NONE_OF_IT, "C-STORE": "0000"},
    Kind.DEVICE_WITH_GRANT: {**_ALL_OF_IT, "C-STORE": "0000"},
    Kind.RIGHT_PERSON_WRONG_STUDY: _NONE_OF_IT,
    Kind.RIGHT_PERSON_RIGHT_STUDY: _ALL_OF_IT,
    Kind.TOKEN_FOR_ANOTHER_STUDY: _NONE_OF_IT,
    Kind.TOKEN_FOR_THIS_STUDY: _ALL_OF_IT,
    Kind.VIEW_ONLY_GRANT: {**_ALL_OF_IT, "C-MOVE": "0 sent, 0000: NO_GRANT"},
    Kind.GRANT_TO_VIEW_BUT_NOT_QUERY: {**_NONE_OF_IT, "C-GET": "2 sent, 0000"},
    Kind.DENIED_EXPLICITLY: let_in(
        store="0124: NO_GRANT",
        find="0 found, 0000",
        get="0 sent, 0000: DENIED",
        move="0 sent, 0000: DENIED",
        commit=f"{_UNSEEN}: DENIED",
    ),
    Kind.ADMINISTRATOR: _ADMINISTRATION,
    Kind.ADMINISTRATOR_WITH_GRANT: _ADMINISTRATION,
    Kind.AUDITOR: _ADMINISTRATION,
    Kind.PERSON_DISABLED_MIDWAY: nothing_at_all("UNKNOWN_USER"),
    Kind.DEVICE_REVOKED_MIDWAY: nothing_at_all("DEVICE_REVOKED"),
    Kind.GRANT_REVOKED_MIDWAY: _NONE_OF_IT,
}


def _cell(kind: Kind, service: str) -> tuple[str, str]:
    """The answer and the reason ("" for none) that the table wants."""
    answer, _, reason = TABLE[kind][service].partition(": ")
    if answer == "found":
        answer = f"{len(RIGHT.images) if service == 'C-FIND IMAGE' else 1} found, 0000"
    return answer, reason


def test_the_table_forgets_no_caller_and_no_service() -> None:
    assert set(TABLE) == set(Kind)
    assert {kind: set(row) for kind, row in TABLE.items()} == {kind: set(SERVICES) for kind in Kind}
    asked = {service.split()[0].replace("-", "").casefold() for service in SERVICES}
    assert asked == {request.__name__.removesuffix("Rq").casefold() for request in get_args(Request)}
    assert {service.split()[1] for service in _FINDS} == {"PATIENT", "STUDY", "SERIES", "IMAGE"}
    reasons = {_cell(kind, service)[1] for kind in Kind for service in SERVICES} - {""}
    assert reasons <= set(RefusalReason.__members__)


# --- the people of the table ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Play:
    """One kind of caller, ready to call."""

    visitor: Visitor
    target: MarkedStudy = RIGHT
    granted: tuple[MarkedStudy, ...] = ()  # whose marks may be heard
    midway: tuple[str, dict[str, Any]] | None = None  # a command given once the associations stand


async def _play(kind: Kind, here: MarkedArchive, past: Past) -> Play:
    """Lets one kind of caller into the archive, as far as it gets."""
    name = kind.name.lower().replace("_", "-")[:16]
    everything = ("query", "view", "download")
    match kind:
        case Kind.STRANGER | Kind.STRANGER_ON_TLS_PORT:
            return Play(Visitor("STRANGER", tls=kind is Kind.STRANGER_ON_TLS_PORT))
        case Kind.WRONG_AE_TITLE_FOR_CERTIFICATE:
            return Play(replace(await here.device(name), ae_title="SOMEBODY_ELSE"))
        case Kind.RIGHT_AE_TITLE_WRONG_NETWORK:
            return Play(await here.weak_device(name, network="10.0.0.0/8"))
        case Kind.TLS_DEVICE_ON_PLAIN_PORT:
            return Play(replace(await here.device(name), tls=False))
        case Kind.EXPIRED_CERTIFICATE:
            return Play(Visitor(tls=True, files=past.expired))
        case Kind.CERTIFICATE_OF_ANOTHER_CA:
            return Play(Visitor(tls=True, files=past.foreign))
        case Kind.CERTIFICATE_NOBODY_ENROLLED:
            return Play(Visitor(tls=True, files=past.unenrolled))
        case Kind.REVOKED_DEVICE | Kind.REVOKED_WEAK_DEVICE:
            visitor = await (here.device(name) if kind is Kind.REVOKED_DEVICE else here.weak_device(name))
            await tell(here.server, "device revoke", name=name)
            return Play(visitor)
        case Kind.REVOKED_TOKEN:
            visitor = await here.token(name, studies="everything")
            await tell(here.server, "token revoke", name=name)
            return Play(visitor)
        case Kind.EXPIRED_TOKEN:
            return Play(Visitor(tls=True, identity=UserIdentity(5, past.token.encode(), b"")))
        case Kind.UNKNOWN_TOKEN:
            unknown = b"lgt_0123456789abcdef_" + b"A" * 43
            return Play(Visitor(tls=True, identity=UserIdentity(5, unknown, b"")))
        case Kind.WRONG_PASSCODE:
            return Play(_with_passcode(await here.person(name), b"another passcode"))
        case Kind.UNKNOWN_USER:
            return Play(Visitor(tls=True, identity=UserIdentity(2, b"nobody", PASSCODE.encode())))
        case Kind.DISABLED_USER:
            visitor = await here.person(name)
            await tell(here.server, "user disable", name=name)
            return Play(visitor)
        case Kind.LOCKED_OUT_ACCOUNT:
            return Play(await here.person(name))
        case Kind.PASSCODE_ON_PLAIN_PORT:
            return Play(replace(await here.person(name), tls=False))
        case Kind.WEAK_DEVICE:
            return Play(await here.weak_device(name))
        case Kind.STORE_ONLY_DEVICE:
            visitor = await here.device(name, allow="store")
            await here.grant(f"device:{name}", *everything)  # its enrolment is the cap
            return Play(visitor)
        case Kind.QUERY_DEVICE_WITHOUT_GRANT:
            return Play(await here.device(name, allow="query"))
        case Kind.RETRIEVE_DEVICE_WITHOUT_GRANT:
            return Play(await here.device(name, allow="store,query,retrieve"))
        case Kind.DEVICE_WITH_GRANT | Kind.DEVICE_REVOKED_MIDWAY:
            visitor = await here.device(name, allow="store,query,retrieve")
            await here.grant(f"device:{name}", *everything, study=RIGHT)
            if kind is Kind.DEVICE_WITH_GRANT:
                return Play(visitor, granted=(RIGHT,))
            return Play(visitor, midway=("device revoke", {"name": name}))
        case Kind.TOKEN_FOR_ANOTHER_STUDY | Kind.TOKEN_FOR_THIS_STUDY:
            visitor = await here.token(name, studies=f"study:{RIGHT.study_instance_uid}")
            if kind is Kind.TOKEN_FOR_THIS_STUDY:
                return Play(visitor, granted=(RIGHT,))
            return Play(visitor, target=WRONG)
        case Kind.ADMINISTRATOR | Kind.ADMINISTRATOR_WITH_GRANT | Kind.AUDITOR:
            visitor = await here.person(name, role="auditor" if kind is Kind.AUDITOR else "administrator")
            if kind is Kind.ADMINISTRATOR_WITH_GRANT:
                await here.grant(f"user:{name}", *everything)
            return Play(visitor)
    return await _play_person(kind, here, await here.person(name), f"user:{name}")


async def _play_person(kind: Kind, here: MarkedArchive, visitor: Visitor, holder: str) -> Play:
    """A clinician with a grant of some kind."""
    match kind:
        case Kind.VIEW_ONLY_GRANT:
            await here.grant(holder, "query", "view", "download", study=RIGHT, form="view-only")
            return Play(visitor, granted=(RIGHT,))
        case Kind.GRANT_TO_VIEW_BUT_NOT_QUERY:
            await here.grant(holder, "view", study=RIGHT)
            return Play(visitor, granted=(RIGHT,))
        case Kind.DENIED_EXPLICITLY:
            await here.grant(holder, "query", "view", "download")
            await here.grant(holder, "query", "view", "download", study=RIGHT, deny=True)
            return Play(visitor)
    granted = await here.grant(holder, "query", "view", "download", study=RIGHT)
    match kind:
        case Kind.RIGHT_PERSON_WRONG_STUDY:
            return Play(visitor, target=WRONG)
        case Kind.RIGHT_PERSON_RIGHT_STUDY:
            return Play(visitor, granted=(RIGHT,))
        case Kind.PERSON_DISABLED_MIDWAY:
            return Play(visitor, midway=("user disable", {"name": holder.removeprefix("user:")}))
        case Kind.GRANT_REVOKED_MIDWAY:
            return Play(visitor, midway=("grant revoke", {"grant_id": granted}))
    raise AssertionError(f"nobody plays {kind.name}")


def _with_passcode(visitor: Visitor, passcode: bytes) -> Visitor:
    assert visitor.identity is not None
    return replace(visitor, identity=replace(visitor.identity, secondary=passcode))


# --- what only time can make ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Past:
    """Certificates and a token that no command can make: they have ended, or come from elsewhere."""

    expired: DeviceFiles
    foreign: DeviceFiles
    unenrolled: DeviceFiles
    token: str


async def _past(home: Path, folder: Path) -> Past:
    """Prepared in a house that is not open to anybody yet."""
    house = await House.open(Home(home), Configuration())
    try:
        now = datetime.now(UTC)
        _, fingerprint = issue_ended((house.home.ca / "ca.key").read_bytes(), folder / "ended")
        await house.registry.add_device(
            Device(id="dev-ended", name="ended", ae_title="VISITOR", fingerprint=fingerprint, tls_only=True)
        )
        nobody = house.authority.issue_device("dev-nobody", "nobody", now)
        text, _ = await house.registry.create_token("expired", Role.CLINICIAN, timedelta(microseconds=1))
    finally:
        await house.close()
    leaf = Authority(folder / "foreign").issue("foreign")
    return Past(
        expired=DeviceFiles(folder / "ended"),
        foreign=_files(folder / "leaf", leaf.certificate.read_bytes(), leaf.key.read_bytes()),
        unenrolled=_files(folder / "nobody", nobody.certificate_pem, nobody.key_pem),
        token=text,
    )


def _files(folder: Path, certificate: bytes, key: bytes) -> DeviceFiles:
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    return DeviceFiles(folder)


# --- the walk ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walked:
    """What one kind of caller was answered, and what of other people's studies was heard."""

    kind: Kind
    address: str
    answers: dict[str, str] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)


async def _walk(kind: Kind, here: MarkedArchive, past: Past) -> Walked:
    """One kind of caller at every service. Who is let in asks for them one after another on one association; who is
    not knocks for each of them anew."""
    play = await _play(kind, here, past)
    address = f"127.0.1.{kind.value}"
    visitor = replace(play.visitor, source=address)
    if kind is Kind.LOCKED_OUT_ACCOUNT:
        for _ in range(LOCKS_OUT):
            async with visit(here.server, _with_passcode(visitor, b"not the passcode")) as refused:
                assert refused.refusal == "RJ 1/1/3"
    walked = Walked(kind, address)
    async with AsyncExitStack() as stack:
        visits = await _visits(kind, here.server, visitor, stack)
        if play.midway is not None:
            await tell(here.server, play.midway[0], **play.midway[1])
        for service, visiting in visits.items():
            await _ask_once(service, visiting, play, here, walked)
    return walked


async def _visits(kind: Kind, server: ArchiveServer, visitor: Visitor, stack: AsyncExitStack) -> Mapping[str, Visit]:
    """The association for each service."""
    if not _cell(kind, "C-ECHO")[0].startswith(("RJ", "closed")):
        syntaxes = dict.fromkeys(one for needed, taken in SERVICES.values() for one in (needed, *taken))
        roles = [RoleSelection(one, scu=True, scp=True) for _, taken in SERVICES.values() for one in taken]
        return dict.fromkeys(SERVICES, await stack.enter_async_context(visit(server, visitor, *syntaxes, roles=roles)))
    visits = {}
    for position, (service, (abstract_syntax, _)) in enumerate(SERVICES.items()):
        # four wrong passcodes an address: at the fifth it would be a locked-out account
        source = f"127.0.{1 + position // 4}.{kind.value}" if kind in GUESSING else visitor.source
        knocking = visit(server, replace(visitor, source=source), abstract_syntax)
        visits[service] = await stack.enter_async_context(knocking)
    return visits


async def _ask_once(service: str, visiting: Visit, play: Play, here: MarkedArchive, walked: Walked) -> None:
    """Notes the answer, and each mark of somebody else's study in what the archive said to anybody meanwhile."""
    own, tap, sent = OWN[walked.kind], visiting.tap, here.destination.tap.said
    heard_before, sent_before = len(tap.heard), len(sent)
    walked.answers[service] = await ask(visiting, service, play.target, own, here.destination, WORKSTATION)
    if visiting.association is None:
        heard_before = 0  # all there was is the answer to the association request
    for study in (*STUDIES, *OWN.values()):
        if study in (*play.granted, own):
            continue
        marks = study.marks - {uid for uid in study.uids if uid in tap.said}  # but for what the caller said himself
        for where, data in (("the caller", tap.heard[heard_before:]), ("the destination", sent[sent_before:])):
            walked.leaks.extend(f"{walked.kind.name} {service}: {mark!r} to {where}" for mark in marks_in(data, marks))


GUESSING: Final = (Kind.WRONG_PASSCODE, Kind.UNKNOWN_USER, Kind.DISABLED_USER)
OWN: Final = {kind: MarkedStudy(f"brought by {kind.name}", size=1) for kind in Kind}
LOCKS_OUT: Final = 5


async def test_every_caller_at_every_service(tmp_path: Path) -> None:
    past = await _past(tmp_path / "home", tmp_path)
    async with marked_archive(tmp_path / "home", *STUDIES) as here:
        walked = [await _walk(kind, here, past) for kind in Kind]
    differing = [
        f"{one.kind.name} {service}: {answer}, not {_cell(one.kind, service)[0]}"
        for one in walked
        for service, answer in one.answers.items()
        if answer != _cell(one.kind, service)[0]
    ]
    assert not differing, "\n".join(differing)
    assert not [leak for one in walked for leak in one.leaks]
    _check_ledger(tmp_path / "home", walked)


def _check_ledger(home: Path, walked: Sequence[Walked]) -> None:
    """Every refusal of the table is in the ledger, counted exactly under its reason; and nobody is refused more."""
    rows = json.loads(command(home, "ledger", "show", "--event", "refused", "--last", 10_000, "--json").stdout)
    written: Counter[str] = Counter()
    for row in rows:
        written[RefusalReason(row["reason"]).name] += refusals_in(row)
    wanted = Counter(_cell(kind, service)[1] for kind in Kind for service in SERVICES)
    del wanted[""]
    wanted["UNKNOWN_USER"] += LOCKS_OUT
    assert written == wanted
    by_address = {(row["address"], RefusalReason(row["reason"]).name) for row in rows}
    for one in walked:
        reasons = {_cell(one.kind, service)[1] for service in SERVICES}
        if len(reasons) == 1 and reasons != {""}:  # turned away at the door: each of them has an entry of its own
            assert (one.address, *reasons) in by_address, one.kind
