"""masscan `-oJ` and `-oD`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from leadglass.survey.targets.imports.faults import decoded, fault
from leadglass.survey.targets.imports.imported import Imported, address, moment, service_named

__all__ = ["read"]

_Port = Annotated[int, Meta(ge=0, le=65_535)]


class _Service(Struct, frozen=True):
    name: str = ""


class _Data(Struct, frozen=True):
    status: str = "open"
    service_name: str = ""


class _Door(Struct, frozen=True):
    port: _Port
    proto: str = "tcp"
    status: str = "open"
    service: _Service = _Service()


class _Record(Struct, frozen=True):
    ip: str
    timestamp: str | int
    ports: list[_Door] = []
    port: _Port = 0  # of -oD, with the rest
    proto: str = "tcp"
    data: _Data = _Data()


def read(record: bytes, name: str, where: str) -> Iterator[Imported]:
    """The open ports of one record."""
    found = decoded(record, _Record, name, where)
    doors = found.ports
    if found.port:
        doors = [_Door(found.port, found.proto, found.data.status, _Service(found.data.service_name))]
    try:
        host, seen_at = address(found.ip), moment(str(found.timestamp))
    except ValueError as error:
        raise fault(name, where, str(error), "ip or timestamp") from None
    for door in doors:
        if door.status == "open":
            yield Imported(
                address=host,
                port=door.port,
                protocol=door.proto[:8],
                seen_at=seen_at,
                source="masscan",
                service=service_named(door.service.name),
            )
