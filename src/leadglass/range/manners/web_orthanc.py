"""Orthanc on its web port, as Orthanc 1.10 and later answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from leadglass.range.law import NEVER, Law
from leadglass.range.manners.invented import as_orthanc_tags
from leadglass.range.manners.web import Reply, WebManner, as_json, number_in, page_level, refusal
from leadglass.range.manners.web_dicomweb import dicomweb_answer

__all__ = ["OrthancWeb"]

_RESOURCE: Final = re.compile(r"/(?:patients|studies|series|instances)/[0-9a-f]{8}(?:-[0-9a-f]{8}){4}(?:/file)?")
_ONE_BY_ONE: Final = frozenset({"since", "limit", "expand"})
_LISTS: Final = frozenset({"/patients", "/studies", "/series", "/instances", "/changes", "/exports", "/tools/find"})
_EXPLORER: Final = b"<!DOCTYPE html>\n<html><head><title>Orthanc Explorer</title></head><body></body></html>"
_UNKNOWN: Final = Reply(404, b'{"HttpStatus":404,"Message":"Unknown resource"}', "application/json")


class OrthancWeb(WebManner):
    """REST and, with `has_dicomweb`, DICOMweb; with `demands_login`, neither for strangers."""

    def __init__(
        self,
        law: Law,
        *,
        patients: int = 0,
        studies: int = 0,
        images: int = 0,
        version: str = "1.12.1",
        has_dicomweb: bool = True,
        attributes: Sequence[int] = (),
        demands_login: bool = False,
    ) -> None:
        super().__init__(law)
        self._counts = {
            "CountPatients": patients,
            "CountStudies": studies,
            "CountSeries": 3 * studies,
            "CountInstances": images,
            "TotalDiskSize": str(images << 19),
            "TotalDiskSizeMB": images >> 1,
        }
        self._version, self._studies, self._attributes = version, studies, attributes
        self._has_dicomweb, self._demands_login = has_dicomweb, demands_login

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        reply = self._answer(path, query)
        return refusal("Orthanc Secure Area") if self._demands_login else reply

    def _answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if self._has_dicomweb and path.startswith("/dicom-web/"):
            below = path.removeprefix("/dicom-web")
            return dicomweb_answer(self.law, below, query, studies=self._studies, attributes=self._attributes)
        if path == "/studies" and query.keys() == _ONE_BY_ONE and query["limit"] == "1":
            self.law.saw(4, "Orthanc study")
            return self._study(number_in(query, "since"))
        if path in _LISTS:
            self.law.saw(NEVER, "Orthanc list")
        elif path == "/statistics":
            self.law.saw(3, "Orthanc statistics")
            return as_json(self._counts)
        elif _RESOURCE.fullmatch(path):
            self.law.saw(2, "Orthanc resource")
            return Reply(404)
        elif path == "/system":
            self.law.saw(1, "Orthanc system")
            return as_json({"ApiVersion": 22, "DicomAet": "ORTHANC", "Name": "Orthanc", "Version": self._version})
        else:
            return self._page(path)
        return _UNKNOWN

    def _study(self, number: int) -> Reply:
        if number >= self._studies:
            return as_json([])
        tags = as_orthanc_tags(self._attributes, number)
        patient = {name: value for name, value in tags.items() if name.startswith("Patient")}
        study = {name: value for name, value in tags.items() if name not in patient}
        return as_json([{"Type": "Study", "MainDicomTags": study, "PatientMainDicomTags": patient}])

    def _page(self, path: str) -> Reply:
        self.law.saw(1 if path == "/app/explorer.html" else page_level(path), "HTTP GET")
        if path == "/":
            return Reply(301, headers=(("Location", "app/explorer.html"),))
        return Reply(200, _EXPLORER) if path == "/app/explorer.html" else _UNKNOWN
