"""What somebody else saw at an address, and the observation it becomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from leadglass.net.conversing import Ending
from leadglass.survey.addresses import address_of, key_of
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, DicomFacts, Observation, Sighting, Software, Try, Verdict
from leadglass.survey.scope import Refusal, Warrant
from leadglass.survey.services import Service, service_of_port
from leadglass.survey.target import Target
from leadglass.survey.targets.locating import WhereIs, located

__all__ = ["Imported", "moment", "observation_of", "port_of", "service_named", "word"]

_UNSAFE: Final = re.compile(r"[^\w .+\-/()]", re.ASCII)
_LONGEST: Final = 64
_NAMES: Final[Mapping[str, Service]] = {
    "dicom": Service.DICOM,
    "http": Service.HTTP,
    "https": Service.HTTP,
    "elasticsearch": Service.HTTP,
    "couchdb": Service.HTTP,
    "hl7": Service.HL7,
    "mongodb": Service.MONGODB,
    "ftp": Service.FTP,
    "smb": Service.SMB,
    "postgres": Service.POSTGRESQL,
    "postgresql": Service.POSTGRESQL,
    "mysql": Service.MYSQL,
    "redis": Service.REDIS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An open port. Words come from the scanner and are cut down to what a product's name may hold."""

    address: str  # numeric
    port: int
    protocol: str  # "tcp" or "udp"
    seen_at: datetime  # UTC
    source: str  # whose scan: "Nmap", "Shodan" …
    service: Service | None = None  # what the scanner found, None if it only found an open port
    product: str = ""
    version: str = ""

    @property
    def door(self) -> str:
        """As a run's list of targets has it."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def observation_of(
    imported: Imported, number: int, warrant: Warrant, places: WhereIs | None = None
) -> Observation | Refusal:
    """The observation, or why the scope does not speak of that address."""
    refusal = warrant.covers(imported.address)
    if refusal is not None:
        return refusal
    place = warrant.place_at(imported.address)
    if places is not None:
        place = located(place, places.place_of(imported.address))
    service = imported.service or service_of_port(imported.port)
    target = Target(address=imported.address, port=imported.port, service=service, level=Level.IMPORTS, place=place)
    return Observation(
        number=number,
        target=target,
        seen_at=imported.seen_at,
        source=imported.source,
        level=Level.IMPORTS,
        sighting=_sighting(imported),
    )


def _sighting(imported: Imported) -> Sighting:
    """That something answered; that it spoke DICOM only if the scanner's own data proves it."""
    is_dicom = imported.service is Service.DICOM
    proof = f"{imported.source} says so" if imported.product else ""
    return Sighting(
        ending=Ending.OVER,
        tries=(Try(act=Act.SPEAK, how="A-ASSOCIATE", verdict=Verdict.OPEN),) if is_dicom else (),
        facts=DicomFacts() if is_dicom else None,
        software=Software(product=imported.product, version=imported.version, proof=proof),
    )


def address(text: str) -> str:
    """The address as RFC 5952 writes it. ValueError if it is none."""
    try:
        return address_of(key_of(text.strip()))
    except ValueError:
        raise ValueError("it is no address") from None


def port_of(text: str) -> int:
    """ValueError unless it is a number from 0 to 65535."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < 65_536):
        raise ValueError("it is no port")
    return int(text)


def moment(text: str) -> datetime:
    """The moment an ISO 8601 text or a number of seconds since 1970 names; without a zone it is UTC. ValueError if
    it names none."""
    try:
        if text.isascii() and text.isdigit() and len(text) < 12:
            return datetime.fromtimestamp(int(text), UTC)
        parsed = datetime.fromisoformat(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("it is no moment in time") from None


def word(text: str | None) -> str:
    """A product's name or version, without anything such a name does not hold."""
    return " ".join(_UNSAFE.sub(" ", text or "").split())[:_LONGEST]


def service_named(name: str | None) -> Service | None:
    """The service a scanner means by this name; None if it is none of ours."""
    return _NAMES.get((name or "").strip().lower())
