"""One line of the ledger: who did what, from where, to which study, and what came of it.

Patients appear only as keyed pseudonyms (see `pseudonym`), studies by their UID. Nobody may put a patient's name,
identifier or birth date into `detail` or anywhere else: queries record which attributes were asked for, not what for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from leadglass.gate.ledger.canonical import JsonValue, canonical, canonical_map
from leadglass.terms.ceilings import MAX_LEDGER_ENTRY

__all__ = ["Disclosed", "Entry", "EntryTooLong", "Event", "Outcome", "encode_entry", "in_parts"]


class Event(StrEnum):
    """What happened. Readers must accept events they do not know."""

    LEDGER_OPENED = "ledger-opened"  # written by the ledger: a server started
    LEDGER_CLOSED = "ledger-closed"  # written by the ledger: it stopped in good order
    LEDGER_RECOVERED = "ledger-recovered"  # written by the ledger: writing works again after a failure
    ASSOCIATED = "associated"  # a caller was given a name and let in
    REFUSED = "refused"  # any "no", with its reason
    QUERIED = "queried"  # a list was disclosed: see `Entry.disclosed`
    EPISODE_OPENED = "episode-opened"  # objects of one study are about to be released or taken in
    EPISODE_PROGRESS = "episode-progress"  # counts so far
    EPISODE_CLOSED = "episode-closed"  # final counts
    STORED = "stored"
    DUPLICATE_REFUSED = "duplicate-refused"  # another content under a known SOP Instance UID
    COMMITTED = "committed"  # storage commitment answered
    DELETED = "deleted"  # a study was destroyed with its key
    DEVICE_ADDED = "device-added"
    DEVICE_REVOKED = "device-revoked"
    USER_ADDED = "user-added"
    USER_CHANGED = "user-changed"
    TOKEN_CREATED = "token-created"  # noqa: S105 - an event, not a secret
    TOKEN_REVOKED = "token-revoked"  # noqa: S105
    GRANT_ADDED = "grant-added"
    GRANT_REVOKED = "grant-revoked"
    KEY_ROTATED = "key-rotated"
    CONFIGURED = "configured"
    LEDGER_READ = "ledger-read"  # looking at the ledger is itself recorded


class Outcome(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One answer of a query: a study and its patient's pseudonym. Either may be empty (PATIENT level has no study)."""

    study_instance_uid: str = ""
    patient: str = ""


class EntryTooLong(ValueError):
    """The entry does not fit MAX_LEDGER_ENTRY. For long answers, see `in_parts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of one event. Empty fields are left out of the encoding; `at` must be an aware time."""

    at: datetime
    event: Event | str
    outcome: Outcome | str = Outcome.ALLOWED
    principal: str = ""  # Principal.id
    name: str = ""  # Principal.name, for people
    roles: tuple[str, ...] = ()
    strength: str = ""
    door: str = ""
    address: str = ""
    action: str = ""
    reason: str = ""  # of a refusal: RefusalReason; of a deed: what a person typed
    study_instance_uid: str = ""
    patient: str = ""  # pseudonym, never the identifier
    disclosed: tuple[Disclosed, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)  # e.g. instances, bytes, failures
    because: tuple[str, ...] = ()  # ids of the grants that allowed it
    episode: str = ""
    clock: str = ""  # set by the ledger when the wall clock had stepped back
    detail: Mapping[str, str | int | bool] = field(default_factory=dict)
    tree_index: int | None = None  # its place in the ledger: set by the ledger

    @classmethod
    def decode(cls, data: bytes) -> Entry:
        """The entry that `data` encodes; ValueError if it is not a canonical entry. Unknown fields are left aside."""
        values = {name: value for name, value in canonical_map(data).items() if name in _FIELDS}
        return _from_values(values)


_FIELDS: Final = frozenset(f.name for f in fields(Entry))
_TUPLES: Final = ("roles", "because")
_MAPS: Final = ("counts", "detail")
_RESERVED: Final = 32  # room for ,"tree_index":<number>}


def encode_entry(entry: Entry) -> bytes:
    """The canonical encoding without `tree_index`; `number` adds it. EntryTooLong, or ValueError for odd values."""
    values: dict[str, JsonValue] = {"at": time_text(entry.at), "event": entry.event, "outcome": entry.outcome}
    for name in _PLAIN:
        if value := getattr(entry, name):
            values[name] = value
    if entry.disclosed:
        values["disclosed"] = [[d.study_instance_uid, d.patient] for d in entry.disclosed]
    data = canonical(values)
    if len(data) + _RESERVED > MAX_LEDGER_ENTRY:
        raise EntryTooLong(f"a ledger entry of {len(data)} bytes is over the ceiling of {MAX_LEDGER_ENTRY}")
    return data


def number(encoded: bytes, tree_index: int) -> bytes:
    """The final bytes of an entry at its place. "tree_index" sorts after every other field name: see the test."""
    return b'%s,"tree_index":%d}' % (encoded[:-1], tree_index)


def in_parts(entry: Entry, most: int = 500) -> list[Entry]:
    """The same disclosure as one or more entries of at most `most` answers each, so that each fits the ceiling."""
    if len(entry.disclosed) <= most:
        return [entry]
    pieces = [entry.disclosed[i : i + most] for i in range(0, len(entry.disclosed), most)]
    return [replace(entry, disclosed=piece) for piece in pieces]


_PLAIN: Final = tuple(
    f.name for f in fields(Entry) if f.name not in ("at", "event", "outcome", "disclosed", "tree_index")
)


def time_text(at: datetime) -> str:
    """ISO 8601 in UTC with microseconds, 27 characters: text order is time order."""
    if at.tzinfo is None:
        raise ValueError("a ledger entry needs a time with a zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: str) -> datetime:
    """The time that `time_text` wrote; ValueError for any other form."""
    at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    if time_text(at) != text:
        raise ValueError("a time in a ledger entry has microseconds and ends in Z")
    return at
