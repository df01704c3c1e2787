"""Invariant: each neighbour's verdict is the truth of a simulated server, however its bytes are cut; no more is asked
than is granted; and what the evidence keeps leads to the same verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import pytest

from helpers.neighbour_visits import CALLER, probed, replayed, verdicts
from leadglass import __version__
from leadglass.net.conversing import Ending
from leadglass.range.law import Law
from leadglass.range.manner import Action, Manner
from leadglass.range.manners.ftp import FtpServer
from leadglass.range.manners.hl7 import Hl7Receiver
from leadglass.range.manners.mongodb import MongodbServer, SimulatedCollection
from leadglass.range.manners.mysql import MysqlServer
from leadglass.range.manners.postgresql import PostgresqlServer
from leadglass.range.manners.redis import RedisServer
from leadglass.range.manners.smb import SmbServer
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, DatabaseFacts, Hl7Facts, ShareFacts, Verdict
from leadglass.survey.probes import PROBERS
from leadglass.survey.probes.bson import decode, encode
from leadglass.survey.probes.mongodb_names import Greeting
from leadglass.survey.probes.mongodb_talks import Commands
from leadglass.survey.services import Service

PATIENTS = [
    SimulatedCollection("clinic", "patients", 12_345, ("_id", "name", "dob", "aadhaar_no", "mobile")),
    SimulatedCollection("clinic", "visits", 7, ("diagnosisNotes", "physician", "notes")),
    SimulatedCollection("shop", "stock", 3, ("name", "price")),
]
OPEN, CLOSED, UNCLEAR = Verdict.OPEN, Verdict.CLOSED, Verdict.UNCLEAR

Maker = Callable[[Law], Manner]
CASES: Mapping[str, tuple[Service, Maker, dict[str, Verdict]]] = {
    "hl7": (Service.HL7, Hl7Receiver, {"enter": OPEN}),
    "mongodb open": (
        Service.MONGODB,
        partial(MongodbServer, collections=PATIENTS),
        {"enter": OPEN, "list": OPEN, "query": OPEN},
    ),
    "mongodb empty": (Service.MONGODB, MongodbServer, {"enter": OPEN, "list": UNCLEAR}),
    "mongodb closed": (Service.MONGODB, partial(MongodbServer, demands_login=True), {"enter": CLOSED}),
    "ftp open": (Service.FTP, partial(FtpServer, lets_in_anonymous=True), {"enter": OPEN}),
    "ftp closed": (Service.FTP, partial(FtpServer, lets_in_anonymous=False), {"enter": CLOSED}),
    "smb open": (Service.SMB, partial(SmbServer, allows_null=True), {"enter": OPEN}),
    "smb closed": (Service.SMB, SmbServer, {"enter": CLOSED}),
    "smb 1": (Service.SMB, partial(SmbServer, only_smb1=True), {}),
    "postgresql trust": (Service.POSTGRESQL, partial(PostgresqlServer, trusts=True), {"enter": OPEN}),
    "postgresql open": (
        Service.POSTGRESQL,
        partial(PostgresqlServer, trusts=True, knows_everybody=True),
        {"enter": OPEN, "list": OPEN, "query": OPEN},
    ),
    "postgresql closed": (Service.POSTGRESQL, PostgresqlServer, {"enter": CLOSED}),
    "mysql open": (
        Service.MYSQL,
        partial(MysqlServer, lets_in_nameless=True, databases=("information_schema", "clinic")),
        {"enter": OPEN, "list": OPEN, "query": OPEN},
    ),
    "mysql nothing to see": (Service.MYSQL, partial(MysqlServer, lets_in_nameless=True), {"enter": OPEN}),
    "mysql closed": (Service.MYSQL, MysqlServer, {"enter": CLOSED}),
    "redis open": (Service.REDIS, partial(RedisServer, keys=99), {"enter": OPEN, "query": OPEN}),
    "redis closed": (Service.REDIS, partial(RedisServer, password=True), {"enter": CLOSED}),
    "redis protected": (Service.REDIS, partial(RedisServer, protected=True), {"enter": CLOSED}),
}
LEVELS = [Level.PRESENCE, Level.ACCESS, Level.COUNTS, Level.KINDS]


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_the_truth_however_the_bytes_are_cut(name: str, size: int | None) -> None:
    service, manner, truth = CASES[name]
    heard = probed(PROBERS[service], Level.ACCESS, manner, size=size)
    assert verdicts(heard.sighting) == {"speak": OPEN, **truth}
    assert {t.how for t in heard.sighting.tries} == {HOWS[service]}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", CASES)
def test_no_more_is_asked_than_is_granted(name: str, level: Level) -> None:
    service, manner, _ = CASES[name]
    heard = probed(PROBERS[service], level, manner)
    assert not heard.law.above(level)
    assert heard.law.asked or name.startswith("redis protected") or level is Level.PRESENCE


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", CASES)
def test_the_evidence_leads_to_the_same_sighting(name: str, level: Level) -> None:
    service, manner, _ = CASES[name]
    heard = probed(PROBERS[service], level, manner)
    assert replayed(PROBERS[service], level, heard) == heard.sighting


@pytest.mark.parametrize("service", [s for s in Service if s not in (Service.DICOM, Service.HTTP)])
@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x01\0\2\2\x28"]
)
def test_another_language_is_told(service: Service, said: bytes) -> None:
    heard = probed(PROBERS[service], Level.ACCESS, lambda law: Parrot(said))
    assert verdicts(heard.sighting) == {"speak": Verdict.NOT_OFFERED}
    assert heard.sighting.facts is None
    assert replayed(PROBERS[service], Level.ACCESS, heard) == heard.sighting


@pytest.mark.parametrize("service", [s for s in Service if s not in (Service.DICOM, Service.HTTP)])
def test_silence_and_absence(service: Service) -> None:
    assert verdicts(probed(PROBERS[service], Level.ACCESS, lambda law: Parrot(b"")).sighting) == {"speak": UNCLEAR}
    nobody = probed(PROBERS[service], Level.ACCESS, None).sighting
    assert (nobody.tries, nobody.facts, nobody.ending) == ((), None, Ending.REFUSED)


@pytest.mark.parametrize("name", CASES)
def test_bytes_that_trail_an_answer_change_nothing_that_was_proved(name: str) -> None:
    service, manner, truth = CASES[name]
    seen = verdicts(probed(PROBERS[service], Level.ACCESS, manner, trailing=b"\xff" * 9).sighting)
    assert {act: v for act, v in seen.items() if v is OPEN}.items() <= {"speak": OPEN, **truth}.items()


def test_mongodb_counts_and_kinds() -> None:
    manner = partial(MongodbServer, collections=PATIENTS)
    counted = probed(PROBERS[Service.MONGODB], Level.COUNTS, manner).sighting
    assert counted.counts is not None
    assert counted.counts.records == 12_355
    assert counted.software.version == "6.0.14"
    seen = probed(PROBERS[Service.MONGODB], Level.KINDS, manner).sighting
    assert isinstance(seen.facts, DatabaseFacts)
    assert [(c.name, c.records, c.kinds) for c in seen.facts.collections] == [
        ("clinic.patients", 12_345, ("birth date", "contact", "name", "national id")),
        ("clinic.visits", 7, ("diagnosis", "notes", "physician")),
        ("shop.stock", 3, ()),
    ]
    assert seen.kinds == ("birth date", "contact", "diagnosis", "name", "national id", "notes", "physician")


def test_redis_counts_its_keys() -> None:
    counts = probed(PROBERS[Service.REDIS], Level.COUNTS, partial(RedisServer, keys=99)).sighting.counts
    assert counts is not None
    assert counts.records == 99


def test_what_is_asked_at_level_1() -> None:
    asked = {name: probed(PROBERS[s], Level.PRESENCE, m).law.asked for name, (s, m, _) in CASES.items()}
    assert all(level == 1 for law in asked.values() for level, _ in law)


AT_LEVEL_1 = {Service.MONGODB, Service.REDIS}
"""Whose protocol has a place for a caller's name before one has come in."""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", [name for name in CASES if name.endswith((" open", "hl7"))])
def test_every_connection_says_who_asks_where_the_protocol_has_a_place_for_it(name: str, level: Level) -> None:
    service, manner, _ = CASES[name]
    for call, _, said in probed(PROBERS[service], level, manner).calls:
        sent = b"".join(part.data for part in said if part.by_us) or call.talk.begin()  # a tally leaves no transcript
        is_told = CALLER.contact.encode() in sent or CALLER.contact.encode("utf-16-le") in sent
        assert is_told or (call.talk.level is Level.PRESENCE and service not in AT_LEVEL_1), call.talk.kind


@pytest.mark.parametrize("size", [1, 30, 400])
def test_a_name_of_any_length_fits(size: int) -> None:
    caller = replace(CALLER, contact="x" * size + "@example.org")
    for service, manner, truth in CASES.values():
        heard = probed(PROBERS[service], Level.KINDS, manner, caller=caller)
        assert verdicts(heard.sighting) == {"speak": OPEN, **truth}


def test_mongodb_is_told_by_the_handshakes_own_fields() -> None:
    hello = Commands.begin(Greeting("Leadglass:" + "ä" * 100))
    client = decode(hello[hello.index(b".$cmd\0") + 14 :])
    assert client is not None
    assert isinstance(told := client["client"], dict)
    assert isinstance(application := told["application"], dict)
    assert len(str(application["name"]).encode()) <= 128
    assert told["driver"] == {"name": "Leadglass", "version": __version__}
    assert told["os"] == {"type": "unknown"}
    assert len(encode(told)) <= 512


def test_a_redis_that_knows_no_names_of_callers_is_asked_on() -> None:
    heard = probed(PROBERS[Service.REDIS], Level.COUNTS, Unnaming)
    assert verdicts(heard.sighting) == {"speak": OPEN, "enter": OPEN, "query": OPEN}
    assert heard.sighting.counts is not None
    assert heard.sighting.counts.records == 5


def test_facts_of_shares_and_receivers() -> None:
    smb = probed(PROBERS[Service.SMB], Level.ACCESS, partial(SmbServer, signing_required=True)).sighting
    assert smb.facts == ShareFacts(allows_anonymous=False, dialect="3.0.2", signing_required=True)
    old = probed(PROBERS[Service.SMB], Level.ACCESS, partial(SmbServer, only_smb1=True)).sighting
    assert old.facts == ShareFacts(dialect="1")
    ftp = probed(PROBERS[Service.FTP], Level.ACCESS, partial(FtpServer, lets_in_anonymous=True)).sighting
    assert (ftp.software.product, ftp.software.version) == ("vsFTPd", "3.0.3")
    hl7 = probed(PROBERS[Service.HL7], Level.ACCESS, Hl7Receiver).sighting
    assert hl7.facts == Hl7Facts(acknowledgement="AE")
    assert [t.code for t in hl7.tries if t.act is Act.ENTER] == ["AE 101"]


def test_the_hl7_message_is_a_header_without_a_type() -> None:
    fields = probed(PROBERS[Service.HL7], Level.ACCESS, Hl7Receiver).sent.strip(b"\x0b\x1c\r").split(b"|")
    assert len(fields) == 12
    assert fields[2].decode() == CALLER.calling_ae_title
    assert fields[3].decode() == CALLER.contact
    assert fields[8] == b""  # MSH-9
    assert fields[9]
    assert fields[10] == b"T"  # training: not even a system that takes anything would put it into production


def test_no_text_of_a_peers_own_choosing_is_kept() -> None:
    for service, said in TALKATIVE.items():
        heard = probed(PROBERS[service], Level.ACCESS, lambda law, said=said: Parrot(said))
        kept = b"".join(
            call.talk.reduced(part.data) for call, _, parts in heard.calls for part in parts if not part.by_us
        )
        assert b"DOE" not in kept, service
        assert "DOE" not in repr(heard.sighting)


class Unnaming(RedisServer):
    """Older than CLIENT SETNAME, or forbids it."""

    def __init__(self, law: Law) -> None:
        super().__init__(law, keys=5)

    def _answer(self, request: bytes) -> Iterable[Action]:
        return [b"-ERR unknown command 'CLIENT'\r\n"] if b"CLIENT" in request else super()._answer(request)


class Parrot:
    """Says one thing, whatever it hears."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    def opened(self) -> list[bytes]:
        return [self._said] if self._said else []

    def received(self, data: bytes) -> list[bytes]:
        return []


HOWS = {
    Service.HL7: "MLLP",
    Service.MONGODB: "MongoDB",
    Service.FTP: "FTP",
    Service.SMB: "SMB",
    Service.POSTGRESQL: "PostgreSQL",
    Service.MYSQL: "MySQL",
    Service.REDIS: "Redis",
}
TALKATIVE = {
    Service.HL7: b"\x0bMSH|^~\\&|DOE\rMSA|AR|DOE|DOE\rERR|DOE^DOE|DOE|DOE\rPID|||DOE\r\x1c\r",
    Service.FTP: b"220-DOE\r\n DOE\r\n220 DOE vsFTPd 3.0.3\r\n530 DOE\r\n",
    Service.REDIS: b"-NOAUTH DOE\r\n",
    Service.POSTGRESQL: b"S",
    Service.MYSQL: b"\x13\0\0\0\xff\x6a\x04DOE may not come",
}
