"""What stands in the attributes of simulated studies: values that nobody can take for somebody's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from leadglass.dicom.dictionary import keyword_of, vr_of
from leadglass.range.manners.studies import UID_SLOT

__all__ = ["INVENTED", "NUMBERED", "as_dicom_json", "as_orthanc_tags"]

NUMBERED: Final = "#" * UID_SLOT
"""Stands for the number of a study."""
INVENTED: Final[Mapping[int, str]] = {
    0x00080050: f"AX{NUMBERED}",  # Accession Number
    0x00080080: "EXAMPLE CLINIC",  # Institution Name
    0x00080081: "1 EXAMPLE STREET",  # Institution Address
    0x00080090: "EXAMPLE^PHYSICIAN ",  # Referring Physician's Name
    0x00081030: "EXAMPLE STUDY ",  # Study Description
    0x00100010: f"EXAMPLE^PATIENT {NUMBERED}",  # Patient's Name
    0x00100020: f"EX{NUMBERED}",  # Patient ID
    0x00100021: "EXAMPLE ISSUER",  # Issuer of Patient ID
    0x00100030: "19000101",  # Patient's Birth Date
    0x00100040: "O ",  # Patient's Sex
    0x00101000: f"000-00-EXAMPLE {NUMBERED} ",  # Other Patient IDs
    0x00101040: "1 EXAMPLE STREET",  # Patient's Address
    0x00102154: "+00 000 EXAMPLE ",  # Patient's Telephone Numbers
    0x00104000: "EXAMPLE COMMENT ",  # Patient Comments
}
"""By tag."""


def as_dicom_json(attributes: Iterable[int], number: int) -> dict[str, Any]:
    """A study in DICOM JSON (PS3.18 §F.2): these attributes are filled in, others are there and blank."""
    study: dict[str, Any] = {f"{tag:08X}": {"vr": vr_of(tag)} for tag in INVENTED}
    for tag, value in _filled(attributes, number):
        study[f"{tag:08X}"]["Value"] = [{"Alphabetic": value}] if vr_of(tag) == "PN" else [value]
    return study


def as_orthanc_tags(attributes: Iterable[int], number: int) -> dict[str, str]:
    """The same by keyword, as Orthanc has it."""
    return dict.fromkeys(map(keyword_of, INVENTED), "") | {
        keyword_of(tag): value for tag, value in _filled(attributes, number)
    }


def _filled(attributes: Iterable[int], number: int) -> Iterable[tuple[int, str]]:
    return ((tag, INVENTED[tag].replace(NUMBERED, f"{number:0{UID_SLOT}d}").strip()) for tag in attributes)
