"""Shodan: what `shodan download` writes, a banner a line, and answers of its search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, field

from leadglass.survey.services import Service
from leadglass.survey.targets.imports.faults import decoded, fault
from leadglass.survey.targets.imports.imported import Imported, address, moment, service_named, word

__all__ = ["read"]


class _Crawler(Struct, frozen=True):
    module: str = ""


class _Banner(Struct, frozen=True):
    ip_str: str
    port: Annotated[int, Meta(ge=0, le=65_535)]
    timestamp: str
    transport: str = "tcp"
    product: str | None = None
    version: str | None = None
    crawler: _Crawler = field(name="_shodan", default=_Crawler())


def read(record: bytes, name: str, where: str) -> Iterator[Imported]:
    """The service of one banner."""
    found = decoded(record, _Banner, name, where)
    try:
        host = address(found.ip_str)
    except ValueError as error:
        raise fault(name, where, str(error), "ip_str") from None
    try:
        seen_at = moment(found.timestamp)
    except ValueError as error:
        raise fault(name, where, str(error), "timestamp") from None
    yield Imported(
        address=host,
        port=found.port,
        protocol=found.transport[:8],
        seen_at=seen_at,
        source="Shodan",
        service=_service(found.crawler.module),
        product=word(found.product),
        version=word(found.version),
    )


def _service(module: str) -> Service | None:
    """Of the module that made the banner: `dicom`, `https`, `mongodb`, `dicom-104` …"""
    return service_named(module) or service_named(module.partition("-")[0])
