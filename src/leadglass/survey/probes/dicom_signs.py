"""What in an association says that a system is no archive of anybody's patients (`survey/facts/honeypots.csv`).

That any AE title is let in says nothing: real archives do it, and honeypots do it on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leadglass.survey.observation import DicomFacts, Sign

__all__ = ["signs_of"]

_GO_DICOM: Final = "1.2.826.0.1.3680043.9.7133.1.1"
_PYNETDICOM: Final = "1.2.826.0.1.3680043.9.3811."
_DVTK: Final = "1.2.826.0.1.3680043.2.1545."
_WELL_KNOWN_PORTS: Final = frozenset({104, 11112})


def signs_of(facts: DicomFacts, port: int) -> Iterator[Sign]:
    """The signs, with their weights."""
    uid, name = facts.implementation_class_uid, facts.implementation_version_name
    if uid == _GO_DICOM or name.startswith("GODICOM"):
        yield Sign(means="honeypot", why="says what go-dicom says, which Dicompot is made of", weight=3)
    if (uid.startswith(_PYNETDICOM) or name.startswith("PYNETDICOM_")) and port in _WELL_KNOWN_PORTS:
        yield Sign(means="honeypot", why="pynetdicom at a well-known port, as DICOMHawk has it", weight=1)
    if uid.startswith(_DVTK):
        yield Sign(means="test data", why="says what the DICOM Validation Toolkit says", weight=2)
