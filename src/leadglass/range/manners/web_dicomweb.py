"""A simulated DICOMweb origin server (PS3.18): QIDO-RS and WADO-RS, open or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from leadglass.range.law import NEVER, Law
from leadglass.range.manners.web import NOT_FOUND, Reply, WebManner, as_json, page_level

__all__ = ["DicomWeb", "dicomweb_answer"]

_UID: Final = re.compile(r"[0-9][0-9.]{0,63}")
_BY_UID: Final = re.compile(r"/studies/[0-9][0-9.]{0,63}(/metadata)?")


def dicomweb_answer(law: Law, path: str, query: Mapping[str, str]) -> Reply:
    """What an open DICOMweb root answers to `path`, below it. It holds no study with the UID that is asked for."""
    if path == "/studies":
        if not _UID.fullmatch(query.get("StudyInstanceUID", query.get("0020000D", ""))):
            law.saw(NEVER, "QIDO-RS without a UID")
            return Reply(400)
        law.saw(2, "QIDO-RS by UID")
        return as_json([], "application/dicom+json")
    if _BY_UID.fullmatch(path):
        law.saw(2, "WADO-RS by UID")
        return NOT_FOUND
    law.saw(NEVER, "DICOMweb of another kind")
    return NOT_FOUND


class DicomWeb(WebManner):
    """DICOMweb at `root`, and nothing else. `refuses` is the status strangers get, 0 if it is open."""

    def __init__(self, law: Law, *, root: str = "/dicom-web", refuses: int = 0) -> None:
        super().__init__(law)
        self._root, self._refuses = root, refuses

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if not path.startswith(self._root + "/"):
            self.law.saw(page_level(path), "HTTP GET")
            return NOT_FOUND
        reply = dicomweb_answer(self.law, path.removeprefix(self._root), query)
        return Reply(self._refuses) if self._refuses else reply
