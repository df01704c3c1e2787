"""What is said of a connection: who speaks on it, how long we wait, how it ended, what TLS showed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import Protocol, TypeAlias

__all__ = ["Certificate", "Conversation", "Ending", "Handshake", "Outcome", "Patience", "TlsOffer", "Turn"]


class Conversation(Protocol):
    """What is said on one connection. Pure: no I/O, no clock, no chance."""

    ceiling: int
    """Bytes we take in all; more ends the conversation (`Ending.FLOODED`)."""

    @property
    def is_over(self) -> bool:
        """True once nothing more is to be said or heard: the connection is closed after what is still to be sent."""

    def begin(self) -> bytes:
        """What to say first; b"" to wait for the peer's greeting."""

    def receive(self, data: bytes) -> bytes:
        """Bytes came, in any portions. Returns what to say now, b"" for nothing. Never raises, whatever came."""

    def hung_up(self) -> None:
        """The peer closed its side, or the time was up: nothing more will come."""


class Ending(StrEnum):
    """How a connection ended."""

    OVER = "over"  # the conversation came to its own end
    REFUSED = "refused"  # nothing listens there: our SYN was reset
    SILENT = "silent"  # nobody answered our SYN in time
    UNREACHABLE = "unreachable"  # the network said there is no way, or that it is forbidden
    RESET = "reset"  # there was a connection, and the peer reset it before the end
    HUNG_UP = "hung up"  # there was a connection, and the peer closed it before the end
    STALLED = "stalled"  # there was a connection, and an answer was overdue
    FLOODED = "flooded"  # the peer sent more than the conversation's ceiling
    TLS_FAILED = "tls failed"  # there was a connection, and no TLS on it


class TlsOffer(StrEnum):
    """What we offer in a TLS handshake. Certificates are read, never trusted."""

    MODERN = "modern"  # TLS 1.2 and 1.3, forward secrecy and authenticated encryption: PS3.15 B.12
    RETIRED = "retired"  # only what B.12 forbids: TLS 1.0 and 1.1, or suites without forward secrecy


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a server's certificate says of itself; nothing of it was verified."""

    fingerprint: str  # SHA-256 of the DER, hex
    subject: str  # RFC 4514
    issuer: str
    names: tuple[str, ...]  # DNS names and addresses of subjectAltName
    organisation: str  # O of the subject, "" if none
    not_before: datetime
    not_after: datetime
    is_self_signed: bool
    key: str  # like "RSA 2048" or "EC secp256r1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What a TLS handshake showed."""

    offer: TlsOffer
    version: str  # "TLSv1.3"; "" if there was no agreement
    cipher: str
    certificate: Certificate | None
    asks_client_certificate: bool | None  # None: cannot be told (TLS 1.3 hides it)
    demands_client_certificate: bool | None
    fault: str  # in words, "" if it succeeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long we wait, in seconds."""

    to_connect: float = 2.0
    for_answer: float = 5.0  # between two portions of bytes
    in_all: float = 30.0  # longer for a peer that sends much, as long as it does: up to 20 times as long
    at_most: float = inf  # whatever it does, and however long we let it wait: then nothing more is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One connection, when it is over."""

    ending: Ending
    handshake: Handshake | None = None
    seconds_to_connect: float | None = None  # None: there was no connection
    bytes_sent: int = 0
    bytes_received: int = 0


Turn: TypeAlias = Callable[[int, int], float]
"""Told of each portion that came, before words go out: so many bytes are to be said (or 0), and so many have been heard
in all, on the wire. Returns the seconds until the words may go; 0 or less: now."""
