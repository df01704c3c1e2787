"""The judge and the list always agree; and each rule of the order holds by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.callers import DAY, NOW, device, evidence, person
from leadglass.gate.devices import by_ae_title
from leadglass.gate.grants import Effect, Form, Grant, group_holder, role_holder
from leadglass.gate.machine import MACHINE
from leadglass.gate.policy import judge, may, visibility
from leadglass.terms.outcome import Allowed, RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength
from leadglass.terms.visibility import NOTHING, Selector, SelectorKind, StudyFacts

STUDY = StudyFacts("1.2.3", "P1", "HOSPITAL", "city clinic", "house^gregory", "dev-1", frozenset({"trial"}))
EVERYTHING = Selector(SelectorKind.EVERYTHING)


def grant(holder: str = "usr-1", **changes: object) -> Grant:
    facts: dict[str, object] = {
        "id": "grt-1",
        "holder": holder,
        "effect": Effect.ALLOW,
        "actions": frozenset({Action.QUERY, Action.VIEW}),
        "selector": EVERYTHING,
    }
    return Grant(**(facts | changes))  # type: ignore[arg-type]


def reason_of(principal: Principal, action: Action, *grants: Grant) -> RefusalReason | None:
    decision = judge(principal, action, STUDY, grants, NOW)
    return decision.reason if isinstance(decision, Refused) else None


# --- random principals, grants and studies -------------------------------------------------------------------

# Drawn from few values, mostly live and mostly full, so that grants meet studies.
small = st.sampled_from(["", "1", "A", "a@b"])
selectors = st.builds(Selector, st.sampled_from(SelectorKind), small)
studies = st.builds(StudyFacts, small, small, small, small, small, small, st.frozensets(small, max_size=2))
some_actions = st.just(frozenset(Action)) | st.frozensets(st.sampled_from(Action), min_size=3)
grants_ = st.builds(
    Grant,
    id=st.uuids().map(str),
    holder=st.sampled_from(["usr-1", "dev-1", "group:g", role_holder(Role.CLINICIAN), role_holder(Role.SERVICE)]),
    effect=st.sampled_from([Effect.ALLOW, Effect.ALLOW, Effect.DENY]),
    actions=some_actions,
    selector=selectors,
    form=st.sampled_from([Form.IDENTIFIED, *Form]),
    valid_from=st.sampled_from([None, None, NOW - DAY, NOW, NOW + DAY]),
    valid_until=st.sampled_from([None, None, NOW - DAY, NOW, NOW + DAY]),
    revoked_at=st.sampled_from([None, None, None, NOW, NOW + DAY]),
)
principals = st.builds(
    Principal,
    id=st.sampled_from(["usr-1", "usr-1", "dev-1", "machine"]),
    name=st.just("somebody"),
    kind=st.sampled_from(PrincipalKind),
    roles=st.frozensets(st.sampled_from([Role.CLINICIAN, Role.SERVICE, Role.DEVICE]), max_size=2)
    | st.frozensets(st.sampled_from(Role), max_size=2),
    strength=st.sampled_from(Strength),
    actions=some_actions,
    groups=st.frozensets(st.sampled_from(["group:g", "usr-1"])),
)


@settings(max_examples=600, deadline=None)
@given(principals, st.sampled_from(Action), studies, st.lists(grants_, max_size=8))
def test_judge_and_visibility_agree(
    principal: Principal, action: Action, study: StudyFacts, grants: list[Grant]
) -> None:
    allowed = isinstance(judge(principal, action, study, grants, NOW), Allowed)
    assert allowed == visibility(principal, action, grants, NOW).admits(study)


@settings(max_examples=200, deadline=None)
@given(principals, st.sampled_from(Action), studies, st.lists(grants_, max_size=5), st.lists(grants_, max_size=3))
def test_more_denials_never_open_anything(
    principal: Principal, action: Action, study: StudyFacts, grants: list[Grant], more: list[Grant]
) -> None:
    denials = [replace(one, effect=Effect.DENY) for one in more]
    before = judge(principal, action, study, grants, NOW)
    after = judge(principal, action, study, [*grants, *denials], NOW)
    assert isinstance(before, Allowed) or isinstance(after, Refused)


@settings(max_examples=200, deadline=None)
@given(principals, studies, st.lists(grants_, max_size=6))
def test_administrators_and_auditors_never_see_images(
    principal: Principal, study: StudyFacts, grants: list[Grant]
) -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        blind = replace(principal, roles=principal.roles | {role}, actions=frozenset(Action))
        for action in (Action.QUERY, Action.VIEW, Action.DOWNLOAD, Action.SHARE):
            decision = judge(blind, action, study, grants, NOW)
            assert decision == Refused(RefusalReason.ROLE_SEES_NO_IMAGES, blind.id, action)
            assert visibility(blind, action, grants, NOW) == NOTHING


# --- the order, rule by rule ---------------------------------------------------------------------------------


def test_no_grant_no_access() -> None:
    assert reason_of(person(), Action.QUERY) is RefusalReason.NO_GRANT
    assert visibility(person(), Action.QUERY, (), NOW) == NOTHING


def test_a_grant_opens_its_actions_and_says_so() -> None:
    assert judge(person(), Action.VIEW, STUDY, [grant()], NOW) == Allowed(person(), Action.VIEW, ("grt-1",))
    assert reason_of(person(), Action.DOWNLOAD, grant()) is RefusalReason.NO_GRANT


@pytest.mark.parametrize("holder", ["usr-1", role_holder(Role.CLINICIAN), group_holder("radiology")])
def test_grants_to_a_person_a_role_or_a_group_count(holder: str) -> None:
    assert reason_of(person(groups=frozenset({"group:radiology"})), Action.VIEW, grant(holder)) is None


@pytest.mark.parametrize("holder", ["usr-2", role_holder(Role.SERVICE), group_holder("surgery"), ""])
def test_grants_to_others_do_not_count(holder: str) -> None:
    assert reason_of(person(), Action.VIEW, grant(holder)) is RefusalReason.NO_GRANT


def test_a_denial_wins_over_every_allow() -> None:
    deny = grant(role_holder(Role.CLINICIAN), effect=Effect.DENY, selector=Selector(SelectorKind.PATIENT, "P1"))
    assert reason_of(person(), Action.VIEW, grant(), deny) is RefusalReason.DENIED
    assert reason_of(person(), Action.VIEW, deny, grant()) is RefusalReason.DENIED
    other = replace(STUDY, patient_id="P2")
    assert isinstance(judge(person(), Action.VIEW, other, [grant(), deny], NOW), Allowed)


def test_dates_and_revocation() -> None:
    second = timedelta(seconds=1)
    for changes in (
        {"valid_from": NOW + second},
        {"valid_until": NOW},
        {"revoked_at": NOW},
        {"revoked_at": NOW - DAY},
    ):
        assert reason_of(person(), Action.VIEW, grant(**changes)) is RefusalReason.NO_GRANT
    assert reason_of(person(), Action.VIEW, grant(valid_from=NOW, valid_until=NOW + second)) is None
    expired_denial = grant(effect=Effect.DENY, valid_until=NOW)
    assert reason_of(person(), Action.VIEW, grant(), expired_denial) is None


def test_forms_open_no_more_than_they_say() -> None:
    every = frozenset(Action)
    view_only = grant(form=Form.VIEW_ONLY, actions=every)
    assert reason_of(person(), Action.VIEW, view_only) is None
    assert reason_of(person(), Action.DOWNLOAD, view_only) is RefusalReason.NO_GRANT
    de_identified = grant(form=Form.DE_IDENTIFIED, actions=every)
    assert reason_of(person(), Action.VIEW, de_identified) is RefusalReason.NO_GRANT
    deny = grant(effect=Effect.DENY, form=Form.DE_IDENTIFIED, actions=every)
    assert reason_of(person(), Action.VIEW, grant(), deny) is RefusalReason.DENIED


def test_the_cap_of_the_way_of_signing_in_is_not_lifted_by_grants() -> None:
    ct = by_ae_title(evidence(), [device()])
    assert isinstance(ct, Principal)
    everything = grant("dev-1", actions=frozenset(Action))
    assert reason_of(ct, Action.QUERY, everything) is RefusalReason.ACTION_NOT_ALLOWED
    assert may(ct, Action.QUERY) == Refused(RefusalReason.ACTION_NOT_ALLOWED, "dev-1", Action.QUERY)
    assert may(ct, Action.STORE) == Allowed(ct, Action.STORE)


def test_an_enrolled_device_stores_without_a_grant_unless_it_is_denied() -> None:
    ct = by_ae_title(evidence(), [device()])
    assert isinstance(ct, Principal)
    assert reason_of(ct, Action.STORE) is None
    deny = grant("dev-1", effect=Effect.DENY, actions=frozenset({Action.STORE}))
    assert reason_of(ct, Action.STORE, deny) is RefusalReason.DENIED


def test_a_device_that_may_query_sees_nothing_without_a_grant_not_even_what_it_stored() -> None:
    workstation = by_ae_title(evidence(), [device(actions=frozenset({Action.QUERY, Action.STORE}))])
    assert isinstance(workstation, Principal)
    assert STUDY.stored_by == workstation.id
    assert reason_of(workstation, Action.QUERY) is RefusalReason.NO_GRANT
    own = grant("dev-1", selector=Selector(SelectorKind.STORED_BY, "dev-1"))
    assert reason_of(workstation, Action.QUERY, own) is None


def test_people_need_a_grant_to_store() -> None:
    assert reason_of(person(), Action.STORE) is RefusalReason.NO_GRANT
    assert reason_of(person(), Action.STORE, grant(actions=frozenset({Action.STORE}))) is None


def test_only_the_machine_deletes_without_a_grant() -> None:
    assert reason_of(MACHINE, Action.DELETE) is None
    assert reason_of(MACHINE, Action.VIEW) is RefusalReason.ROLE_SEES_NO_IMAGES
    assert reason_of(person(Role.ADMINISTRATOR), Action.DELETE) is RefusalReason.NO_GRANT
    assert reason_of(person(Role.AUDITOR), Action.DELETE) is RefusalReason.ACTION_NOT_ALLOWED


def test_everybody_with_a_name_may_verify() -> None:
    for role in Role:
        assert reason_of(person(role), Action.VERIFY) is None
