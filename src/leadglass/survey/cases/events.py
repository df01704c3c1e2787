"""What can happen to a case, as values. A case is nothing but what happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec

from leadglass.survey.services import Service

__all__ = [
    "Closed",
    "Dismissed",
    "Event",
    "Leak",
    "Moved",
    "NoticeSent",
    "NoticeWritten",
    "OpenDoor",
    "Opened",
    "OwnerFound",
    "Reopened",
    "Seen",
    "Unanswered",
]


class _Happened(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    case: str  # like "C-0007"
    at: Annotated[datetime, msgspec.Meta(tz=True)]


class OpenDoor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A port that let strangers in."""

    port: int
    service: Service
    uses_tls: bool = False
    how: tuple[str, ...] = ()  # by which ways


class Leak(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong."""

    rule: str
    product: str = ""  # whose settings mend it


class _Leak(_Happened, frozen=True, kw_only=True, omit_defaults=True):
    """What a run saw of it."""

    run: str
    address: str
    rung: int
    is_archive: bool = True
    records: int | None = None  # None: not counted
    images: int | None = None
    leaks: tuple[Leak, ...] = ()  # the gravest first
    doors: tuple[OpenDoor, ...] = ()
    product: str = ""
    certificates: tuple[str, ...] = ()
    software: str = ""
    evidence: tuple[str, ...] = ()  # hashes of entries in the run's evidence log

    @property
    def ports(self) -> tuple[int, ...]:
        """Where strangers were let in."""
        return tuple(door.port for door in self.doors)


class Opened(_Leak, frozen=True, kw_only=True, tag="opened", omit_defaults=True):
    """A leak nobody knew."""

    organisation: str = ""
    country: str = ""
    state: str = ""
    district: str = ""


class Seen(_Leak, frozen=True, kw_only=True, tag="seen", omit_defaults=True):
    """A run looked again, and it is still open."""


class Reopened(_Leak, frozen=True, kw_only=True, tag="reopened", omit_defaults=True):
    """It was closed, and is open again."""


class Moved(_Leak, frozen=True, kw_only=True, tag="moved", omit_defaults=True):
    """The same archive was found at another address."""

    before: str
    because: str


class Closed(_Happened, frozen=True, kw_only=True, tag="closed", omit_defaults=True):
    """A run looked again, and a stranger gets at nothing any more."""

    run: str
    because: str
    evidence: tuple[str, ...] = ()


class Unanswered(_Happened, frozen=True, kw_only=True, tag="unanswered", omit_defaults=True):
    """A run looked again and heard nothing, which alone proves nothing: the way there may be broken."""

    run: str
    because: str


class Dismissed(_Happened, frozen=True, kw_only=True, tag="dismissed", omit_defaults=True):
    """A person says it is no leak, and why."""

    because: str


class OwnerFound(_Happened, frozen=True, kw_only=True, tag="owner", omit_defaults=True):
    """Somebody who may be responsible, or that a source was asked in vain (`name` and `contact` empty)."""

    source: str
    name: str = ""
    contact: str = ""
    note: str = ""


class NoticeWritten(_Happened, frozen=True, kw_only=True, tag="notice written", omit_defaults=True):
    """A packet was made."""

    language: str
    digest: str  # SHA-256 of the text


class NoticeSent(_Happened, frozen=True, kw_only=True, tag="notice sent", omit_defaults=True):
    """A person says that they sent it."""

    to: str
    by: str = ""  # mail, telephone, letter


Event: TypeAlias = (
    Opened | Seen | Reopened | Moved | Closed | Unanswered | Dismissed | OwnerFound | NoticeWritten | NoticeSent
)
