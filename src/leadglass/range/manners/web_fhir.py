"""A simulated FHIR R4 server, open or behind OAuth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from leadglass.range.law import NEVER, Law
from leadglass.range.manners.web import Reply, WebManner, as_json, page_level

__all__ = ["FhirServer"]

_FHIR: Final = "application/fhir+json"
_RESOURCE_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{2,40}")


class FhirServer(WebManner):
    """`counts` by resource type, like {"Patient": 900, "ImagingStudy": 2000}."""

    server: ClassVar[str] = "Jetty(11.0.15)"

    def __init__(
        self, law: Law, *, counts: Mapping[str, int] = {}, demands_login: bool = False, root: str = "/fhir"
    ) -> None:
        super().__init__(law)
        self._counts, self._demands_login, self._root = counts, demands_login, root

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if path == "/":
            self.law.saw(1, "HTTP GET")
            return Reply(302, headers=(("Location", f"{self._root}/metadata"),))
        if path == f"{self._root}/metadata":
            self.law.saw(1, "FHIR metadata")
            return as_json(self._capabilities(), _FHIR)
        kind = path.removeprefix(f"{self._root}/")
        if not _RESOURCE_TYPE.fullmatch(kind):
            self.law.saw(page_level(path), "HTTP GET")
            return Reply(404, b'{"resourceType":"OperationOutcome"}', _FHIR)
        reply = self._search(kind, query)
        return Reply(401) if self._demands_login else reply

    def _search(self, kind: str, query: Mapping[str, str]) -> Reply:
        if query.get("_summary") != "count":
            self.law.saw(NEVER, "FHIR search")
            return Reply(400)
        self.law.saw(2 if query.get("_id") else 3, "FHIR count")
        total = 0 if query.get("_id") else self._counts.get(kind, 0)
        return as_json({"resourceType": "Bundle", "type": "searchset", "total": total}, _FHIR)

    def _capabilities(self) -> dict[str, Any]:
        rest: dict[str, Any] = {"mode": "server", "resource": [{"type": kind} for kind in self._counts]}
        if self._demands_login:
            rest = {"mode": "server", "security": {"service": [{"text": "OAuth2"}]}, "resource": rest["resource"]}
        software = {"name": "HAPI FHIR Server", "version": "6.8.0"}
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "kind": "instance",
            "software": software,
            "fhirVersion": "4.0.1",
            "rest": [rest],
        }
