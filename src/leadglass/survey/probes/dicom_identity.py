"""Is a user identity demanded, and is one answered (PS3.7 §D.3.3.7)?

Who lets a stranger in demands none. To who refuses him and does not say why, one more association shows a user name
without meaning: nobody was ever issued it, so it is no guess at anybody's. A system sees one such name, whichever its
door and however often it is surveyed; never a second, never a passcode. Nothing is asked on that association.
"""

from __future__ import annotations

from collections.abc import Generator
from hashlib import sha256
from typing import ClassVar, Final

from leadglass.net.conversing import Ending, Outcome
from leadglass.survey.level import Level
from leadglass.survey.probe import Call, Caller
from leadglass.survey.probes.dicom_association import RELEASE, AssociationTalk
from leadglass.survey.probes.dicom_reading import Command
from leadglass.survey.probes.dicom_request import IDENTITY, USER_NAME_LENGTH
from leadglass.survey.probes.dicom_visit import Visit

__all__ = ["IdentityTalk", "show_a_user_name", "user_name"]

_NO_REASON_GIVEN: Final = frozenset({(1, 1), (2, 1)})
"""Source and reason of a rejection that may be for want of a user identity; all others say what they are for."""
_LISTENS: Final = frozenset({Ending.OVER, Ending.HUNG_UP, Ending.RESET})


class IdentityTalk(AssociationTalk):
    """Associates for Verification under a user name, and releases."""

    kind: ClassVar[str] = "dicom identity"
    level: ClassVar[Level] = Level.ACCESS

    def __init__(self, called_ae_title: str, caller: Caller, user_name: str) -> None:
        super().__init__(called_ae_title, caller, IDENTITY, user_name)

    def established(self) -> bytes:
        return RELEASE

    def commanded(self, context_id: int, command: Command) -> bytes:  # noqa: ARG002 - there can be none
        return self.violated("a message that nobody asked for")


def user_name(caller: Caller, address: str) -> str:
    """The one name for this address, USER_NAME_LENGTH hexadecimal digits. Chance would draw another for each door."""
    return sha256(f"{caller.contact} {address}".encode()).hexdigest()[:USER_NAME_LENGTH].upper()


def show_a_user_name(visit: Visit) -> Generator[Call, Outcome, IdentityTalk | None]:
    """One more association, and what came of it; None, without one, if it can tell nothing."""
    if not _can_tell(visit):
        return None
    talk = IdentityTalk(visit.called_ae_title, visit.caller, user_name(visit.caller, visit.target.address))
    yield from visit.call(talk)
    return talk


def _can_tell(visit: Visit) -> bool:
    talk = visit.talk
    if not talk.association or talk.accept or talk.fault or visit.ending not in _LISTENS:
        return False
    return talk.reject is None or talk.reject[1:] in _NO_REASON_GIVEN
