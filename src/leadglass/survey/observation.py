"""What a probe saw, typed. No field can hold patient data: verdicts, codes, versions, counts, kinds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal, TypeAlias

from leadglass.net.conversing import Ending, Handshake
from leadglass.survey.level import Level
from leadglass.survey.target import Target

__all__ = [
    "Act",
    "Collection",
    "Counts",
    "DatabaseFacts",
    "DicomFacts",
    "Facts",
    "Hl7Facts",
    "HttpFacts",
    "Meaning",
    "Observation",
    "Rung",
    "ShareFacts",
    "Sighting",
    "Sign",
    "Software",
    "StorageContext",
    "Try",
    "Verdict",
]


class Act(StrEnum):
    """What a stranger may try."""

    SPEAK = "speak"  # is the protocol spoken at all
    ENTER = "enter"  # is a stranger let in: association accepted, page shown, login not asked for
    QUERY = "query"  # would it answer questions: C-FIND, QIDO, FHIR search, SQL
    WORKLIST = "worklist"  # would it hand out the day's patients
    RETRIEVE = "retrieve"  # would it hand out images or documents
    WRITE = "write"  # would it take images; judged from what is offered, never tried
    LIST = "list"  # does it name files, indexes, databases


class Verdict(StrEnum):
    """What became of a try."""

    OPEN = "open"
    CLOSED = "closed"
    UNCLEAR = "unclear"  # it answered, and the answer says neither
    NOT_OFFERED = "not offered"


class Rung(IntEnum):
    """The exposure ladder (design: reachable < … < accepts writes)."""

    NOTHING = 0
    REACHABLE = 1
    SPEAKS = 2
    ACCEPTS_STRANGERS = 3
    ANSWERS_QUERIES = 4
    SERVES_IMAGES = 5
    ACCEPTS_WRITES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One thing tried, and its answer. Absent: not tried."""

    act: Act
    how: str  # "C-FIND", "QIDO-RS", "Orthanc REST" …: a name of ours
    verdict: Verdict
    code: str = ""  # "0x0124", "401", "rejected 1/1/7", "aborted 2/6": the peer's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """What runs there, as far as it can be proved."""

    product: str = ""  # "" if unknown
    version: str = ""
    version_before: str = ""  # a range: from `version` to before this one
    toolkit: str = ""  # like "DCMTK 3.6.7"
    proof: str = ""  # why we say so
    is_end_of_life: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much (level 3)."""

    records: int | None = None  # studies, documents, rows
    images: int | None = None
    patients: int | None = None
    is_at_least: bool = False  # the cap was reached, or a slice could not be split further
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A database, index, bucket or table that names itself to strangers."""

    name: str
    records: int | None = None
    kinds: tuple[str, ...] = ()  # kinds of personal data its field names speak of


Meaning: TypeAlias = Literal["honeypot", "demo", "test data", "teaching", "fleet", "real"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Something that says what this system really is."""

    means: Meaning
    why: str
    weight: int  # 1 weak, 2 medium, 3 strong


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageContext:
    """A storage class a stranger's association was granted."""

    abstract_syntax: str
    transfer_syntax: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomFacts:
    """Of a DICOM port."""

    association: str = ""  # "accepted", "rejected", "aborted", "" if it does not speak DICOM
    reject: tuple[int, int, int] | None = None  # result, source, reason (PS3.8 §9.3.4)
    abort: tuple[int, int] | None = None  # source, reason
    checks_ae_titles: bool | None = None
    demands_user_identity: bool | None = None
    answers_user_identity: bool | None = None  # None: a name was not shown, or did not help
    implementation_class_uid: str = ""
    implementation_version_name: str = ""
    max_pdu_length: int | None = None
    storage: tuple[StorageContext, ...] = ()
    query_classes: tuple[str, ...] = ()  # accepted C-FIND, C-GET, C-MOVE and worklist classes


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFacts:
    """Of a web port."""

    status: int = 0
    server: str = ""  # the Server header, cleaned
    page: str = ""  # what the landing page was recognised as: a word of ours
    favicon: str = ""  # MD5, if asked for
    body_digest: str = ""  # of the landing page: alike pages make a fleet
    collections: tuple[Collection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """Of a database port."""

    asks_for_password: bool | None = None
    collections: tuple[Collection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7Facts:
    """Of an MLLP port."""

    acknowledgement: str = ""  # MSA-1: AA, AE, AR …


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareFacts:
    """Of FTP and SMB."""

    allows_anonymous: bool | None = None
    dialect: str = ""
    signing_required: bool | None = None


Facts: TypeAlias = DicomFacts | HttpFacts | DatabaseFacts | Hl7Facts | ShareFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a probe returns."""

    ending: Ending  # of its first connection
    tries: tuple[Try, ...] = ()
    facts: Facts | None = None
    software: Software = Software()
    counts: Counts | None = None
    kinds: tuple[str, ...] = ()  # kinds of personal data seen present (level 4)
    signs: tuple[Sign, ...] = ()
    handshakes: tuple[Handshake, ...] = ()
    speaks_tls: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A sighting with its target and time, as it is recorded. `number` counts within a run, from 1."""

    number: int
    target: Target
    seen_at: datetime
    source: str  # "probe", or whose scan was imported
    level: Level  # what was granted
    sighting: Sighting
    seconds_to_connect: float | None = None
    evidence: str = ""  # hash of its entry in the evidence log
