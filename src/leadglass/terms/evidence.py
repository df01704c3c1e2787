"""What a caller showed us, before anybody believes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from leadglass.terms.ae_title import AETitle

__all__ = ["CertificateFacts", "Door", "Evidence", "UserIdentity"]


class Door(StrEnum):
    """Where a caller knocks."""

    DICOM = "dicom"
    DICOM_TLS = "dicom-tls"
    HTTPS = "https"
    CONSOLE = "console"
    MACHINE = "machine"  # the administrator's shell on the host itself, through the control socket


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A client certificate whose chain the TLS layer has already verified against the enrolment CA."""

    fingerprint: str  # SHA-256 of the DER form, lower-case hex
    subject: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """The user identity item of an association request (PS3.7 §D.3.3.7)."""

    kind: int  # 1 user, 2 user + passcode, 3 Kerberos, 4 SAML, 5 JWT
    primary: bytes = field(repr=False)
    secondary: bytes = field(repr=False)
    response_requested: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a door learnt about a caller. Fields that the door cannot know stay None."""

    door: Door
    address: str  # the peer's IP address, without port
    certificate: CertificateFacts | None = None
    calling_ae_title: AETitle | None = None
    called_ae_title: AETitle | None = None
    user_identity: UserIdentity | None = None
    bearer_token: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)  # of the console's cookie
