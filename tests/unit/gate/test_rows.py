"""Rows and values are the same thing in two spellings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.callers import DAY, NOW
from leadglass.gate.devices import Device
from leadglass.gate.grants import Effect, Form, Grant
from leadglass.gate.rows import device_of, grant_of, row_of_device, row_of_grant, row_of_token, standing_of, token_of
from leadglass.gate.tokens import ApiToken
from leadglass.store.index.principals import PrincipalRows
from leadglass.terms.principal import Action, Role
from leadglass.terms.visibility import Selector, SelectorKind

words = st.text(st.characters(codec="utf-8", categories=("L", "N")), max_size=5)
actions = st.frozensets(st.sampled_from(Action))
moments = st.none() | st.just(NOW)
networks = st.sampled_from([ip_network("10.0.0.0/8"), ip_network("fd00::/64")])
devices = st.builds(
    Device,
    words,
    words,
    words,
    st.lists(networks, max_size=2).map(tuple),
    words,
    st.booleans(),
    actions,
    words,
    moments,
)
selectors = st.builds(Selector, st.sampled_from(SelectorKind), words)
tokens = st.builds(
    ApiToken,
    words,
    words,
    st.sampled_from(Role),
    actions,
    st.none() | selectors,
    st.binary(min_size=32, max_size=32),
    st.just(NOW),
    st.just(NOW + DAY),
    moments,
)
holders = st.sampled_from(["usr-1", "group:g", "role:clinician", "oidc:https://id.example#1"])
grants = st.builds(
    Grant,
    words,
    holders,
    st.sampled_from(Effect),
    actions,
    selectors,
    st.sampled_from(Form),
    moments,
    moments,
    moments,
    words,
    words,
)


@given(devices, tokens, grants)
def test_round_trip(device: Device, token: ApiToken, grant: Grant) -> None:
    assert device_of(row_of_device(device, NOW)) == device
    assert token_of(row_of_token(token)) == token
    assert grant_of(row_of_grant(grant, NOW)) == grant


GRANT = Grant("g", "usr-1", Effect.DENY, frozenset({Action.QUERY}), Selector(SelectorKind.EVERYTHING))


@pytest.mark.parametrize(
    "changes", [{"effect": "maybe"}, {"selector_kind": "moon"}, {"form": "blurred"}, {"role": "king"}]
)
def test_a_grant_that_cannot_be_read_is_an_error(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        grant_of(replace(row_of_grant(GRANT, NOW), **changes))


def test_actions_of_a_newer_program_are_left_out() -> None:
    row = replace(row_of_grant(GRANT, NOW), actions=("query", "teleport"))
    assert grant_of(row).actions == {Action.QUERY}


def test_standing_tells_ends_in_the_future_from_those_that_came() -> None:
    token = ApiToken("tok-1", "t", Role.SERVICE, frozenset(), None, bytes(32), NOW, NOW + DAY)
    standing = standing_of({"tok-1"}, PrincipalRows((), (), (row_of_token(token),)), ())
    assert standing.ended(NOW + DAY - timedelta(microseconds=1)) is None
    assert standing.ended(NOW + DAY) is not None
