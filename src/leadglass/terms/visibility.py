"""Which studies a principal may touch, as a value.

The same value is asked about one study (`Visibility.admits`, by the judge) and rendered to one SQL condition
(by the index). A property test holds the two together: whatever they say, they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NOTHING", "Selector", "SelectorKind", "StudyFacts", "Visibility"]


class SelectorKind(StrEnum):
    """What a grant may speak of."""

    EVERYTHING = "everything"
    STUDY = "study"  # StudyInstanceUID
    PATIENT = "patient"  # PatientID, with its issuer after a caret-free separator: "ID" or "ID@ISSUER"
    COLLECTION = "collection"  # a named set of studies
    INSTITUTION = "institution"  # InstitutionName
    REFERRING_PHYSICIAN = "referring-physician"  # ReferringPhysicianName, normalised
    STORED_BY = "stored-by"  # principal id of the device that stored the study's first instance


@dataclass(frozen=True, slots=True)
class Selector:
    """One statement about studies. `value` is exact; comparison is case-sensitive except for names and institutions,
    which are compared in the normalised form the index keeps (see `StudyFacts`)."""

    kind: SelectorKind
    value: str = ""

    def matches(self, study: StudyFacts) -> bool:
        match self.kind:
            case SelectorKind.EVERYTHING:
                return True
            case SelectorKind.STUDY:
                return study.study_instance_uid == self.value
            case SelectorKind.PATIENT:
                return self.value in (study.patient_id, f"{study.patient_id}@{study.issuer_of_patient_id}")
            case SelectorKind.COLLECTION:
                return self.value in study.collections
            case SelectorKind.INSTITUTION:
                return study.institution == self.value
            case SelectorKind.REFERRING_PHYSICIAN:
                return study.referring_physician == self.value
            case SelectorKind.STORED_BY:
                return study.stored_by == self.value


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What a judge must know of one study. Names are in the index's normalised form (casefolded, single spaces)."""

    study_instance_uid: str
    patient_id: str = ""
    issuer_of_patient_id: str = ""
    institution: str = ""
    referring_physician: str = ""
    stored_by: str = ""
    collections: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Visibility:
    """Studies matching any of `allow` and none of `deny`. An explicit deny always wins; no allow, no study."""

    allow: frozenset[Selector] = frozenset()
    deny: frozenset[Selector] = frozenset()

    def admits(self, study: StudyFacts) -> bool:
        """True if this study is visible."""
        return any(s.matches(study) for s in self.allow) and not any(s.matches(study) for s in self.deny)

    @property
    def is_empty(self) -> bool:
        """True if no study whatever can be visible."""
        return not self.allow or Selector(SelectorKind.EVERYTHING) in self.deny


NOTHING = Visibility()
