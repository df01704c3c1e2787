"""The Query/Retrieve information models: levels, their unique keys, and which roots start where (PS3.4 §C.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.identifier import Identifier
from leadglass.store.index.matching import QueryLevel
from leadglass.terms.errors import PeerAnswer, PeerViolation

__all__ = [
    "IDENTIFIER_DOES_NOT_MATCH",
    "PATIENT_ROOT",
    "QUERY_RETRIEVE_LEVEL",
    "STUDY_ROOT",
    "UNIQUE_KEY",
    "Root",
    "read_level",
]

QUERY_RETRIEVE_LEVEL: Final = tag_of("QueryRetrieveLevel")
IDENTIFIER_DOES_NOT_MATCH: Final = 0xA900  # PS3.4 §C.4.1.1.4: identifier does not match SOP class

UNIQUE_KEY: Final = {
    QueryLevel.PATIENT: "PatientID",
    QueryLevel.STUDY: "StudyInstanceUID",
    QueryLevel.SERIES: "SeriesInstanceUID",
    QueryLevel.IMAGE: "SOPInstanceUID",
}


@dataclass(frozen=True, slots=True)
class Root:
    """An information model: the level it starts at. In the Study Root the patient's keys belong to the study."""

    name: str
    top: QueryLevel


PATIENT_ROOT: Final = Root("Patient Root", QueryLevel.PATIENT)
STUDY_ROOT: Final = Root("Study Root", QueryLevel.STUDY)


def read_level(identifier: Identifier, root: Root) -> QueryLevel:
    """The level an identifier asks at; PeerViolation (A900) if (0008,0052) is missing or not a level of this root."""
    text = identifier.get(QUERY_RETRIEVE_LEVEL, "")
    name = text.strip() if isinstance(text, str) else ""
    if name in QueryLevel.__members__ and QueryLevel[name] >= root.top:
        return QueryLevel[name]
    raise PeerViolation(
        f"Query/Retrieve Level (0008,0052) is missing or not a level of the {root.name} model",
        answer=PeerAnswer(status=IDENTIFIER_DOES_NOT_MATCH),
        clause="PS3.4 §C.4.1.1.3.1",
    )
