"""Censys: hosts of Search 2.0 (JSON lines, arrays or answers of its API), and the flat records before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from leadglass.survey.targets.imports.faults import decoded, fault
from leadglass.survey.targets.imports.imported import Imported, address, moment, port_of, service_named, word

__all__ = ["read"]


class _Software(Struct, frozen=True):
    product: str | None = None
    version: str | None = None


class _Service(Struct, frozen=True):
    port: Annotated[int, Meta(ge=0, le=65_535)]
    service_name: str = ""
    transport_protocol: str = "TCP"
    observed_at: str = ""
    software: list[_Software] = []


class _Host(Struct, frozen=True):
    ip: str
    services: list[_Service] = []
    last_updated_at: str = ""
    protocols: list[str] = []  # "104/dicom", of the flat records
    updated_at: str = ""


def read(record: bytes, name: str, where: str) -> Iterator[Imported]:
    """The services of one host."""
    host = decoded(record, _Host, name, where)
    field = "ip"
    try:
        numeric = address(host.ip)
        for number, service in enumerate(host.services):
            field = f"services[{number}].observed_at"
            seen_at = moment(service.observed_at or host.last_updated_at)
            software = next((one for one in service.software if one.product), _Software())
            yield Imported(
                address=numeric,
                port=service.port,
                protocol=service.transport_protocol.lower()[:8],
                seen_at=seen_at,
                source="Censys",
                service=service_named(service.service_name),
                product=word(software.product),
                version=word(software.version),
            )
        for number, text in enumerate(host.protocols):
            field = f"protocols[{number}] or updated_at"
            port, _, kind = text.partition("/")
            yield Imported(
                address=numeric,
                port=port_of(port),
                protocol="tcp",
                seen_at=moment(host.updated_at),
                source="Censys",
                service=service_named(kind),
            )
    except ValueError as error:
        raise fault(name, where, str(error), field) from None
