from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.leaks import system
from helpers.sightings import certificate, handshake
from leadglass.survey.cases.owners import (
    Owner,
    declared_owner,
    owner_in_reverse_dns,
    owners_in_certificates,
    owners_in_rdap,
    owners_in_security_txt,
)
from leadglass.survey.target import Place

RDAP = {
    "name": "EXAMPLE-NET",
    "entities": [
        {
            "roles": ["registrant"],
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Hosting"]]],
            "entities": [
                {
                    "roles": ["abuse"],
                    "vcardArray": ["vcard", [["fn", {}, "text", "Abuse"], ["email", {}, "text", "abuse@example.net"]]],
                }
            ],
        }
    ],
}


def test_the_scope_is_the_best_source() -> None:
    assert declared_owner(system()) == [Owner(source="scope", name="Example Clinic")]
    assert declared_owner(system(place=Place())) == []


def test_a_certificate_is_named_once() -> None:
    shown = handshake(certificate=certificate(is_self_signed=True))
    found = owners_in_certificates(system(handshakes=(shown, shown, handshake(certificate=None))))
    assert found == [Owner(source="certificate", name="Example Clinic", note="self-signed")]


def test_reverse_dns() -> None:
    assert owner_in_reverse_dns("pacs.example.org") == [Owner(source="reverse DNS", name="pacs.example.org")]
    assert owner_in_reverse_dns("") == []


def test_security_txt() -> None:
    text = "# us\nContact: mailto:security@example.org\nExpires: 2027-01-01T00:00:00Z\ncontact: https://example.org/report\n"
    assert [owner.contact for owner in owners_in_security_txt(text)] == [
        "security@example.org",
        "https://example.org/report",
    ]
    assert owners_in_security_txt("<html>not found</html>") == []


def test_rdap_says_abuse_before_registrant() -> None:
    assert owners_in_rdap(RDAP) == [
        Owner(source="RDAP", name="Abuse", contact="abuse@example.net", note="abuse of network EXAMPLE-NET"),
        Owner(source="RDAP", name="Example Hosting", note="registrant of network EXAMPLE-NET"),
    ]


def test_nobody_reorders_our_lines() -> None:
    (owner,) = owner_in_reverse_dns("a\u202eb\x1b[31mc\n")
    assert owner.name == "ab[31mc"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["entities", "roles", "vcardArray", "name", "x"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_JSON)
def test_any_answer_is_read(document: Any) -> None:
    assert len(owners_in_rdap(document)) <= 10


@pytest.mark.parametrize("role", ["abuse", ["abuse", 7], None])
def test_roles_of_any_shape(role: object) -> None:
    assert isinstance(
        owners_in_rdap({"entities": [{"roles": role, "vcardArray": ["vcard", [["fn", {}, "text", "x"]]]}]}), list
    )
