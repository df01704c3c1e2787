"""dcm4chee-arc on its web port: open as it is installed, or behind a login."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from leadglass.range.law import Law
from leadglass.range.manners.web import NOT_FOUND, Reply, WebManner, as_json, page_level
from leadglass.range.manners.web_dicomweb import dicomweb_answer

__all__ = ["Dcm4cheeWeb"]

_ARCHIVE: Final = "/dcm4chee-arc"
_WELCOME: Final = b"<!DOCTYPE html><html><head><title>Welcome to WildFly</title></head><body></body></html>"
_USER_INTERFACE: Final = b"<!doctype html><html><head><title>dcm4chee</title></head><body></body></html>"


class Dcm4cheeWeb(WebManner):
    """Its archive's REST below /dcm4chee-arc, in the name of one AE title."""

    server: ClassVar[str] = "WildFly/26"

    def __init__(
        self,
        law: Law,
        *,
        patients: int = 0,
        studies: int = 0,
        images: int = 0,
        ae_title: str = "DCM4CHEE",
        attributes: Sequence[int] = (),
        demands_login: bool = False,
    ) -> None:
        super().__init__(law)
        self._counts = {"patients": patients, "studies": studies, "instances": images}
        self._ae_title, self._attributes, self._demands_login = ae_title, attributes, demands_login

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if path.startswith(_ARCHIVE + "/aets"):
            reply = self._archive(path.removeprefix(_ARCHIVE + "/aets"), query)
            return Reply(401) if self._demands_login else reply
        self.law.saw(1 if path == "/dcm4chee-arc/ui2/" else page_level(path), "HTTP GET")
        if path == "/":
            return Reply(200, _WELCOME)
        return Reply(200, _USER_INTERFACE) if path == "/dcm4chee-arc/ui2/" else NOT_FOUND

    def _archive(self, path: str, query: Mapping[str, str]) -> Reply:
        if not path:
            self.law.saw(1, "dcm4chee AE titles")
            return as_json([{"dicomAETitle": self._ae_title, "dicomDescription": "Hide instances rejected"}])
        root = f"/{self._ae_title}/rs"
        if not path.startswith(root + "/"):
            self.law.saw(2, "HTTP GET")
            return NOT_FOUND
        resource = path.removeprefix(root)
        if resource == "/studies/size":
            self.law.saw(3, "dcm4chee size")
            return as_json({"size": self._counts["instances"] << 19})
        kind = resource.removeprefix("/").removesuffix("/count")
        if resource == f"/{kind}/count" and kind in self._counts:
            self.law.saw(3, "dcm4chee count")
            return as_json({"count": self._counts[kind]})
        studies = self._counts["studies"]
        return dicomweb_answer(self.law, resource, query, studies=studies, attributes=self._attributes)
