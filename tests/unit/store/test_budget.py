"""The memory of all incoming objects: nobody over the ceiling, something always moves, nobody stops the others."""

from dataclasses import dataclass, field

import pytest

from leadglass.store.budget import ALWAYS_MOVING, STALL_SECONDS, IncomingBudget
from leadglass.terms.errors import CeilingReached


@dataclass(eq=False)
class Sender:
    last_write: float = 0.0
    is_waiting: bool = False
    woken: int = 0
    faults: list[CeilingReached] = field(default_factory=list)

    def wake(self) -> None:
        self.woken += 1

    def give_up(self, fault: CeilingReached) -> None:
        self.faults.append(fault)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def world(count: int, total: int = 100) -> tuple[IncomingBudget, list[Sender], Clock]:
    clock = Clock()
    budget = IncomingBudget(clock, total)
    senders = [Sender() for _ in range(count)]
    for sender in senders:
        budget.enter(sender)
    return budget, senders, clock


def test_below_the_mark_nobody_pauses() -> None:
    budget, senders, _ = world(10)
    budget.charge(senders[9], 75)
    assert budget.held == 75
    assert not any(budget.must_pause(s) for s in senders)


def test_above_the_mark_all_but_the_oldest_pause() -> None:
    budget, senders, _ = world(10)
    budget.charge(senders[9], 76)
    assert [budget.must_pause(s) for s in senders] == [False] * ALWAYS_MOVING + [True] * (10 - ALWAYS_MOVING)


def test_the_ceiling_holds_for_everybody() -> None:
    budget, senders, _ = world(1)
    budget.charge(senders[0], 100)
    with pytest.raises(CeilingReached) as caught:
        budget.charge(senders[0], 1)
    assert caught.value.ceiling == "MAX_INCOMING_TOTAL"
    assert caught.value.answer.status == 0xA700
    assert budget.held == 100


def test_who_leaves_makes_room_among_the_oldest_and_wakes_the_others() -> None:
    budget, senders, _ = world(ALWAYS_MOVING + 1)
    budget.charge(senders[0], 80)
    budget.leave(senders[0])
    budget.leave(senders[0])
    assert not budget.must_pause(senders[ALWAYS_MOVING])
    assert [s.woken for s in senders] == [0] + [1] * ALWAYS_MOVING


def test_coming_below_the_mark_wakes_everybody_once() -> None:
    budget, senders, _ = world(6)
    budget.charge(senders[0], 80)
    budget.release(4)
    assert [s.woken for s in senders] == [0] * 6
    budget.release(1)
    budget.release(1)
    assert [s.woken for s in senders] == [1] * 6


def test_who_stands_still_loses_its_object_when_memory_is_short() -> None:
    budget, (still, waiting, moving), clock = world(3)
    budget.charge(still, 40)
    budget.charge(waiting, 40)
    waiting.is_waiting = True
    clock.now = STALL_SECONDS
    budget.charge(moving, 1)
    clock.now = STALL_SECONDS + 1
    budget.give_up_stalled()
    assert [len(s.faults) for s in (still, waiting, moving)] == [1, 0, 0]
    assert still.faults[0].answer.status == 0xA700


def test_who_stands_still_may_do_so_while_there_is_room() -> None:
    budget, (still,), clock = world(1)
    budget.charge(still, 75)
    clock.now = 1000.0
    budget.give_up_stalled()
    assert still.faults == []
