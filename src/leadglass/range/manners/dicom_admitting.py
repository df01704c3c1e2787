"""Letting an association in or not. What was negotiated once is kept: requests differ mostly in names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from leadglass.dicom.upperlayer import (
    AssociateRj,
    AssociateRq,
    NegotiatedContext,
    decode_pdu,
    encode_pdu,
    negotiate,
)
from leadglass.dicom.upperlayer.items import ItemType
from leadglass.dicom.upperlayer.negotiation import violation_of_request
from leadglass.range.law import Law
from leadglass.range.manners.dicom_conduct import Conduct
from leadglass.range.manners.dicom_lawful import Needed, needed_by_identity
from leadglass.terms.ceilings import MAX_RANGE_REMEMBERED

__all__ = ["Admitted", "Admitting", "Rejected"]

_CALLED: Final = slice(10, 26)  # PS3.8 §9.3.2
_CALLING: Final = slice(26, 42)
_TITLES: Final = slice(10, 42)
_ITEMS: Final = 74
_ITEM_HEADER: Final = 4
_NAMED: Final = b"named"
"""Begins no request."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The A-ASSOCIATE-RJ, or A-ABORT, that is due."""

    pdu: bytes


@dataclass(frozen=True, slots=True)
class Admitted:
    """An association. One object serves all that were asked for in the same words."""

    contexts: Mapping[int, NegotiatedContext]
    peer_max_pdu_length: int
    needed: Needed | None
    before_titles: bytes
    after_titles: bytes
    echoes: dict[bytes, bytes] = field(default_factory=dict)
    """C-ECHO requests met on it, as PDUs, with their answers."""

    def accept(self, request: bytes) -> bytes:
        """The A-ASSOCIATE-AC. The AE titles go back as they came (PS3.8 §9.3.3)."""
        return self.before_titles + request[_TITLES] + self.after_titles


class Admitting:
    """Judges requests for one conduct."""

    def __init__(self, conduct: Conduct) -> None:
        self.conduct = conduct
        self._remembered: dict[bytes, Admitted | Rejected] = {}
        self._called = None if conduct.called is None else _titles(conduct.called)
        self._calling = None if conduct.calling is None else _titles(conduct.calling)
        self._user_names = None if conduct.user_names is None else _titles(conduct.user_names)

    def answer(self, request: bytes, law: Law, system: str) -> Admitted | Rejected:
        """What to say to this A-ASSOCIATE-RQ. Raises PeerViolation if it is none."""
        law.saw(1, "A-ASSOCIATE")
        law.heard_title(system, request[_CALLED])
        words = request[:10] + request[_ITEMS:]
        name: bytes | None = None
        answer = self._remembered.get(words)
        if answer is None:
            name, words = _apart(words)
            answer = self._remembered.get(words)
        if answer is None:
            answer = self._worked_out(request)
            if len(self._remembered) < MAX_RANGE_REMEMBERED:
                self._remembered[words] = answer
        if name is not None:
            law.heard_user_name(system, name)
        if isinstance(answer, Rejected):
            return answer
        if answer.needed is not None:
            law.saw(*answer.needed)
        conduct = self.conduct
        if self._called is not None and request[_CALLED].strip() not in self._called:
            return _rejected(conduct.reject_called)
        if self._calling is not None and request[_CALLING].strip() not in self._calling:
            return _rejected(conduct.reject_calling)
        if conduct.demands_user_identity and not self._knows(name):
            return _rejected((1, 1, 1))
        return answer

    def _knows(self, name: bytes | None) -> bool:
        return name is not None and (self._user_names is None or name in self._user_names)

    def _worked_out(self, request: bytes) -> Admitted | Rejected:
        read = decode_pdu(request)
        assert isinstance(read, AssociateRq)  # the manner looked at its type
        violation = violation_of_request(read)
        if violation is not None:
            return _rejected(violation.answer.reject or (1, 1, 1))
        identity = read.user_information.user_identity
        needed = None if identity is None else needed_by_identity(identity.kind)
        conduct = self.conduct
        negotiation = negotiate(
            read,
            conduct.offer,
            conduct.max_pdu_length,
            identity_response=b"" if conduct.answers_user_identity else None,
            implementation_class_uid=conduct.implementation_class_uid,
            implementation_version_name=conduct.implementation_version_name,
        )
        accept = encode_pdu(negotiation.accept)
        return Admitted(
            contexts=negotiation.contexts,
            peer_max_pdu_length=read.user_information.max_pdu_length,
            needed=needed,
            before_titles=accept[: _TITLES.start],
            after_titles=accept[_TITLES.stop :],
        )


def _apart(words: bytes) -> tuple[bytes | None, bytes]:
    """The user name in a request without its AE titles, and what is left; None, and all of it, if no name is shown."""
    at, end = 10, len(words)
    while end - at >= _ITEM_HEADER:
        kind, length = words[at], int.from_bytes(words[at + 2 : at + _ITEM_HEADER], "big")
        at += _ITEM_HEADER
        if kind == ItemType.USER_IDENTITY:
            start = at + 4  # behind its type, whether an answer is wanted, and the length
            until = start + int.from_bytes(words[start - 2 : start], "big")
            return words[start:until], _NAMED + words[:start] + words[until:]
        if kind != ItemType.USER_INFORMATION:  # into that one, past the others
            at += length
    return None, words


def _titles(titles: frozenset[str]) -> frozenset[bytes]:
    return frozenset(title.encode("ascii") for title in titles)


def _rejected(reason: tuple[int, int, int]) -> Rejected:
    return Rejected(encode_pdu(AssociateRj(*reason)))
