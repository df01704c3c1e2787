"""What we accept in an association, and what a caller without a name is told (PS3.8 §7.1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from leadglass.dicom import uids
from leadglass.dicom.upperlayer import AssociateRj, OfferedSyntax
from leadglass.terms.outcome import RefusalReason, Refused

__all__ = ["OFFER", "rejection_for"]

# Uncompressed first, so that a sender with a choice does not compress (perhaps with loss) for our sake; then
# everything else the standard knows, as the sender has it. Big endian is retired and comes last.
_PREFERRED = (uids.EXPLICIT_VR_LITTLE_ENDIAN, uids.IMPLICIT_VR_LITTLE_ENDIAN)
_RETIRED = (uids.EXPLICIT_VR_BIG_ENDIAN,)
STORAGE_TRANSFER_SYNTAXES: Final = (
    *_PREFERRED,
    *(uid for uid in uids.all_transfer_syntaxes() if uid not in (*_PREFERRED, *_RETIRED)),
    *_RETIRED,
)

_STORAGE = OfferedSyntax(STORAGE_TRANSFER_SYNTAXES, peer_may_be_scp=True)
_SERVICE = OfferedSyntax(_PREFERRED)
_FIND = OfferedSyntax(_PREFERRED, extended_answer=b"\x01")  # relational queries: yes (PS3.4 §C.5.1.1)
_COMMITMENT = OfferedSyntax(_PREFERRED)

_SERVICES: Final[Mapping[str, OfferedSyntax]] = {
    uids.VERIFICATION: _SERVICE,
    uids.PATIENT_ROOT_FIND: _FIND,
    uids.STUDY_ROOT_FIND: _FIND,
    uids.PATIENT_ROOT_MOVE: _SERVICE,
    uids.STUDY_ROOT_MOVE: _SERVICE,
    uids.PATIENT_ROOT_GET: _SERVICE,
    uids.STUDY_ROOT_GET: _SERVICE,
    uids.STORAGE_COMMITMENT_PUSH_MODEL: _COMMITMENT,
}


class _Offer(Mapping[str, OfferedSyntax]):
    """Our services, and every storage SOP class there is, private ones included."""

    def __getitem__(self, abstract_syntax: str) -> OfferedSyntax:
        if (service := _SERVICES.get(abstract_syntax)) is not None:
            return service
        if uids.is_storage_sop_class(abstract_syntax):
            return _STORAGE
        raise KeyError(abstract_syntax)

    def __iter__(self) -> Iterator[str]:
        yield from _SERVICES
        yield from uids.all_storage_sop_classes()

    def __len__(self) -> int:
        return len(_SERVICES) + len(uids.all_storage_sop_classes())


OFFER: Final[Mapping[str, OfferedSyntax]] = _Offer()

# PS3.8 §9.3.4. A stranger learns no more than "no": an unknown title, a wrong network and a wrong secret sound alike.
_NOT_RECOGNISED = AssociateRj(result=1, source=1, reason=3)  # permanent, service user, calling AE title not recognised
_WRONG_CALLED = AssociateRj(result=1, source=1, reason=7)  # called AE title not recognised
_LATER = AssociateRj(result=2, source=3, reason=1)  # transient, presentation: temporary congestion
_ANSWERS: Final = {
    RefusalReason.WRONG_CALLED_AE_TITLE: _WRONG_CALLED,
    RefusalReason.IDENTITY_UNAVAILABLE: _LATER,
    RefusalReason.LEDGER_UNAVAILABLE: _LATER,
    RefusalReason.TOO_MANY_ATTEMPTS: _LATER,
}


def rejection_for(refused: Refused) -> AssociateRj:
    """The A-ASSOCIATE-RJ owed to a caller that was refused."""
    return _ANSWERS.get(refused.reason, _NOT_RECOGNISED)
