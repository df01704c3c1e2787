"""DICOMweb (PS3.18): would a stranger's question be answered, would a stranger's request for a study be served?

Asked for a study that nobody has ever made. A server that refuses whatever it is asked, or answers everything alike,
proves nothing: so a path that cannot exist is asked for along with the usual ones. One that does not heed the UID and
begins to tell of real studies is not listened to any further.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Sign, Software, Try, Verdict
from leadglass.survey.probe import Call
from leadglass.survey.probes.http_asking import Answer, Ask
from leadglass.survey.probes.http_judging import asked, is_refusal, is_trouble
from leadglass.survey.probes.http_keeping import SOMETHING, answers_shape, nothing, read
from leadglass.survey.probes.http_kinds import SECOND, Kinds, study_kinds
from leadglass.survey.probes.http_visit import UNKNOWN, Found, Look, Visit
from leadglass.survey.probes.personal_attributes import PERSONAL

__all__ = ["look"]

_USUAL_ROOTS: Final = (
    "/dicom-web",
    "/dicomweb",
    "/orthanc/dicom-web",
    "/pacs/dicom-web",
    "/api/dicom-web",
    "/viewer-api/dicomweb",
    "/qido-rs",
    "/rs",
)
_JSON: Final = "application/dicom+json, application/json;q=0.9"
_ATTRIBUTES: Final = ",".join((*PERSONAL.values(), "PatientIdentityRemoved"))
_FILE_TYPES: Final = ("multipart/related", "application/dicom")
_FILES: Final = 'multipart/related; type="application/dicom"'


def look(visit: Visit) -> Look:
    """At the roots a product named; if there is none that answers, at the usual ones."""
    uid = visit.chance.uid()
    nowhere = f"/{visit.chance.word(12).lower()}"
    control, *named = yield from _queries(visit, [nowhere, *visit.roots], uid)
    if _is_open(control):
        why = "a path that cannot exist is answered like an archive without studies"
        return Found(signs=(Sign(means="honeypot", why=why, weight=2),))
    root, answer = _best(visit.roots, named, control)
    if not root:
        rest = [root for root in _USUAL_ROOTS if root not in visit.roots]
        others = yield from _queries(visit, rest, uid)
        root, answer = _best(rest, others, control)
    if not root:
        return Found()
    query = asked(Act.QUERY, "QIDO-RS", answer, is_open=_is_open(answer))
    if query.verdict is Verdict.UNCLEAR:
        return Found(tries=(query,))
    retrieve = yield from _retrieve(visit, root, uid, query)
    is_ours = 'realm="Leadglass"' in answer.headers.get("www-authenticate", "")
    software = Software(product="Leadglass", proof="the realm of its DICOMweb") if is_ours else UNKNOWN
    signs: tuple[Sign, ...] = ()
    if query.verdict is Verdict.OPEN and not visit.kinds:
        signs = yield from _kinds(visit, root)
    return Found(tries=(query, retrieve), software=software, signs=signs)


def _queries(visit: Visit, roots: Sequence[str], uid: str) -> Generator[Call, Outcome, list[Answer]]:
    where = [f"{root}/studies?StudyInstanceUID={uid}&limit=1" for root in roots]
    asks = [Ask(path, answers_shape, _JSON, stops_at=SOMETHING) for path in where]
    return (yield from visit.ask(*asks, level=Level.ACCESS))


def _best(roots: Sequence[str], answers: Sequence[Answer], control: Answer) -> tuple[str, Answer]:
    """A root that is open, or else one that is refused by itself, or that cannot say it now; "" if there is none."""
    for root, answer in zip(roots, answers, strict=True):
        if _is_open(answer):
            return root, answer
    for root, answer in zip(roots, answers, strict=True):
        if is_refusal(answer) and _refused_by(answer) != _refused_by(control):
            return root, answer
    for root, answer in zip(roots, answers, strict=True):
        if is_trouble(answer) and answer.status != control.status:
            return root, answer
    return "", control


def _refused_by(answer: Answer) -> tuple[int, str]:
    """Two refusals by one guard look alike; DICOMweb's own names its scheme or realm."""
    return answer.status, answer.headers.get("www-authenticate", "")


def _is_open(answer: Answer) -> bool:
    """None found, said as PS3.18 has it: an empty list, or 204. Or, by servers that do not heed the key, some list."""
    return (answer.status == 200 and answer.body != b"") or answer.status == 204


def _retrieve(visit: Visit, root: str, uid: str, query: Try) -> Generator[Call, Outcome, Try]:
    """Only "there is no such study" from a server that answers questions, too, says that it would have served one."""
    ask = Ask(f"{root.replace('qido-rs', 'wado-rs')}/studies/{uid}", nothing, _FILES)
    (answer,) = yield from visit.ask(ask, level=Level.ACCESS)
    sends_files = answer.status == 200 and answer.headers.get("content-type", "").startswith(_FILE_TYPES)
    says_none = sends_files or answer.status in (204, 404, 410)
    return asked(Act.RETRIEVE, "WADO-RS", answer, is_open=says_none and query.verdict is Verdict.OPEN)


def _kinds(visit: Visit, root: str) -> Generator[Call, Outcome, tuple[Sign, ...]]:
    """Leaves `visit.kinds`: which attributes a few studies have filled in. Asked for one by one; where a second one
    comes along it is not listened to."""
    where = [f"{root}/studies?limit=1&offset={number}&includefield={_ATTRIBUTES}" for number in range(visit.samples)]
    asks = [Ask(path, study_kinds, _JSON, stops_at=SECOND) for path in where]
    answers = yield from visit.ask(*asks, level=Level.KINDS)
    found = [kinds for answer in answers if answer.status == 200 and (kinds := read(answer.body, Kinds))]
    visit.kinds.update(kind for kinds in found for kind in kinds.kinds)
    if not any(kinds.is_deidentified for kinds in found):
        return ()
    return (Sign(means="test data", why="records say that the patient's identity was removed", weight=3),)
