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
from leadglass.terms.errors import LedgerFault

__all__ = [
    "Disclosed",
    "Entry",
    "EntryUnfit",
    "Event",
    "Outcome",
    "encode_entry",
    "in_parts",
    "number",
    "time_of",
    "time_text",
]


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
    INVITED = "invited"  # a one-time link was made
    ACCOUNT_MADE = "account-made"  # a person used one: an account, or a way of signing in to one
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
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


class EntryUnfit(LedgerFault):
    """The entry is too long (for long answers, see `in_parts`) or holds what has no encoding: it cannot be recorded,
    so nothing may be released on it."""


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
        values = {name: _read(name, value) for name, value in canonical_map(data).items() if name in _FIELDS}
        if "at" not in values or "event" not in values:
            raise ValueError("a ledger entry has a time and an event")
        return cls(**values)  # type: ignore[arg-type]


_FIELDS: Final = frozenset(f.name for f in fields(Entry))
_PLAIN: Final = tuple(
    f.name for f in fields(Entry) if f.name not in ("at", "event", "outcome", "disclosed", "tree_index")
)
_RESERVED: Final = 32  # room for ,"tree_index":<number>}


def encode_entry(entry: Entry) -> bytes:
    """The canonical encoding without `tree_index`, which `number` adds. EntryUnfit if there is none."""
    values: dict[str, JsonValue] = {"event": entry.event, "outcome": entry.outcome}
    for name in _PLAIN:
        if value := getattr(entry, name):
            values[name] = value
    if entry.disclosed:
        values["disclosed"] = [[d.study_instance_uid, d.patient] for d in entry.disclosed]
    try:
        values["at"] = time_text(entry.at)
        data = canonical(values)
    except ValueError:
        raise EntryUnfit(f"a ledger entry ({entry.event}) holds a value that has no encoding") from None
    if len(data) + _RESERVED > MAX_LEDGER_ENTRY:
        raise EntryUnfit(f"a ledger entry of {len(data)} bytes is over the ceiling of {MAX_LEDGER_ENTRY}")
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


def time_text(at: datetime) -> str:
    """ISO 8601 in UTC with microseconds, 27 characters: text order is time order."""
    if at.tzinfo is None:
        raise ValueError("a ledger entry needs a time with a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def time_of(text: str) -> datetime:
    """The time that `time_text` wrote; ValueError for any other form."""
    if len(text) != 27 or text[10] != "T" or text[19] != "." or text[26] != "Z":
        raise ValueError("a time in a ledger entry has microseconds and ends in Z")
    return datetime.fromisoformat(text)


def _read(name: str, value: JsonValue) -> object:
    """One field from its JSON form; ValueError if it has another form than ours."""
    match name, value:
        case "at", str():
            return time_of(value)
        case "tree_index", int():
            return value
        case (("roles" | "because"), [*items]) if all(isinstance(item, str) for item in items):
            return tuple(items)
        case (("counts" | "detail"), dict()):
            return value
        case "disclosed", [*items]:
            return tuple(_disclosed(item) for item in items)
        case (("at" | "tree_index" | "roles" | "because" | "counts" | "detail" | "disclosed"), _):
            raise ValueError(f"the field {name} of a ledger entry has another form than it should")
        case _, str():
            return value
    raise ValueError(f"the field {name} of a ledger entry is not text")


def _disclosed(item: object) -> Disclosed:
    match item:
        case [str(study), str(patient)]:
            return Disclosed(study, patient)
    raise ValueError("a disclosed answer is a pair of texts")
