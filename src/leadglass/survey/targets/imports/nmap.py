"""Nmap `-oX` (masscan `-oX` looks the same). Read as it comes; a file that declares an entity is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final
from xml.parsers import expat

from leadglass.survey.targets.imports.faults import fault
from leadglass.survey.targets.imports.imported import Imported, address, moment, port_of, service_named, word
from leadglass.terms.ceilings import KIB, MAX_SCAN_RECORD

__all__ = ["read"]

_PORTION: Final = 64 * KIB
_SOURCES: Final = {"nmap": "Nmap", "masscan": "masscan"}


def read(file: BinaryIO, name: str) -> Iterator[Imported]:
    """The open ports. UserFault names the line."""
    scan = _Scan(name)
    given = 0
    while portion := file.read(_PORTION):
        given += len(portion)
        scan.take(portion, is_last=False)
        if given - scan.parser.CurrentByteIndex > MAX_SCAN_RECORD:
            raise fault(name, scan.where, f"an element is longer than {MAX_SCAN_RECORD} bytes")
        yield from scan.taken()
    scan.take(b"", is_last=True)
    yield from scan.taken()


class _Scan:
    """Where the parser stands, and what it has found since it was last asked."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[Imported] = []
        self._source = "Nmap"
        self._begun = ""  # when the scan began: for hosts without a time of their own
        self._host: dict[str, str] = {}
        self._doors: list[dict[str, str]] = []
        self._is_nmaprun = False
        self.parser = expat.ParserCreate()
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.EntityDeclHandler = self._entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    @property
    def where(self) -> str:
        return f"line {self.parser.CurrentLineNumber}"

    def take(self, portion: bytes, *, is_last: bool) -> None:
        """UserFault if this is not XML, or not of Nmap."""
        try:
            self.parser.Parse(portion, is_last)
        except expat.ExpatError as error:
            what = expat.ErrorString(error.code)
            raise fault(self._name, f"line {error.lineno}", f"it is not XML ({what})") from None

    def taken(self) -> list[Imported]:
        found, self._found = self._found, []
        return found

    def _entity(self, *_: object) -> None:
        raise fault(self._name, self.where, "it declares an entity, as no scanner does")

    def _start(self, element: str, attributes: Mapping[str, str]) -> None:
        if not self._is_nmaprun:
            self._root(element, attributes)
        elif element == "host":
            self._host = {"seen": attributes.get("endtime") or attributes.get("starttime") or self._begun}
            self._doors = []
        elif element == "address" and attributes.get("addrtype") in ("ipv4", "ipv6"):
            self._host["address"] = attributes.get("addr", "")
        elif element == "port":
            self._doors.append({"port": attributes.get("portid", ""), "protocol": attributes.get("protocol", "tcp")})
        elif element == "state" and self._doors:
            self._doors[-1]["state"] = attributes.get("state", "")
        elif element == "service" and self._doors:
            self._doors[-1] |= {key: attributes.get(key, "") for key in ("name", "method", "product", "version")}

    def _root(self, element: str, attributes: Mapping[str, str]) -> None:
        if element != "nmaprun":
            raise fault(self._name, self.where, "it is XML, and not of Nmap: its first element is no nmaprun")
        self._is_nmaprun = True
        self._source = _SOURCES.get(attributes.get("scanner", ""), "Nmap")
        self._begun = attributes.get("start", "")

    def _end(self, element: str) -> None:
        if element == "host":
            self._found += [self._imported(door) for door in self._doors if door.get("state") == "open"]
            self._doors = []

    def _imported(self, door: Mapping[str, str]) -> Imported:
        field = "address"
        try:
            host = address(self._host.get("address", ""))
            field = "portid"
            port = port_of(door["port"])
            field = "endtime"
            seen_at = moment(self._host.get("seen", ""))
        except ValueError as error:
            raise fault(self._name, self.where, str(error), field) from None
        is_proved = door.get("method") == "probed"  # otherwise it is only the usual name of that port
        return Imported(
            address=host,
            port=port,
            protocol=door["protocol"][:8],
            seen_at=seen_at,
            source=self._source,
            service=service_named(door.get("name", "")) if is_proved else None,
            product=word(door.get("product")) if is_proved else "",
            version=word(door.get("version")) if is_proved else "",
        )
