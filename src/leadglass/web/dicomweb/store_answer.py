"""The answer to a store: the Store Instances Response Module as DICOM JSON (PS3.18 §10.5.3.1, table I.2.1-1).

A Failure Reason is a number. The words that go with it stand beside it, in a private attribute of ours (creator
LEADGLASS, (0099,1001)): the module has none for them, and a sender's technician needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import Response

from leadglass.archive.batch import NotTaken, Taken

__all__ = ["DICOM_JSON", "PRIVATE_CREATOR", "WORDS", "store_answer"]

DICOM_JSON: Final = "application/dicom+json"
PRIVATE_CREATOR: Final = "00990010"
WORDS: Final = "00991001"

_CREATOR: Final = "LEADGLASS"
_REFERENCED_SOP_CLASS_UID: Final = "00081150"
_REFERENCED_SOP_INSTANCE_UID: Final = "00081155"
_RETRIEVE_URL: Final = "00081190"
_FAILURE_REASON: Final = "00081197"
_FAILED_SOP_SEQUENCE: Final = "00081198"
_REFERENCED_SOP_SEQUENCE: Final = "00081199"
_OTHER_FAILURES_SEQUENCE: Final = "0008119A"

_Json = dict[str, dict[str, Any]]


def store_answer(outcomes: Sequence[Taken | NotTaken], service: str, media_type: str = DICOM_JSON) -> Response:
    """200 if all were taken, 409 if none was, 202 otherwise (table 10.5.3-1). `service` is our root for URLs."""
    taken = [one for one in outcomes if isinstance(one, Taken)]
    failed = [one for one in outcomes if isinstance(one, NotTaken)]
    studies = {one.study_instance_uid for one in taken}
    answer: _Json = {_RETRIEVE_URL: _one("UR", f"{service}/studies/{studies.pop()}")} if len(studies) == 1 else {}
    for tag, items in (
        (_FAILED_SOP_SEQUENCE, [_failed(one) for one in failed if one.sop_instance_uid]),
        (_REFERENCED_SOP_SEQUENCE, [_referenced(one, service) for one in taken]),
        (_OTHER_FAILURES_SEQUENCE, [_reason(one) for one in failed if not one.sop_instance_uid]),
    ):
        if items:
            answer[tag] = {"vr": "SQ", "Value": items}
    status = 200 if not failed else 202 if taken else 409
    return Response(msgspec.json.encode(answer), status, media_type=media_type)


def _referenced(one: Taken, service: str) -> _Json:
    url = f"{service}/studies/{one.study_instance_uid}/series/{one.series_instance_uid}"
    return {
        **_named(one),
        _RETRIEVE_URL: _one("UR", f"{url}/instances/{one.sop_instance_uid}"),
    }


def _failed(one: NotTaken) -> _Json:
    return {**_named(one), **_reason(one)}


def _named(one: Taken | NotTaken) -> _Json:
    return {
        _REFERENCED_SOP_CLASS_UID: _one("UI", one.sop_class_uid),
        _REFERENCED_SOP_INSTANCE_UID: _one("UI", one.sop_instance_uid),
    }


def _reason(one: NotTaken) -> _Json:
    return {
        _FAILURE_REASON: _one("US", one.reason),
        PRIVATE_CREATOR: _one("LO", _CREATOR),
        WORDS: _one("LT", one.words),
    }


def _one(vr: str, value: str | int) -> dict[str, Any]:
    return {"vr": vr, "Value": [value]} if value != "" else {"vr": vr}
