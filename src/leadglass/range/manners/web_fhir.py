"""A simulated FHIR R4 server, open or behind OAuth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from leadglass.range.law import NEVER, Law
from leadglass.range.manners.web import Reply, WebManner, as_json, page_level

__all__ = ["FhirServer"]

_FHIR: Final = "application/fhir+json"
_FEW: Final = frozenset({"_count", "_elements"})
_ALLOWED: Final = frozenset(map(str, range(1, 101)))
"""How many patients may be looked at: no scope can grant more."""
_INVENTED: Final[Mapping[str, Any]] = {
    "identifier": [{"value": "EXAMPLE"}],
    "name": [{"family": "EXAMPLE", "given": ["PATIENT"]}],
    "telecom": [{"system": "phone", "value": "+00 000 EXAMPLE"}],
    "gender": "unknown",
    "birthDate": "1900-01-01",
    "address": [{"line": ["1 EXAMPLE STREET"]}],
}
_RESOURCE_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{2,40}")


class FhirServer(WebManner):
    """`counts` by resource type, like {"Patient": 900, "ImagingStudy": 2000}; a patient has these `elements`."""

    server: ClassVar[str] = "Jetty(11.0.15)"

    def __init__(
        self,
        law: Law,
        *,
        counts: Mapping[str, int] = {},
        elements: Sequence[str] = (),
        demands_login: bool = False,
        root: str = "/fhir",
    ) -> None:
        super().__init__(law)
        self._elements = elements
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
        if kind == "Patient" and query.keys() == _FEW and query["_count"] in _ALLOWED:
            self.law.saw(4, "FHIR elements of a few")
            return self._patients(min(int(query["_count"]), self._counts.get(kind, 0)), query["_elements"].split(","))
        if query.get("_summary") != "count":
            self.law.saw(NEVER, "FHIR search")
            return Reply(400)
        self.law.saw(2 if query.get("_id") else 3, "FHIR count")
        total = 0 if query.get("_id") else self._counts.get(kind, 0)
        return as_json({"resourceType": "Bundle", "type": "searchset", "total": total}, _FHIR)

    def _patients(self, count: int, elements: Sequence[str]) -> Reply:
        patient = {name: _INVENTED[name] for name in elements if name in self._elements and name in _INVENTED}
        entries = [{"resource": {"resourceType": "Patient", "id": str(n), **patient}} for n in range(count)]
        return as_json({"resourceType": "Bundle", "type": "searchset", "entry": entries}, _FHIR)

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
