"""Is the caller one of our devices? By certificate (strong), or by AE title and source network (weak). Pure.

An AE title alone is never enough, and an address alone neither. Two devices may share an AE title if they call from
different networks; the narrowest network that holds the caller's address decides which of them it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from leadglass.gate.capabilities import WEAK_DEVICE_ACTIONS, actions_of_device
from leadglass.terms.evidence import CertificateFacts, Evidence
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength

__all__ = ["Device", "by_ae_title", "by_certificate"]

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Device:
    """A device as it stands in the index."""

    id: str  # "dev-…"
    name: str
    ae_title: str = ""  # "" for a device that has none (a web client with a certificate)
    networks: tuple[Network, ...] = ()
    fingerprint: str = ""  # of its certificate, SHA-256, lower-case hex; "" if it has none
    tls_only: bool = False
    actions: frozenset[Action] = frozenset()
    address: str = ""  # "host:port" where it takes what is sent to it; "" if nothing may be
    revoked_at: datetime | None = None

    def narrowest_network_with(self, address: str) -> int | None:
        """Prefix length of the narrowest enrolled network that holds `address`, or None."""
        caller = _address(address)
        fitting = [net.prefixlen for net in self.networks if caller is not None and caller in net]
        return max(fitting, default=None)


def by_certificate(evidence: Evidence, device: Device | None, now: datetime) -> Principal | Refused:
    """The device whose certificate was shown. `device` is the row with that fingerprint, if there is one."""
    certificate = evidence.certificate
    if certificate is None or device is None or device.fingerprint != certificate.fingerprint:
        return Refused(RefusalReason.UNKNOWN_CERTIFICATE, _called_itself(evidence))
    if device.revoked_at is not None:
        return Refused(RefusalReason.DEVICE_REVOKED, device.id)
    if not _is_valid_at(certificate, now):
        return Refused(RefusalReason.CERTIFICATE_EXPIRED, device.id)
    calling = evidence.calling_ae_title
    if device.ae_title and calling is not None and calling.text != device.ae_title:
        return Refused(RefusalReason.WRONG_AE_TITLE, device.id)
    if device.networks and device.narrowest_network_with(evidence.address) is None:
        return Refused(RefusalReason.WRONG_NETWORK, device.id)
    return _principal(device, Strength.STRONG, actions_of_device(device.actions))


def by_ae_title(evidence: Evidence, devices: Iterable[Device]) -> Principal | Refused:
    """The device that calls by this AE title from this network. `devices` are the rows with that AE title."""
    calling = evidence.calling_ae_title
    if calling is None:
        return Refused(RefusalReason.NO_EVIDENCE)
    namesakes = [device for device in devices if device.ae_title == calling.text]
    standing = [device for device in namesakes if device.revoked_at is None]
    if not standing:
        reason = RefusalReason.DEVICE_REVOKED if namesakes else RefusalReason.UNKNOWN_DEVICE
        return Refused(reason, calling.text)
    device = _nearest(standing, evidence.address)
    if device is None:
        # A device enrolled with nothing but a certificate: the mend is TLS, not another network.
        by_certificate_only = all(device.tls_only or not device.networks for device in standing)
        reason = RefusalReason.NEEDS_TLS if by_certificate_only else RefusalReason.WRONG_NETWORK
        return Refused(reason, calling.text)
    if device.tls_only:
        return Refused(RefusalReason.NEEDS_TLS, device.id)
    actions = actions_of_device(device.actions)
    if device.fingerprint:
        # It could have shown its certificate. What its enrolment opens belongs to whoever holds that key.
        actions &= WEAK_DEVICE_ACTIONS
    return _principal(device, Strength.WEAK, actions)


def _nearest(devices: Sequence[Device], address: str) -> Device | None:
    """The device with the narrowest network around `address`; of equals the strictest, then the first by id."""
    near = [(device.narrowest_network_with(address), device) for device in devices]
    fitting = [(prefix, device) for prefix, device in near if prefix is not None]
    return min(fitting, key=lambda found: (-found[0], not found[1].tls_only, found[1].id))[1] if fitting else None


def _principal(device: Device, strength: Strength, actions: frozenset[Action]) -> Principal:
    return Principal(
        id=device.id,
        name=device.name,
        kind=PrincipalKind.DEVICE,
        roles=frozenset({Role.DEVICE}),
        strength=strength,
        actions=actions,
    )


def with_person(device: Principal, person: Principal) -> Principal:
    """A device whose user also proved who they are: the device acts, the ledger names both, and both must be free
    to: a denial or a role without images of either one holds."""
    return replace(
        device,
        name=f"{device.name} with {person.name}",
        roles=device.roles | person.roles,
        groups=device.groups | person.groups | {person.id},
    )


def _is_valid_at(certificate: CertificateFacts, now: datetime) -> bool:
    return certificate.not_before <= now <= certificate.not_after


def _called_itself(evidence: Evidence) -> str:
    return evidence.calling_ae_title.text if evidence.calling_ae_title is not None else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
