"""What we ask for in an A-ASSOCIATE-RQ, and the bytes of it.

A survey says nearly the same to thousands of peers, so a request is encoded once for each list of contexts; only the
called AE title and the user name, which differ from target to target, are put in afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from leadglass.dicom import uids
from leadglass.dicom.upperlayer import AssociateRq, ProposedContext, RoleSelection, UserInformation, encode_pdu
from leadglass.survey.probe import Caller
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import UserIdentity

__all__ = [
    "ACCESS",
    "COUNTING",
    "IDENTITY",
    "PRESENCE",
    "QUERY_CLASSES",
    "STORAGE_CLASSES",
    "TAKEN_BACK",
    "USER_NAME_LENGTH",
    "Proposal",
    "request",
]

_NOBODY: Final = AETitle.of("NOBODY")
_CALLED: Final = slice(10, 26)  # where the called AE title stands (PS3.8 table 9-11)
USER_NAME_LENGTH: Final = 16
_USER_NAME: Final = slice(-USER_NAME_LENGTH - 2, -2)  # of the last item: before the length of a passcode, which is 0
_NAMED: Final = UserIdentity(1, bytes(USER_NAME_LENGTH), b"", response_requested=True)
_MAX_PDU_LENGTH: Final = 16 * 1024  # of what we take; answers to our questions are short
_MAX_PDU_LENGTH_COUNTING: Final = 128 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Abstract syntaxes with their transfer syntaxes; the n-th has the presentation context id 2n + 1. There are few of
    them, and readings are remembered by which one they answer: each equals itself alone."""

    contexts: tuple[tuple[str, tuple[str, ...]], ...]
    roles: tuple[str, ...] = ()  # storage classes that we take as SCP as well, so that a C-GET is an honest one
    max_pdu_length: int = _MAX_PDU_LENGTH
    shows_user_name: bool = False  # user identity of type 1, without a passcode; an answer to it is asked for


def request(called_ae_title: str, caller: Caller, proposal: Proposal, user_name: str = "") -> bytes:
    """The A-ASSOCIATE-RQ. `user_name` is for a proposal that shows one, and then of USER_NAME_LENGTH. ValueError if one
    of the AE titles is none."""
    made = bytearray(_template(caller.calling_ae_title, proposal))
    made[_CALLED] = AETitle.of(called_ae_title).raw
    if proposal.shows_user_name:
        assert len(user_name) == USER_NAME_LENGTH
        made[_USER_NAME] = user_name.encode("ascii")
    return bytes(made)


@lru_cache(maxsize=32)
def _template(calling_ae_title: str, proposal: Proposal) -> bytes:
    contexts = (
        ProposedContext(2 * number + 1, abstract_syntax, transfer_syntaxes)
        for number, (abstract_syntax, transfer_syntaxes) in enumerate(proposal.contexts)
    )
    information = UserInformation(
        max_pdu_length=proposal.max_pdu_length,
        implementation_class_uid=uids.IMPLEMENTATION_CLASS_UID,
        implementation_version_name=uids.IMPLEMENTATION_VERSION_NAME,
        roles=tuple(RoleSelection(uid, scu=True, scp=True) for uid in proposal.roles),
        user_identity=_NAMED if proposal.shows_user_name else None,
    )
    return encode_pdu(AssociateRq(_NOBODY, AETitle.of(calling_ae_title), tuple(contexts), information))


_PLAIN: Final = (uids.IMPLICIT_VR_LITTLE_ENDIAN,)
"""The default, which everybody takes (PS3.5 §10.1): questions and answers then look alike everywhere."""
_COMMON: Final = (
    uids.EXPLICIT_VR_LITTLE_ENDIAN,
    uids.IMPLICIT_VR_LITTLE_ENDIAN,
    "1.2.840.10008.1.2.4.70",  # JPEG lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.50",  # JPEG baseline
    "1.2.840.10008.1.2.5",  # RLE
)

QUERY_CLASSES: Final = (
    uids.STUDY_ROOT_FIND,
    uids.STUDY_ROOT_GET,
    uids.STUDY_ROOT_MOVE,
    uids.PATIENT_ROOT_FIND,
    uids.PATIENT_ROOT_GET,
    uids.PATIENT_ROOT_MOVE,
    uids.MODALITY_WORKLIST_FIND,
)

_STORAGE_BRANCH: Final = "1.2.840.10008.5.1.4.1.1."
STORAGE_CLASSES: Final = tuple(
    _STORAGE_BRANCH + leaf
    for leaf in (
        *("1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1"),  # computed and digital radiography, mammography
        *("2", "2.1", "2.2", "3.1", "4", "4.1", "4.2", "4.3", "6.1", "6.2"),  # CT, MR, ultrasound
        *("7", "7.1", "7.2", "7.3", "7.4", "11.1", "11.2"),  # secondary capture, presentation states
        *("12.1", "12.1.1", "12.2", "12.2.1", "13.1.1", "13.1.2", "13.1.3", "14.1"),  # angiography, tomosynthesis
        *("20", "30", "66", "66.4", "128", "128.1", "130"),  # nuclear medicine, raw data, segmentations, PET
        *("77.1.1", "77.1.1.1", "77.1.2", "77.1.4", "77.1.4.1", "77.1.5.1", "77.1.5.4", "77.1.6"),  # visible light
        *("88.11", "88.22", "88.33", "88.59", "88.67", "104.1", "104.2", "104.3"),  # reports, documents
        *("9.1.1", "9.1.2", "9.1.3", "481.1", "481.2", "481.3", "481.5"),  # ECG, radiotherapy
    )
)
"""What archives are there for: the classes seen most, of every kind of device."""
TAKEN_BACK: Final = (uids.CT_IMAGE_STORAGE, uids.MR_IMAGE_STORAGE, uids.SECONDARY_CAPTURE_IMAGE_STORAGE)
"""Of those, the ones for which we offer to be the SCP, without which a C-GET would be no honest one. No more of them:
some archives then answer for handing out alone, and whether they would take an image could not be told."""

PRESENCE: Final = Proposal(((uids.VERIFICATION, _PLAIN),))
IDENTITY: Final = Proposal(((uids.VERIFICATION, _PLAIN),), shows_user_name=True)
ACCESS: Final = Proposal(
    (
        (uids.VERIFICATION, _PLAIN),
        *((uid, _PLAIN) for uid in QUERY_CLASSES),
        *((uid, _COMMON) for uid in STORAGE_CLASSES),
    ),
    roles=TAKEN_BACK,
)
COUNTING: Final = Proposal(((uids.STUDY_ROOT_FIND, _PLAIN),), max_pdu_length=_MAX_PDU_LENGTH_COUNTING)
