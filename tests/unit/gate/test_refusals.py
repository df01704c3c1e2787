"""Refusals: none is lost, and none can fill the ledger."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.callers import NOW
from leadglass.gate.ledger import Entry, Outcome
from leadglass.gate.refusals import FIRST_WAIT, LONGEST_WAIT, MAX_KINDS, NEW_KINDS_AT_ONCE, Refusal, Refusals
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action


def refusal(who: str = "EVIL", address: str = "192.0.2.1", **changes: object) -> Refusal:
    return Refusal(Refused(RefusalReason.UNKNOWN_DEVICE, who), Door.DICOM, address, **changes)  # type: ignore[arg-type]


def total(entries: list[Entry]) -> int:
    return sum(entry.counts["refusals"] for entry in entries)


def test_the_first_is_written_at_once_with_all_that_is_known() -> None:
    refused = Refused(RefusalReason.NO_GRANT, "usr-1", Action.VIEW)
    [entry] = Refusals().add(Refusal(refused, Door.DICOM_TLS, "192.0.2.1", "1.2.3", "ab12", "LEADGLASS"), NOW, 0.0)
    assert (entry.event, entry.outcome, entry.reason) == ("refused", Outcome.REFUSED, RefusalReason.NO_GRANT)
    assert (entry.principal, entry.action, entry.door, entry.address) == ("usr-1", "view", "dicom-tls", "192.0.2.1")
    assert (entry.study_instance_uid, entry.patient, entry.at) == ("1.2.3", "ab12", NOW)
    assert entry.detail == {"called_ae_title": "LEADGLASS"}
    assert entry.counts == {"refusals": 1}


def test_the_same_again_is_counted_and_written_when_due() -> None:
    refusals = Refusals()
    assert len(refusals.add(refusal(), NOW, 0.0)) == 1
    for _ in range(1000):
        assert refusals.add(refusal(), NOW, 1.0) == []
    assert refusals.due(NOW, FIRST_WAIT - 0.1) == []
    [entry] = refusals.due(NOW + timedelta(seconds=5), FIRST_WAIT)
    assert entry.counts == {"refusals": 1000}
    assert entry.detail["since"] == NOW.isoformat()
    assert refusals.due(NOW, FIRST_WAIT) == []


def test_what_differs_in_anything_is_another_kind() -> None:
    refusals = Refusals()
    kinds = [refusal(), refusal("MR1"), refusal(address="192.0.2.2"), refusal(study_instance_uid="1.2")]
    assert total([entry for kind in kinds for entry in refusals.add(kind, NOW, 0.0)]) == len(kinds)


def test_a_flood_that_goes_on_is_written_ever_more_rarely() -> None:
    refusals, written, now = Refusals(), 0, 0.0
    for _ in range(3600):
        written += len(refusals.add(refusal(), NOW, now))
        written += len(refusals.due(NOW, now))
        now += 1.0
    assert written <= 20
    assert 3600 / written > FIRST_WAIT
    assert LONGEST_WAIT >= FIRST_WAIT


def test_quiet_kinds_are_forgotten() -> None:
    refusals = Refusals()
    refusals.add(refusal(), NOW, 0.0)
    assert refusals
    assert refusals.due(NOW, FIRST_WAIT) == []
    assert not refusals
    assert len(refusals.add(refusal(), NOW, FIRST_WAIT + 1)) == 1, "first again"


def test_strangers_who_change_their_name_every_time_are_counted_together() -> None:
    refusals = Refusals()
    written = [entry for n in range(5000) for entry in refusals.add(refusal(f"AE{n}", f"10.0.{n % 256}.1"), NOW, 0.0)]
    assert len(written) == NEW_KINDS_AT_ONCE
    rest = refusals.due(NOW, FIRST_WAIT)
    assert len(rest) == 1
    assert (rest[0].detail["together"], rest[0].reason, rest[0].address) == (True, RefusalReason.UNKNOWN_DEVICE, "")
    assert total(written + rest) == 5000


def test_a_slow_flood_of_new_names_is_bounded_in_memory_too() -> None:
    refusals = Refusals()
    for n in range(5000):
        refusals.add(refusal(f"AE{n}"), NOW, float(n) / 1000)
        assert len(refusals._counts) <= MAX_KINDS + 1


steps = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12"), st.floats(0, 400)), max_size=60)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_the_sum_is_always_exact(flood: list[tuple[str, str, float]]) -> None:
    refusals, now = Refusals(), 0.0
    written: list[Entry] = []
    for who, address, pause in flood:
        written += refusals.add(refusal(who, address), NOW, now)
        now += pause
        written += refusals.due(NOW, now)
    assert total(written + refusals.all(NOW, now)) == len(flood)
