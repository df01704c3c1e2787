"""Every address of the web door as a request that could be made, drawn from the route tables: none can be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from helpers.marked import MarkedStudy
from helpers.samples import part10
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.capabilities import capabilities
from leadglass.web.dicomweb.route import Route
from leadglass.web.dicomweb.service import ROOT, ROUTES

__all__ = ["Asked", "dicom_web_routes", "request_for"]

_BOUNDARY: Final = "boundary-of-a-test"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to one route about one study."""

    route: Route
    method: str
    target: str  # path and query
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.method} {self.route.path}"


def dicom_web_routes() -> tuple[Route, ...]:
    """All resources below /dicom-web, in the order in which they are looked for."""
    return (*ROUTES, *capabilities(ROUTES, "https://localhost"))


def request_for(route: Route, study: MarkedStudy) -> Asked:
    """A request to `route` that names `study`. KeyError for a place in a path that nobody said how to fill."""
    path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: _fillings(study)[found[1]], route.path)
    headers, body = _body(study) if route.takes else ({}, b"")
    return Asked(route, route.method, ROOT + path + _query(route, study), headers, body)


def _fillings(study: MarkedStudy) -> dict[str, str]:
    return {
        "study": study.study_instance_uid,
        "series": study.series_instance_uid,
        "instance": study.images[0].sop_instance_uid,
        "frames": "1",
        "frame": "1",
        "tag": "7FE00010",
        "path": "7FE00010",
        "element": "7FE00010",
    }


def _query(route: Route, study: MarkedStudy) -> str:
    if any(parameter.name == "requestType" for parameter in route.parameters):  # PS3.18 §9: WADO-URI
        names = (("study", "studyUID"), ("series", "seriesUID"), ("instance", "objectUID"))
        uids = "&".join(f"{name}={_fillings(study)[of]}" for of, name in names)
        return f"?requestType=WADO&{uids}&contentType=application/dicom"
    if route.action is Action.QUERY and "{study}" not in route.path:
        return f"?StudyInstanceUID={study.study_instance_uid}&includefield=all"
    return ""


def _body(study: MarkedStudy) -> tuple[dict[str, str], bytes]:
    """All images of the study, to be stored (PS3.18 §10.5)."""
    content_type = f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'
    return {"Content-Type": content_type, "Accept": "application/dicom+json"}, b"".join(_parts(study))


def _parts(study: MarkedStudy) -> Iterator[bytes]:
    for image in study.images:
        yield f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        yield part10(image.data_set())
        yield b"\r\n"
    yield f"--{_BOUNDARY}--\r\n".encode()
