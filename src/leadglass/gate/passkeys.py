"""Passkeys (WebAuthn level 2): what a browser is asked for, and whether its answer holds.

Discoverable credentials with user verification, so one gesture is both factors; no attestation, because we do not care
which authenticator a person owns. What a browser hands over is a stranger's bytes: whatever goes wrong in reading them
means that they do not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from leadglass.gate.challenges import CHALLENGE_LIFETIME, Challenges
from leadglass.store.index.passkeys import PasskeyRow
from leadglass.terms.ceilings import MAX_PASSKEY_RESPONSE
from leadglass.terms.errors import UserFault

__all__ = ["NewPasskey", "Passkeys", "Shown", "Site", "site_at"]

_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_SIGN_IN: Final = "sign-in"
_TIMEOUT_MS: Final = int(CHALLENGE_LIFETIME.total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class Site:
    """Where browsers find us: the origin, and its host name, which passkeys are bound to."""

    origin: str
    host: str


def site_at(public_url: str) -> Site:
    """The site behind a URL like https://pacs.example:8443; UserFault if it is none that browsers would trust."""
    parts = urlsplit(public_url)
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise UserFault("the public URL is not the address of a site", "write it like https://pacs.example:8443")
    port = f":{parts.port}" if parts.port not in (None, 443) else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Site(f"https://{host}{port}", parts.hostname)


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A credential whose creation holds."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer to a sign-in challenge of ours, not yet checked against its passkey."""

    credential_id: bytes
    user_id: str  # as the authenticator says it
    challenge: bytes = field(repr=False)
    challenged_at: datetime
    response: str = field(repr=False)


class Passkeys:
    def __init__(self, challenges: Challenges, site: Site) -> None:
        self._challenges = challenges
        self.site = site

    def creation_options(self, user_id: str, username: str, link: str, known: tuple[bytes, ...], now: datetime) -> str:
        """JSON for navigator.credentials.create. UserFault if passkeys cannot be had at this address."""
        if _is_address(self.site.host):
            raise UserFault(
                "passkeys need the server's name in the address bar, not its number",
                "open the console by its host name, or sign in with password and code",
            )
        options = webauthn.generate_registration_options(
            rp_id=self.site.host,
            rp_name="Leadglass",
            user_id=user_id.encode(),
            user_name=username,
            challenge=self._challenges.issue(_enrolment(link, username), now),
            timeout=_TIMEOUT_MS,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            supported_pub_key_algs=_ALGORITHMS,
        )
        return webauthn.options_to_json(options)

    def created(self, response: str, username: str, link: str, now: datetime) -> NewPasskey | None:
        """The new passkey, if the browser's answer holds."""
        if len(response) > MAX_PASSKEY_RESPONSE:
            return None
        try:
            credential = parse_registration_credential_json(response)
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
            if self._challenges.issued_at(challenge, _enrolment(link, username), now) is None:
                return None
            verified = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.site.host,
                expected_origin=self.site.origin,
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
            transports = tuple(sorted({transport.value for transport in credential.response.transports or ()}))
        except Exception:  # see the top: a stranger's bytes in somebody else's parsers
            return None
        return NewPasskey(verified.credential_id, verified.credential_public_key, verified.sign_count, transports)

    def request_options(self, now: datetime) -> tuple[str, str]:
        """A challenge's id, and JSON for navigator.credentials.get: the browser shows whose passkeys it has."""
        challenge = self._challenges.issue(_SIGN_IN, now)
        options = webauthn.generate_authentication_options(
            rp_id=self.site.host,
            challenge=challenge,
            timeout=_TIMEOUT_MS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return bytes_to_base64url(challenge), webauthn.options_to_json(options)

    def shown(self, challenge_id: str, response: str, now: datetime) -> Shown | None:
        """What the browser shows, if it answers a challenge of ours that is still good."""
        if len(response) > MAX_PASSKEY_RESPONSE or len(challenge_id) > 128:
            return None
        try:
            challenge = webauthn.base64url_to_bytes(challenge_id)
            issued = self._challenges.issued_at(challenge, _SIGN_IN, now)
            credential = parse_authentication_credential_json(response)
            handle = (credential.response.user_handle or b"").decode("ascii")
        except Exception:  # as above
            return None
        return Shown(credential.raw_id, handle, challenge, issued, response) if issued is not None else None

    def sign_count(self, shown: Shown, passkey: PasskeyRow) -> int | None:
        """The passkey's new count, if it signed this challenge for this site and its count went forward; else None."""
        if shown.user_id != passkey.user_id:
            return None
        try:
            verified = webauthn.verify_authentication_response(
                credential=shown.response,
                expected_challenge=shown.challenge,
                expected_rp_id=self.site.host,
                expected_origin=self.site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except Exception:  # as above
            return None
        return verified.new_sign_count


def _enrolment(link: str, username: str) -> str:
    return f"enrolment\0{link}\0{username}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
