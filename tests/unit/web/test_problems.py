"""Refusals as answers."""

from __future__ import annotations

import json

import pytest

from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.web.problems import NOT_FOUND, problem, refused, unauthenticated

UNAVAILABLE = (RefusalReason.IDENTITY_UNAVAILABLE, RefusalReason.LEDGER_UNAVAILABLE)


@pytest.mark.parametrize("reason", RefusalReason)
def test_a_stranger_is_told_the_same_whatever_was_wrong(reason: RefusalReason) -> None:
    answer, usual = unauthenticated(Refused(reason, "who")), unauthenticated(Refused(RefusalReason.NO_EVIDENCE))
    if reason in UNAVAILABLE:
        assert answer.status_code == 503
    else:
        assert (answer.status_code, answer.body, answer.headers) == (401, usual.body, usual.headers)
        assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("reason", RefusalReason)
def test_somebody_with_a_name_is_not_told_why_either(reason: RefusalReason) -> None:
    answer = refused(Refused(reason, "who"))
    assert answer.status_code == (503 if reason in UNAVAILABLE else 403)
    assert reason.value not in bytes(answer.body).decode()


def test_what_is_absent_and_what_is_hidden_are_one_answer() -> None:
    assert NOT_FOUND().body == NOT_FOUND().body
    assert NOT_FOUND().status_code == 404


def test_a_problem_says_only_what_it_was_given() -> None:
    answer = problem(418, "Teapot", headers={"Retry-After": "1"})
    assert json.loads(bytes(answer.body)) == {"title": "Teapot", "status": 418}
    assert answer.headers["retry-after"] == "1"
