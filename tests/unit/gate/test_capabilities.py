"""The cap of each way of signing in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadglass.gate.capabilities import WEAK_DEVICE_ACTIONS, actions_of_device, actions_of_roles, actions_of_token
from leadglass.terms.principal import Action, Role

SHOWING = {Action.QUERY, Action.VIEW, Action.DOWNLOAD, Action.SHARE}
some_actions = st.frozensets(st.sampled_from(Action))


def test_without_a_role_nothing() -> None:
    assert actions_of_roles(()) == frozenset()


def test_roles_that_see_no_images_are_not_even_capable_of_it() -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.DEVICE):
        assert not actions_of_roles({role}) & SHOWING


def test_every_role_may_verify_and_has_its_row_in_the_table() -> None:
    for role in Role:
        assert Action.VERIFY in actions_of_roles({role})


def test_a_device_of_which_nothing_was_said_verifies_and_stores() -> None:
    assert actions_of_device(frozenset()) == WEAK_DEVICE_ACTIONS == {Action.VERIFY, Action.STORE}


@given(some_actions)
def test_a_device_may_what_was_said_and_verify(said: frozenset[Action]) -> None:
    assert actions_of_device(said) == (said or WEAK_DEVICE_ACTIONS) | {Action.VERIFY}


@given(st.sampled_from(Role), some_actions)
def test_a_token_never_exceeds_its_role(role: Role, chosen: frozenset[Action]) -> None:
    assert actions_of_token(role, chosen) <= actions_of_roles({role})


def test_a_token_neither_deletes_nor_shares_unless_it_was_said() -> None:
    assert not actions_of_token(Role.SERVICE, frozenset()) & {Action.DELETE, Action.SHARE}
    assert Action.DELETE in actions_of_token(Role.SERVICE, frozenset({Action.DELETE}))
