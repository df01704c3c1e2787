"""Who is calling: evidence in, a principal or a refusal out.

In this order:

1. The called AE title must be one of ours, if any are configured (none by default: modalities are set up with all
   sorts of titles, and a title is no secret; the title asked for is recorded either way).
2. A user identity item must be of type 2 (user name and passcode) or 5 (JWT, or an API token of ours). The other
   types refuse the association, whatever else was shown (PS3.15 §B.4): a claim we cannot check is not passed over.
3. Secrets are not taken on the plain door, unless that is configured and the caller is on this machine.
4. A certificate must be that of an enrolled device.
5. A secret (passcode, JWT, API token) must hold.
6. If both were shown, both must hold: the device is the principal, the person's name goes to the ledger with it and
   the person's denials and roles count too.
7. Only if neither was shown, the AE title with the source network may name a weak device.

At the console's door none of these counts: there only a session does, and it counts nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from leadglass.gate import tokens
from leadglass.gate.accounts import Accounts
from leadglass.gate.devices import by_ae_title, by_certificate, with_person
from leadglass.gate.lockout import Lockout
from leadglass.gate.machine import MACHINE
from leadglass.gate.oidc.verifier import OidcVerifier
from leadglass.gate.passwords import Passwords, Verdict
from leadglass.gate.sessions import Session, Sessions
from leadglass.terms.errors import StorageFault
from leadglass.terms.evidence import Door, Evidence, UserIdentity
from leadglass.terms.outcome import Identified, RefusalReason, Refused
from leadglass.terms.principal import Principal

__all__ = ["Identity", "IdentitySettings"]

USERNAME_AND_PASSCODE = 2
JWT = 5


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """`called_ae_titles`: our own titles; empty takes any. `secrets_on_plain_from_loopback`: for tests and for a TLS
    terminator on this machine."""

    called_ae_titles: frozenset[str] = frozenset()
    secrets_on_plain_from_loopback: bool = False


class Identity:
    """Turns evidence into a principal. Never raises for what a caller shows; a doubt is a refusal."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        *,
        oidc: OidcVerifier | None = None,
        lockout: Lockout | None = None,
        sessions: Sessions | None = None,
        settings: IdentitySettings | None = None,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._oidc = oidc
        self._lockout = lockout or Lockout()
        self._sessions = sessions
        self._settings = settings or IdentitySettings()

    async def identify(self, evidence: Evidence, now: datetime) -> Identified | Refused:
        """Identified with the principal, or Refused with the reason.

        The server response is empty: PS3.7 §D.3.3.7.2 asks for none with types 2 and 5.
        """
        reason = self._refused_at_sight(evidence)
        if reason is not None:
            return Refused(reason, _said_to_be(evidence))
        try:
            found = await self._principal(evidence, now)
        except StorageFault:
            return Refused(RefusalReason.IDENTITY_UNAVAILABLE, _said_to_be(evidence))
        return found if isinstance(found, Refused) else Identified(found)

    async def session(self, token: str, now: datetime) -> Session | None:
        """The console session behind this text, if it counts."""
        try:
            found = await self._sessions.find(token, now) if self._sessions is not None else None
        except StorageFault:
            return None
        return found if isinstance(found, Session) else None

    async def close(self) -> None:
        """Ends the threads and connections of passwords and the OpenID provider."""
        self._passwords.close()
        if self._oidc is not None:
            await self._oidc.close()

    def _refused_at_sight(self, evidence: Evidence) -> RefusalReason | None:
        called, ours = evidence.called_ae_title, self._settings.called_ae_titles
        if ours and called is not None and called.text not in ours:
            return RefusalReason.WRONG_CALLED_AE_TITLE
        if evidence.session is not None and evidence.door is not Door.CONSOLE:
            return RefusalReason.IDENTITY_UNSUPPORTED
        item = evidence.user_identity
        if item is not None and item.kind not in (USERNAME_AND_PASSCODE, JWT):
            return RefusalReason.IDENTITY_UNSUPPORTED
        has_secret = item is not None or evidence.bearer_token is not None
        if has_secret and evidence.door is Door.DICOM and not self._takes_secrets_on_plain_from(evidence.address):
            return RefusalReason.IDENTITY_ON_PLAIN_DOOR
        return None

    def _takes_secrets_on_plain_from(self, address: str) -> bool:
        try:
            return self._settings.secrets_on_plain_from_loopback and ip_address(address).is_loopback
        except ValueError:
            return False

    async def _principal(self, evidence: Evidence, now: datetime) -> Principal | Refused:
        if evidence.door is Door.MACHINE:
            return MACHINE
        if evidence.door is Door.CONSOLE:
            return await self._by_session(evidence.session, now)
        device = await self._device_by_certificate(evidence, now)
        if isinstance(device, Refused):
            return device
        person = await self._by_secret(evidence, now)
        if isinstance(person, Refused):
            return person
        if device is not None:
            return device if person is None else with_person(device, person)
        return person if person is not None else await self._device_by_ae_title(evidence)

    async def _by_session(self, token: str | None, now: datetime) -> Principal | Refused:
        if token is None or self._sessions is None:
            return Refused(RefusalReason.NO_EVIDENCE)
        found = await self._sessions.find(token, now)
        return found if isinstance(found, Refused) else found.principal

    async def _device_by_certificate(self, evidence: Evidence, now: datetime) -> Principal | Refused | None:
        if evidence.certificate is None:
            return None
        enrolled = await self._accounts.device_with_certificate(evidence.certificate.fingerprint)
        return by_certificate(evidence, enrolled, now)

    async def _device_by_ae_title(self, evidence: Evidence) -> Principal | Refused:
        calling = evidence.calling_ae_title
        if calling is None or not calling.text.isprintable():  # the database need not see what no title can be
            return by_ae_title(evidence, ())
        return by_ae_title(evidence, await self._accounts.devices_called(calling.text))

    async def _by_secret(self, evidence: Evidence, now: datetime) -> Principal | Refused | None:
        item = evidence.user_identity
        if item is not None and item.kind == USERNAME_AND_PASSCODE:
            return await self._by_passcode(item, evidence.address, now)
        if item is not None:
            return await self._by_token(item.primary.decode("ascii", "replace").strip(" \0"), now)
        return await self._by_token(evidence.bearer_token, now) if evidence.bearer_token is not None else None

    async def _by_token(self, text: str, now: datetime) -> Principal | Refused:
        if text.startswith(tokens.PREFIX):
            presented = tokens.parse(text)
            if presented is None:
                return Refused(RefusalReason.TOKEN_UNKNOWN)
            return tokens.principal_of(presented, await self._accounts.token(presented), now)
        return await self._oidc.principal(text, now) if self._oidc else Refused(RefusalReason.TOKEN_INVALID)

    async def _by_passcode(self, item: UserIdentity, address: str, now: datetime) -> Principal | Refused:
        username = item.primary.decode("utf-8", "backslashreplace").strip(" \0")
        who, at = _printable(username), now.timestamp()
        if not self._lockout.try_once(who, address, at):
            return Refused(RefusalReason.TOO_MANY_ATTEMPTS, who)
        try:
            account = await self._accounts.account(username) if username == who else None
            usable = account is not None and account.is_enabled(now)
            # An account that is not there costs the same work, so that the time taken tells nobody who is.
            stored = account.password_hash if account is not None and usable else None
            verdict = await self._passwords.check(item.secondary, stored)
        except StorageFault:
            self._lockout.take_back(who, address, at)
            raise
        if verdict is Verdict.BUSY:
            self._lockout.take_back(who, address, at)
            return Refused(RefusalReason.IDENTITY_UNAVAILABLE, who)
        if verdict is Verdict.MISMATCH or account is None:
            return Refused(RefusalReason.UNKNOWN_USER, who)
        self._lockout.forgive(who, address, at)
        return account.principal()


def _said_to_be(evidence: Evidence) -> str:
    item = evidence.user_identity
    if item is not None and item.kind == USERNAME_AND_PASSCODE:
        return _printable(item.primary.decode("utf-8", "backslashreplace"))
    return evidence.calling_ae_title.text if evidence.calling_ae_title is not None else ""


def _printable(text: str) -> str:
    """At most 64 characters of what a stranger says, none of them a control character."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:64])
