"""What is kept of a FHIR server's CapabilityStatement (HL7 FHIR R4 §2.3)."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec

from leadglass.survey.probes.http_keeping import read

__all__ = ["Capabilities", "capabilities"]

_Short = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.+-]{0,30}$")]


class Capabilities(msgspec.Struct, forbid_unknown_fields=True):
    """What is looked at of a CapabilityStatement; it may be cut, so it is searched and not parsed."""

    fhir: _Short
    is_hapi: bool
    version: _Short
    has_security: bool
    is_test: bool


_STATEMENT: Final = re.compile(rb'"resourceType"\s*:\s*"(?:CapabilityStatement|Conformance)"')
_FHIR_VERSION: Final = re.compile(rb'"fhirVersion"\s*:\s*"([0-9A-Za-z.+-]{1,30})"')
_SOFTWARE: Final = re.compile(rb'"software"\s*:\s*\{[^{}]{0,300}?"version"\s*:\s*"([0-9A-Za-z.+-]{1,30})"')
_SECURITY: Final = re.compile(rb'"security"\s*:\s*\{\s*"(?:service|extension|description|cors)')
_TEST: Final = re.compile(rb"synthea|\btest server\b|\bsandbox\b|\bdemo\b", re.IGNORECASE)


def capabilities(body: bytes) -> bytes:
    """Nothing if it is none."""
    found = read(body, Capabilities)
    if found is None:
        if not _STATEMENT.search(body):
            return b""
        fhir, version = _FHIR_VERSION.search(body), _SOFTWARE.search(body)
        found = Capabilities(
            fhir=fhir[1].decode() if fhir else "",
            is_hapi=b"HAPI FHIR" in body,
            version=version[1].decode() if version else "",
            has_security=_SECURITY.search(body) is not None,
            is_test=_TEST.search(body) is not None,
        )
    return msgspec.json.encode(found)
