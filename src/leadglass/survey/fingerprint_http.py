"""What a web server's first page is: recognised from marks in its first bytes, reduced to words of ours.

Nothing of a page is kept but which marks it bears, a version, and a digest by which alike pages are told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from leadglass.survey.facts import table
from leadglass.survey.observation import Meaning, Sign

__all__ = ["FAVICONS", "Page", "page_of", "signs_of"]

FAVICONS: Final[Mapping[str, str]] = {
    row["pattern"]: row["name"] for row in table("fingerprints") if row["match_field"] == "favicon_md5"
}
"""MD5 of a favicon → product. A hint, not a proof: icons are copied."""

_Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9][0-9A-Za-z.+-]{0,30}$")]
_Digest = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{64})?$")]


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="leadglass", tag="page"):
    """A landing page."""

    digest: _Digest  # SHA-256 of what was read of it; "" if that was nothing
    kind: str = ""  # which of `_KINDS` or `_BANNERS`; "" if none
    marks: tuple[str, ...] = ()  # which of `_MARKS`
    version: _Version | None = None


def _words(*patterns: str) -> re.Pattern[bytes]:
    return re.compile("|".join(patterns).encode(), re.IGNORECASE)


_TITLE: Final = r"<title>[^<]{0,80}"
_KINDS: Final[Mapping[str, re.Pattern[bytes]]] = {
    # the first that fits counts
    "listing": _words(
        _TITLE + r"(?:Index of /|Directory listing for /|Directory: /)",
        r"\[To Parent Directory\]</A>",
        r"<h1>(?:Index of|Directory listing for) /",
    ),
    "Orthanc Explorer 2": _words(_TITLE + "Orthanc Explorer 2", "orthanc-explorer-2"),
    "Orthanc Explorer": _words(_TITLE + "Orthanc Explorer"),
    "Stone Web Viewer": _words(_TITLE + "Stone Web Viewer", "StoneWebViewer"),
    "OHIF": _words(_TITLE + "OHIF", "ohif-?viewer", r"Open Health Imaging Foundation"),
    "MedDream": _words(_TITLE + "MedDream", "/meddream", "meddream-viewer"),
    "Oviyam": _words(_TITLE + "Oviyam", "oviyam2"),
    "Weasis": _words(_TITLE + "Weasis", "weasis-pacs-connector"),
    "DWV": _words(_TITLE + r"(?:DWV|DICOM Web Viewer)", r"dwv(?:\.min)?\.js"),
    "RadiAnt": _words(_TITLE + "RadiAnt"),
    "OsiriX": _words(_TITLE + r"(?:OsiriX|Horos)[^<]{0,40}"),
    "dcm4chee": _words(_TITLE + r"dcm4chee", "/dcm4chee-arc/", "dcm4chee-web"),
    "Synapse": _words(_TITLE + r"(?:Fujifilm )?Synapse(?: PACS| Mobility)?\s*<"),
    "Merge PACS": _words(_TITLE + r"Merge (?:PACS|Healthcare)"),
    "Conquest": _words(_TITLE + r"CONQUEST (?:DICOM|image)"),
    "Leadglass": _words(r"<title>[^<]{0,60}Leadglass</title>"),
    "PACS": _words(_TITLE + r"\b(?:PACS|DICOM|RIS)\b"),
    "HAPI FHIR": _words(_TITLE + "HAPI FHIR", "hapi-fhir"),
    "Citrix login": _words(_TITLE + r"(?:Citrix (?:Gateway|Access)|NetScaler (?:Gateway|AAA))"),
    "S3 listing": _words(r"<(?:ListBucketResult|ListAllMyBucketsResult)[ >]"),
    "S3 refusal": _words(r"<Error>\s*<Code>(?:AccessDenied|AllAccessDisabled|InvalidAccessKeyId)</Code>"),
    "HTTPS wanted": _words(
        "plain HTTP request was sent to HTTPS port",
        "speaking plain HTTP to an SSL-enabled server port",
        "sent an HTTP request to an HTTPS server",
        "This combination of host and port requires TLS",
    ),
    "nginx 404": re.compile(rb"<title>404 Not Found</title>.{0,120}<hr><center>nginx", re.DOTALL | re.IGNORECASE),
    "WildFly": _words(_TITLE + r"Welcome to (?:WildFly|JBoss)"),
    "FHIR": _words(r'"resourceType"\s*:\s*"(?:CapabilityStatement|Conformance)"'),
}
_MARKS: Final[Mapping[str, re.Pattern[bytes]]] = {
    "login": _words(
        r"""type\s*=\s*["']?password""",
        r"j_security_check",
        r"/(?:login|signin|sign-in|auth/realms|oauth2?|saml2?)\b",
        _TITLE + r"\b(?:log ?in|sign ?in|anmelden|anmeldung|connexion|iniciar sesi|entrar|giri)",
    ),
    "DICOM files": _words(r"""href\s*=\s*["']?[^"'<>]{0,200}(?:\.dcm\b|DICOMDIR|\.dicom\b)""", r"\.dcm</Key>"),
    "demo": _words(_TITLE + r"\b(?:demo|playground|sandbox|preview)\b"),
    "test": _words(_TITLE + r"\b(?:test|sample|example|staging)\b", r"\b(?:synthea|mimic-?(?:iii|iv|cxr)|TCIA)\b"),
    "teaching": _words(_TITLE + r"\b(?:teaching|education|training|tutorial)\b"),
}


class _Number(msgspec.Struct):
    number: _Version
    distribution: str = ""


class _Banner(msgspec.Struct):
    """How Elasticsearch, OpenSearch and CouchDB introduce themselves."""

    version: _Number | _Version
    tagline: str = ""
    couchdb: str = ""


_FAULTS: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def page_of(body: bytes) -> Page:
    """What a page is. Of a page that was reduced before, the same again. Never raises."""
    try:
        page = msgspec.json.decode(body, type=Page)
    except _FAULTS:
        return _recognised(body)
    kind = page.kind if page.kind in _KINDS or page.kind in _BANNERS else ""
    return msgspec.structs.replace(page, kind=kind, marks=tuple(mark for mark in _MARKS if mark in page.marks))


def _recognised(body: bytes) -> Page:
    digest = hashlib.sha256(body).hexdigest() if body else ""
    kind, version = _banner(body) if body.lstrip().startswith(b"{") else ("", None)
    if not kind:
        kind = next((kind for kind, pattern in _KINDS.items() if pattern.search(body)), "")
    marks = tuple(mark for mark, pattern in _MARKS.items() if pattern.search(body))
    return Page(digest=digest, kind=kind, marks=marks, version=version)


_BANNERS: Final = frozenset({"Elasticsearch", "OpenSearch", "CouchDB"})


def _banner(body: bytes) -> tuple[str, str | None]:
    """Databases that introduce themselves in JSON."""
    try:
        found = msgspec.json.decode(body, type=_Banner)
    except _FAULTS:
        return "", None
    if isinstance(found.version, str):
        return ("CouchDB", found.version) if found.couchdb else ("", None)
    if found.version.distribution == "opensearch":
        return "OpenSearch", found.version.number
    return ("Elasticsearch", found.version.number) if "for Search" in found.tagline else ("", None)


_MEANS: Final[Mapping[str, Meaning]] = {"demo": "demo", "test": "test data", "teaching": "teaching"}
_ORTHANC_PORTS: Final = frozenset({8042, 8043})


def signs_of(page: Page, port: int) -> tuple[Sign, ...]:
    """What a first page says of whether all this is real."""
    found = [
        Sign(means=_MEANS[mark], why=f"the first page bears a mark of {_MEANS[mark]}", weight=1)
        for mark in page.marks
        if mark in _MEANS
    ]
    if page.kind == "Citrix login":
        why = "a login page of a remote access gateway, as a known fleet of pretenders shows beside DICOM"
        found.append(Sign(means="fleet", why=why, weight=1))
    if page.kind == "nginx 404" and port in _ORTHANC_PORTS:
        why = "Orthanc's usual web port, and nginx's own page for what is missing: as a known fleet answers"
        found.append(Sign(means="fleet", why=why, weight=2))
    return tuple(found)
