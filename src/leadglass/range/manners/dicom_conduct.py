"""What tells one DICOM product from another: who is let in, what is offered, what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from leadglass.dicom.uids import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    MODALITY_WORKLIST_FIND,
    PATIENT_ROOT_FIND,
    PATIENT_ROOT_GET,
    PATIENT_ROOT_MOVE,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    VERIFICATION,
    all_storage_sop_classes,
)
from leadglass.dicom.upperlayer import Offer, OfferedSyntax

__all__ = ["ABORTS", "Conduct"]

ABORTS: Final = -1
"""In place of a status: the association is aborted."""
_UNCOMPRESSED: Final = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conduct:
    """One product with one configuration. None for a service means: not offered; 0: it works; else the status given."""

    product: str
    implementation_class_uid: str
    implementation_version_name: str
    max_pdu_length: int = 16_384
    called: frozenset[str] | None = None
    """Called AE titles it answers to; None: any."""
    calling: frozenset[str] | None = None
    """Calling AE titles it lets in; None: any."""
    reject_called: tuple[int, int, int] = (1, 1, 7)
    reject_calling: tuple[int, int, int] = (1, 1, 3)
    demands_user_identity: bool = False
    """Without one, or with one that it does not know: rejected, no reason given."""
    user_names: frozenset[str] | None = None
    """Those that it knows, where it demands one; None: any."""
    answers_user_identity: bool = False
    """With the server response, where one is asked for (PS3.7 §D.3.3.7.2)."""
    stores: bool = False
    """Storage classes are offered."""
    find: int | None = None
    get: int | None = None
    move: int | None = None
    worklist: int | None = None
    limit: int = 0
    """Most matches of one query; 0: no limit."""
    limit_status: int = 0
    """What ends an answer that reached the limit."""
    offer: Offer = field(init=False)
    services: Mapping[str, int] = field(init=False)
    """What becomes of a request, by SOP class."""

    def __post_init__(self) -> None:
        services = {
            uid: answer
            for uids, answer in (
                ((STUDY_ROOT_FIND, PATIENT_ROOT_FIND), self.find),
                ((STUDY_ROOT_GET, PATIENT_ROOT_GET), self.get),
                ((STUDY_ROOT_MOVE, PATIENT_ROOT_MOVE), self.move),
                ((MODALITY_WORKLIST_FIND,), self.worklist),
            )
            if answer is not None
            for uid in uids
        }
        offer = {uid: OfferedSyntax(_UNCOMPRESSED) for uid in (VERIFICATION, *services)}
        if self.stores or self.get is not None:
            taken = OfferedSyntax(None, peer_may_be_scu=self.stores, peer_may_be_scp=self.get is not None)
            offer |= dict.fromkeys(all_storage_sop_classes(), taken)
        object.__setattr__(self, "services", services)
        object.__setattr__(self, "offer", offer)
