"""The application behind the HTTPS door: DICOMweb, and (under everything else) the console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from leadglass.archive.archive import Archive
from leadglass.web.cors import Cors
from leadglass.web.cross_site import CrossSite
from leadglass.web.dicomweb.service import ROOT, DicomWeb
from leadglass.web.faults import Faults
from leadglass.web.headers import SecurityHeaders
from leadglass.web.hosts import KnownHosts
from leadglass.web.http_versions import WholeAnswers
from leadglass.web.metrics import Counted, Gauges, Metrics
from leadglass.web.problems import problem

__all__ = ["application"]


def application(
    archive: Archive,
    *,
    public_url: str,
    names: Sequence[str],
    cors_origins: Sequence[str],
    gauges: Gauges,
    report: Callable[[str], None],
    console: ASGIApp | None = None,
) -> Starlette:
    """The whole web door; `console` answers whatever nothing else does. `names` are those it is called by besides the
    host of `public_url`; `report` is told of our own failures, in words without patient data."""
    metrics = Metrics(archive.gate, gauges)
    dicom_web = Cors(DicomWeb(archive, public_url), cors_origins)
    host = urlsplit(public_url).hostname or "localhost"
    app = Starlette(
        routes=[
            Route("/health", _health),
            Route("/metrics", metrics.page),
            Route(ROOT, dicom_web),
            Mount(ROOT, dicom_web),
            *([Mount("/", console)] if console is not None else []),
        ],
        middleware=[
            Middleware(Counted, metrics=metrics),
            Middleware(SecurityHeaders),
            Middleware(Faults, report=report),
            Middleware(WholeAnswers),
            Middleware(KnownHosts, names=(host, *names)),
            Middleware(CrossSite, except_below=ROOT),
        ],
        exception_handlers={404: _not_found, 405: _not_allowed},
    )
    app.state.archive = archive
    app.state.public_url = public_url
    return app


async def _health(request: Request) -> Response:
    """Whether the process answers; nothing else, for strangers read this too."""
    del request
    return JSONResponse({"status": "ok"})


async def _not_found(request: Request, fault: Exception) -> Response:
    del request, fault
    return problem(404, "Not found")


async def _not_allowed(request: Request, fault: Exception) -> Response:
    del request
    return problem(405, "Method not allowed", headers=getattr(fault, "headers", None))
