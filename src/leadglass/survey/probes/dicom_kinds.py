"""Level 4 of the DICOM probe: which kinds of personal data are there."""

from __future__ import annotations

from leadglass.survey.observation import Sign
from leadglass.survey.probes.dicom_presence import PresenceTalk
from leadglass.survey.probes.dicom_visit import Calls, Visit

__all__ = ["look_for_kinds"]


def look_for_kinds(visit: Visit) -> Calls:
    """Leaves `visit.kinds`. Nothing is asked for where nothing was counted."""
    if not visit.samples:
        return
    talk = PresenceTalk(visit.called_ae_title, visit.caller, visit.samples)
    visit.samples = ()
    yield from visit.call(talk)
    visit.kinds = talk.kinds
    if talk.is_deidentified:
        visit.signs.append(Sign(means="test data", why="records say that the patient's identity was removed", weight=3))
