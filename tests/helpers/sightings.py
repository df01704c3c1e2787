"""What a survey has seen, in parts: certificates, handshakes, tries, observations, systems."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from leadglass.net.conversing import Certificate, Ending, Handshake, TlsOffer
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Observation, Sighting, Try, Verdict
from leadglass.survey.services import Service
from leadglass.survey.system import System
from leadglass.survey.target import Place, Target

__all__ = ["AT", "certificate", "handshake", "observation", "system", "target", "tried"]

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def target(number: int = 1, **changes: Any) -> Target:
    """One of 192.0.2.0/24."""
    address = f"192.0.2.{number % 250 + 1}"
    place = Place(organisation="Example Clinic", country="DE", state="Hesse")
    given = {"address": address, "port": 104, "service": Service.DICOM, "level": Level.ACCESS, "place": place}
    return Target(**(given | changes))


def tried(act: Act, how: str, verdict: Verdict = Verdict.OPEN, code: str = "") -> Try:
    """One thing tried."""
    return Try(act=act, how=how, verdict=verdict, code=code)


def observation(number: int = 1, sighting: Sighting | None = None, **changes: Any) -> Observation:
    """Of a target with that number; `changes` of the target, but `source`."""
    source = changes.pop("source", "probe")
    return Observation(
        number=number,
        target=target(number, **changes),
        seen_at=AT + timedelta(seconds=number),
        source=source,
        level=changes.get("level", Level.ACCESS),
        sighting=sighting or Sighting(ending=Ending.OVER, tries=(tried(Act.SPEAK, "A-ASSOCIATE"),)),
        seconds_to_connect=0.001,
        evidence=f"{number:064x}",
    )


def system(*observations: Observation, address: str = "192.0.2.1") -> System:
    """Of one address."""
    return System(address, observations)


def certificate(**changes: Any) -> Certificate:
    """A good one."""
    given = {
        "fingerprint": "ab" * 32,
        "subject": "CN=pacs.example.org",
        "issuer": "CN=Example CA",
        "names": ("pacs.example.org",),
        "organisation": "Example Clinic",
        "not_before": AT - timedelta(days=30),
        "not_after": AT + timedelta(days=300),
        "is_self_signed": False,
        "key": "EC secp256r1",
    }
    return Certificate(**(given | changes))


def handshake(**changes: Any) -> Handshake:
    """A good one."""
    given = {
        "offer": TlsOffer.MODERN,
        "version": "TLSv1.3",
        "cipher": "TLS_AES_256_GCM_SHA384",
        "certificate": certificate(),
        "asks_client_certificate": None,
        "demands_client_certificate": None,
        "fault": "",
    }
    return Handshake(**(given | changes))
