"""The entries of the evidence log, and what of a run they hold. docs/formats/evidence.md is their description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, Final, TypeAlias, get_type_hints

import msgspec

from leadglass.net.conversing import Outcome, TlsOffer
from leadglass.survey.conversation import Said
from leadglass.survey.level import Level
from leadglass.survey.observation import (
    DatabaseFacts,
    DicomFacts,
    Facts,
    Hl7Facts,
    HttpFacts,
    Observation,
    ShareFacts,
    Sighting,
)
from leadglass.survey.probe import Caller
from leadglass.survey.recorder import Recorded
from leadglass.survey.target import Target
from leadglass.terms.ceilings import MAX_EVIDENCE_ENTRY, MAX_OWN_WORDS_KEPT

__all__ = [
    "FACTS",
    "Begun",
    "Call",
    "Closed",
    "Digest",
    "Entry",
    "Nothing",
    "Resumed",
    "Seen",
    "decode",
    "encode",
    "observation_of",
    "seen",
    "seen_body",
]

FACTS: Final[Mapping[str, type]] = {
    "dicom": DicomFacts,
    "http": HttpFacts,
    "database": DatabaseFacts,
    "hl7": Hl7Facts,
    "share": ShareFacts,
}
"""The types of facts by the names they have on disk."""

_NAMES: Final = {facts: name for name, facts in FACTS.items()}


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="begun"):
    """The first entry: what this run is."""

    id: str
    at: datetime
    scope_digest: str  # SHA-256 of the scope file's bytes, hex; "" if there is no file
    level: Level  # the highest that may be used
    product: str  # "leadglass 0.1.0"
    caller: Caller
    only: tuple[str, ...] = ()
    """What the run was narrowed to: addresses, networks, address:port. Empty: all of the scope."""
    plan: str = ""
    """Digest of the ground the plan walks. Numbers mean the same targets only as long as it is the same."""
    hosts: dict[str, tuple[str, ...]] = {}
    """The addresses that host names of the scope had."""


class Resumed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="resumed"):
    """The run went on after a stop or a crash."""

    at: datetime
    cut_bytes: int = 0  # of a line that was written by half


class Nothing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="nothing"):
    """Targets where there was no connection: ranges of their numbers, both ends included."""

    since: datetime
    until: datetime
    refused: tuple[tuple[int, int], ...] = ()
    silent: tuple[tuple[int, int], ...] = ()
    unreachable: tuple[tuple[int, int], ...] = ()

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """All of them."""
        return self.refused + self.silent + self.unreachable


class Closed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="closed"):
    """The last entry, unless the run is resumed."""

    at: datetime
    finished: bool  # every target of the plan was looked at
    totals: dict[str, int]


class Digest(msgspec.Struct, frozen=True):
    """In place of words of ours that are long: what is proposed to every archive alike need not be kept of each."""

    sha256: str  # hex
    length: int

    @classmethod
    def of(cls, words: bytes) -> Digest:
        return cls(sha256(words).hexdigest(), len(words))


class Words(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of bytes in one direction. Those of a peer are never a digest."""

    by_us: bool
    data: bytes | Digest


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One connection. Either `said` or `tally` says what the talk heard."""

    talk: str
    level: Level
    outcome: Outcome
    tls: TlsOffer | None = None
    drawn: tuple[str, ...] = ()
    said: tuple[Words, ...] = ()
    tally: dict[str, int | bool | str] | None = None


class KeptFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """At most one of them."""

    dicom: DicomFacts | None = None
    http: HttpFacts | None = None
    database: DatabaseFacts | None = None
    hl7: Hl7Facts | None = None
    share: ShareFacts | None = None


_SIGHTING: Final = tuple(field for field in fields(Sighting) if field.name != "facts")
_HINTS: Final = get_type_hints(Sighting)
_values = attrgetter(*(field.name for field in _SIGHTING))
KeptSighting: Any = msgspec.defstruct(
    "KeptSighting",
    [
        (field.name, _HINTS[field.name]) if field.name == "ending" else (field.name, _HINTS[field.name], field.default)
        for field in _SIGHTING
    ]
    + [("facts", KeptFacts, KeptFacts())],
    frozen=True,
    omit_defaults=True,
)
"""A Sighting whose facts say by their name what they are."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="seen"):
    """One target where there was a connection, or that somebody else has seen."""

    number: int
    target: Target
    seen_at: datetime
    source: str
    level: Level
    sighting: KeptSighting
    seconds_to_connect: float | None = None
    calls: tuple[Call, ...] = ()
    calls_left_out: bool = False  # they were longer than an entry may be


class Unknown(msgspec.Struct, frozen=True):
    """An entry of a kind that a later version writes."""

    kind: str


Entry: TypeAlias = Begun | Resumed | Seen | Nothing | Closed | Unknown
_Known: TypeAlias = Begun | Resumed | Seen | Nothing | Closed
_KINDS: Final = frozenset(str(kind.__struct_config__.tag) for kind in (Begun, Resumed, Seen, Nothing, Closed))

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[_Known] = msgspec.json.Decoder(_Known)
_kind_decoder = msgspec.json.Decoder(Unknown)


def encode(entry: Entry) -> bytes:
    """The entry as it is sealed and written."""
    return _encoder.encode(entry)


def decode(body: bytes) -> Entry:
    """What `encode` made. msgspec.ValidationError or DecodeError if it is no entry."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError:
        unknown = _kind_decoder.decode(body)
        if unknown.kind in _KINDS:
            raise
        return unknown


def seen(observation: Observation, calls: tuple[Call, ...]) -> Seen:
    """The entry of an observation."""
    sighting = observation.sighting
    named: dict[str, Any] = {} if sighting.facts is None else {_NAMES[type(sighting.facts)]: sighting.facts}
    return Seen(
        number=observation.number,
        target=observation.target,
        seen_at=observation.seen_at,
        source=observation.source,
        level=observation.level,
        seconds_to_connect=observation.seconds_to_connect,
        sighting=KeptSighting(*_values(sighting), KeptFacts(**named)),
        calls=calls,
    )


def seen_body(observation: Observation, calls: tuple[Recorded, ...]) -> bytes:
    """An observation and its calls, encoded; without the calls if they are longer than an entry may be."""
    entry = seen(observation, tuple(kept_call(call) for call in calls))
    body = encode(entry)
    if len(body) > MAX_EVIDENCE_ENTRY:
        body = encode(msgspec.structs.replace(entry, calls=(), calls_left_out=True))
    return body


def observation_of(entry: Seen, evidence: str) -> Observation:
    """The observation again, with the hash of its entry."""
    facts: Facts | None = next((f for name in FACTS if (f := getattr(entry.sighting.facts, name)) is not None), None)
    kept = {field.name: getattr(entry.sighting, field.name) for field in _SIGHTING}
    return Observation(
        number=entry.number,
        target=entry.target,
        seen_at=entry.seen_at,
        source=entry.source,
        level=entry.level,
        sighting=Sighting(**kept, facts=facts),
        seconds_to_connect=entry.seconds_to_connect,
        evidence=evidence,
    )


def kept_call(call: Recorded) -> Call:
    """What of a connection may be kept. Above ACCESS nothing that was said, only what the talk counted."""
    talk = call.call.talk
    tally = talk.tally
    if tally is None and talk.level > Level.ACCESS:
        tally = {}  # it should have counted; what it heard is not kept all the same
    return Call(
        talk=talk.kind,
        level=talk.level,
        outcome=call.outcome,
        tls=call.call.tls,
        drawn=call.drawn,
        tally=None if tally is None else dict(tally),
        said=() if tally is not None else tuple(map(_kept_words, talk.kept(call.said))),
    )


def _kept_words(said: Said) -> Words:
    is_long = said.by_us and len(said.data) > MAX_OWN_WORDS_KEPT
    return Words(said.by_us, Digest.of(said.data) if is_long else said.data)
