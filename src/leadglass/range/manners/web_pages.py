"""Simulated web servers that have hardly more than a first page: viewers, listings, fleets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from leadglass.range.law import NEVER, Law
from leadglass.range.manners.web import NOT_FOUND, Reply, WebManner, page_level
from leadglass.range.manners.web_dicomweb import dicomweb_answer

__all__ = ["CitrixPage", "DirectoryListing", "NginxNotFound", "OhifViewer", "Oviyam"]


class _Pages(WebManner):
    """A first page, perhaps more pages that anybody may see, and nothing behind them."""

    def __init__(self, law: Law, pages: Mapping[str, Reply], missing: Reply = NOT_FOUND) -> None:
        super().__init__(law)
        self._pages, self._missing = pages, missing

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:  # noqa: ARG002 - pages heed none
        self.law.saw(2 if path == "/app-config.js" else page_level(path), "HTTP GET")
        return self._pages.get(path, self._missing)


class Oviyam(_Pages):
    """A viewer whose study list is drawn by its server: open, or behind a login page."""

    server: ClassVar[str] = "Apache-Coyote/1.1"

    def __init__(self, law: Law, *, demands_login: bool = False, title: str = "Oviyam") -> None:
        form = '<form action="j_security_check"><input name="j_username"><input type="password"></form>'
        body = form if demands_login else '<div id="studyList"></div>'
        page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}<i>oviyam2</i></body></html>"
        super().__init__(law, {"/": Reply(200, page.encode())})


class OhifViewer(_Pages):
    """A viewer that runs in the browser and reads DICOMweb of the same server: open, refused, or with a login first."""

    server: ClassVar[str] = "nginx"

    def __init__(self, law: Law, *, demands_login: bool = False, has_oidc: bool = False) -> None:
        index = (
            b'<!DOCTYPE html><html><head><title>OHIF Viewer</title><script src="/app-config.js"></script></head></html>'
        )
        oidc = 'oidc: [{authority: "https://login.example.org/realms/x"}],' if has_oidc else ""
        source = '{ configuration: { qidoRoot: "/pacs", wadoRoot: "/pacs" } }'
        config = f"window.config = {{ {oidc} dataSources: [{source}] }};"
        super().__init__(
            law, {"/": Reply(200, index), "/app-config.js": Reply(200, config.encode(), "application/javascript")}
        )
        self._demands_login = demands_login or has_oidc

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if not path.startswith("/pacs/"):
            return super().answer(path, query)
        reply = dicomweb_answer(self.law, path.removeprefix("/pacs"), query)
        return Reply(401) if self._demands_login else reply


class DirectoryListing(WebManner):
    """A folder of DICOM files, listed by Apache. Whoever opens a file breaks the law."""

    server: ClassVar[str] = "Apache/2.4.57 (Debian)"

    def __init__(self, law: Law, *, files: int = 20, marks: str = "") -> None:
        super().__init__(law)
        rows = "".join(f'<tr><td><a href="{marks}{n:06d}.dcm">{marks}{n:06d}.dcm</a></td></tr>' for n in range(files))
        head = "<!DOCTYPE HTML><html><head><title>Index of /</title></head>"
        page = f"{head}<body><h1>Index of /</h1><table>{rows}</table></body></html>"
        self._page = Reply(200, page.encode())

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:  # noqa: ARG002 - pages heed none
        if path == "/":
            self.law.saw(1, "HTTP GET")
            return self._page
        is_file = path.endswith(".dcm")
        self.law.saw(NEVER if is_file else page_level(path), "file opened" if is_file else "HTTP GET")
        return NOT_FOUND


_NGINX_404: Final = Reply(
    404,
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
)


class NginxNotFound(_Pages):
    """One of a fleet: every path, and every port, is answered by nginx's own page."""

    server: ClassVar[str] = "nginx"

    def __init__(self, law: Law) -> None:
        super().__init__(law, {}, _NGINX_404)


class CitrixPage(_Pages):
    """One of a fleet of pretenders: the same login page of a remote access gateway everywhere."""

    def __init__(self, law: Law) -> None:
        page = (
            b'<html><head><title>Citrix Gateway</title></head><body><form><input type="password"></form></body></html>'
        )
        super().__init__(law, {"/": Reply(200, page)}, Reply(200, page))
