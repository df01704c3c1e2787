"""A simulated DICOMweb origin server (PS3.18): QIDO-RS and WADO-RS, open or not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from leadglass.range.law import NEVER, Law
from leadglass.range.manners.invented import as_dicom_json
from leadglass.range.manners.web import NOT_FOUND, Reply, WebManner, as_json, number_in, page_level

__all__ = ["DicomWeb", "dicomweb_answer"]

_UID: Final = re.compile(r"[0-9][0-9.]{0,63}")
_ONE_BY_ONE: Final = frozenset({"limit", "offset", "includefield"})
_BY_UID: Final = re.compile(r"/studies/[0-9][0-9.]{0,63}(/metadata)?")


def dicomweb_answer(
    law: Law, path: str, query: Mapping[str, str], *, studies: int = 0, attributes: Sequence[int] = ()
) -> Reply:
    """What an open DICOMweb root answers to `path`, below it. It holds no study with the UID that is asked for; of each
    of its own these attributes are filled in."""
    if path == "/studies":
        if _ONE_BY_ONE.issuperset(query) and query.get("limit") == "1":
            law.saw(4, "QIDO-RS of one study")
            number = number_in(query, "offset")
            found = [as_dicom_json(attributes, number)] if number < studies else []
            return as_json(found, "application/dicom+json")
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

    def __init__(
        self,
        law: Law,
        *,
        root: str = "/dicom-web",
        refuses: int = 0,
        studies: int = 0,
        attributes: Sequence[int] = (),
    ) -> None:
        super().__init__(law)
        self._root, self._refuses, self._studies, self._attributes = root, refuses, studies, attributes

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if not path.startswith(self._root + "/"):
            self.law.saw(page_level(path), "HTTP GET")
            return NOT_FOUND
        below = path.removeprefix(self._root)
        reply = dicomweb_answer(self.law, below, query, studies=self._studies, attributes=self._attributes)
        return Reply(self._refuses) if self._refuses else reply
