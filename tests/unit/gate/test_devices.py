"""Devices: which evidence names one, and which reason refuses the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from helpers.callers import CERTIFICATE, DAY, FINGERPRINT, NOW, device, evidence, networks, over_tls, person
from leadglass.gate.capabilities import WEAK_DEVICE_ACTIONS
from leadglass.gate.devices import Device, by_ae_title, by_certificate, with_person
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import Evidence
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength

ENROLLED = device(fingerprint=FINGERPRINT, networks=(), tls_only=True, actions=frozenset({Action.QUERY}))


def weak(caller: Evidence, *devices: Device) -> Principal:
    found = by_ae_title(caller, devices)
    assert isinstance(found, Principal)
    return found


def reason(found: Principal | Refused) -> RefusalReason:
    assert isinstance(found, Refused)
    return found.reason


# --- by AE title and network ---------------------------------------------------------------------------------


def test_ae_title_and_network_make_a_weak_device_that_verifies_and_stores() -> None:
    ct = weak(evidence(), device())
    assert (ct.id, ct.kind, ct.strength, ct.roles) == ("dev-1", PrincipalKind.DEVICE, Strength.WEAK, {Role.DEVICE})
    assert ct.actions == {Action.VERIFY, Action.STORE} == WEAK_DEVICE_ACTIONS


def test_what_the_enrolment_says_more_is_allowed_explicitly() -> None:
    ct = weak(evidence(), device(actions=frozenset({Action.QUERY, Action.VIEW})))
    assert ct.actions == {Action.VERIFY, Action.QUERY, Action.VIEW}


def test_padding_of_the_title_does_not_matter_but_case_does() -> None:
    padded = replace(evidence(), calling_ae_title=AETitle(b"  CT1\0\0".ljust(16)))
    assert weak(padded, device()).id == "dev-1"
    assert reason(by_ae_title(evidence("ct1"), [device()])) is RefusalReason.UNKNOWN_DEVICE


@pytest.mark.parametrize(
    ("address", "network", "fits"),
    [
        ("10.0.0.7", "10.0.0.0/24", True),
        ("10.0.1.7", "10.0.0.0/24", False),
        ("::ffff:10.0.0.7", "10.0.0.0/24", True),
        ("fd00::7", "fd00::/64", True),
        ("fd00:0:0:1::7", "fd00::/64", False),
        ("10.0.0.7", "fd00::/64", False),
        ("not an address", "0.0.0.0/0", False),
    ],
)
def test_source_network(address: str, network: str, fits: bool) -> None:
    found = by_ae_title(evidence(address=address), [device(networks=networks(network))])
    assert isinstance(found, Principal) == fits
    if not fits:
        assert reason(found) is RefusalReason.WRONG_NETWORK


def test_strangers_and_nobody() -> None:
    assert by_ae_title(evidence("EVIL"), []) == Refused(RefusalReason.UNKNOWN_DEVICE, "EVIL")
    assert reason(by_ae_title(evidence(None), [device()])) is RefusalReason.NO_EVIDENCE


def test_an_ae_title_alone_is_never_enough() -> None:
    nowhere = device(networks=())
    assert reason(by_ae_title(evidence(), [nowhere])) is RefusalReason.NEEDS_TLS


def test_revoked_devices_are_told_from_unknown_ones() -> None:
    assert reason(by_ae_title(evidence(), [device(revoked_at=NOW)])) is RefusalReason.DEVICE_REVOKED
    again = device(id="dev-2", name="ct1 again")
    assert weak(evidence(), device(revoked_at=NOW), again).id == "dev-2"


def test_a_tls_only_device_is_not_let_in_by_its_title() -> None:
    assert reason(by_ae_title(evidence(), [device(tls_only=True)])) is RefusalReason.NEEDS_TLS
    assert reason(by_ae_title(evidence(), [ENROLLED])) is RefusalReason.NEEDS_TLS


def test_the_title_of_a_device_with_a_certificate_opens_no_more_than_storing() -> None:
    ct = weak(evidence(), device(fingerprint=FINGERPRINT, actions=frozenset({Action.QUERY, Action.STORE})))
    assert ct.actions == WEAK_DEVICE_ACTIONS


def test_two_devices_share_a_title_from_different_networks() -> None:
    here, there = device(), device(id="dev-2", name="ct2", networks=networks("10.9.0.0/16"))
    assert weak(evidence(address="10.0.0.7"), here, there).id == "dev-1"
    assert weak(evidence(address="10.9.0.7"), here, there).id == "dev-2"


def test_the_narrowest_network_decides_and_the_stricter_of_equals() -> None:
    wide = device(networks=networks("10.0.0.0/8"))
    narrow = device(id="dev-2", networks=networks("10.0.0.7/32"), tls_only=True)
    assert reason(by_ae_title(evidence(), [wide, narrow])) is RefusalReason.NEEDS_TLS
    assert weak(evidence(address="10.0.0.8"), wide, narrow).id == "dev-1"
    equal = replace(narrow, networks=wide.networks)
    assert reason(by_ae_title(evidence(), [wide, equal])) is RefusalReason.NEEDS_TLS


# --- by certificate ------------------------------------------------------------------------------------------


def test_an_enrolled_certificate_makes_a_strong_device() -> None:
    found = by_certificate(over_tls(certificate=CERTIFICATE), ENROLLED, NOW)
    assert isinstance(found, Principal)
    assert (found.id, found.strength) == ("dev-1", Strength.STRONG)
    assert found.actions == {Action.VERIFY, Action.QUERY}


def test_certificates_nobody_enrolled() -> None:
    caller = over_tls(certificate=CERTIFICATE)
    assert by_certificate(caller, None, NOW) == Refused(RefusalReason.UNKNOWN_CERTIFICATE, "CT1")
    other = replace(ENROLLED, fingerprint="cd" * 32)
    assert reason(by_certificate(caller, other, NOW)) is RefusalReason.UNKNOWN_CERTIFICATE
    assert reason(by_certificate(over_tls(), ENROLLED, NOW)) is RefusalReason.UNKNOWN_CERTIFICATE


def test_the_dates_are_checked_again_at_the_gate() -> None:
    caller = over_tls(certificate=CERTIFICATE)
    for when in (NOW - DAY - timedelta(seconds=1), NOW + DAY + timedelta(seconds=1)):
        assert by_certificate(caller, ENROLLED, when) == Refused(RefusalReason.CERTIFICATE_EXPIRED, "dev-1")
    assert isinstance(by_certificate(caller, ENROLLED, NOW + DAY), Principal)


def test_a_revoked_device_stays_out_whatever_its_certificate_says() -> None:
    gone = replace(ENROLLED, revoked_at=NOW)
    assert reason(by_certificate(over_tls(certificate=CERTIFICATE), gone, NOW)) is RefusalReason.DEVICE_REVOKED


def test_the_title_must_be_the_one_enrolled_if_there_is_one() -> None:
    wrong = over_tls(calling="MR1", certificate=CERTIFICATE)
    assert by_certificate(wrong, ENROLLED, NOW) == Refused(RefusalReason.WRONG_AE_TITLE, "dev-1")
    assert isinstance(by_certificate(wrong, replace(ENROLLED, ae_title=""), NOW), Principal)
    web = over_tls(calling=None, certificate=CERTIFICATE)
    assert isinstance(by_certificate(web, ENROLLED, NOW), Principal)


def test_networks_bind_devices_with_certificates_too() -> None:
    bound = replace(ENROLLED, networks=networks("192.0.2.0/24"))
    assert reason(by_certificate(over_tls(certificate=CERTIFICATE), bound, NOW)) is RefusalReason.WRONG_NETWORK


def test_a_person_on_a_device_adds_grants_denials_and_roles_but_no_actions() -> None:
    ct = by_certificate(over_tls(certificate=CERTIFICATE), ENROLLED, NOW)
    assert isinstance(ct, Principal)
    both = with_person(ct, person(Role.ADMINISTRATOR, groups=frozenset({"group:g"})))
    assert (both.id, both.name) == ("dev-1", "ct1 with ann")
    assert both.groups == {"usr-1", "group:g"}
    assert both.roles == {Role.DEVICE, Role.ADMINISTRATOR}
    assert both.actions == ct.actions
