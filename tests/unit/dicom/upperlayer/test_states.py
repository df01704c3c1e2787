"""Table 9-10 against two transcriptions made apart from ours: one by hand, column by column, and pynetdicom's."""

from __future__ import annotations

import pytest
from pynetdicom.fsm import TRANSITION_TABLE

from leadglass.dicom.upperlayer.states import TABLE, Action, State, Trigger

# PS3.8 tables 9-6 to 9-9: action → next state(s)
NEXT = {
    "AE-1": "Sta4",
    "AE-2": "Sta5",
    "AE-3": "Sta6",
    "AE-4": "Sta1",
    "AE-5": "Sta2",
    "AE-6": ("Sta3", "Sta13"),
    "AE-7": "Sta6",
    "AE-8": "Sta13",
    "DT-1": "Sta6",
    "DT-2": "Sta6",
    "AR-1": "Sta7",
    "AR-2": "Sta8",
    "AR-3": "Sta1",
    "AR-4": "Sta13",
    "AR-5": "Sta1",
    "AR-6": "Sta7",
    "AR-7": "Sta8",
    "AR-8": ("Sta9", "Sta10"),
    "AR-9": "Sta11",
    "AR-10": "Sta12",
    "AA-1": "Sta13",
    "AA-2": "Sta1",
    "AA-3": "Sta1",
    "AA-4": "Sta1",
    "AA-5": "Sta1",
    "AA-6": "Sta13",
    "AA-7": "Sta13",
    "AA-8": "Sta13",
}

# PS3.8 table 9-10 read downwards: state → {event number: action}. Events that are not named are blank cells.
_FAIL = dict.fromkeys((3, 4, 6, 10, 12, 13, 19), "AA-8") | {15: "AA-1", 16: "AA-3", 17: "AA-4"}
COLUMNS = {
    "Sta1": {1: "AE-1", 5: "AE-5"},
    "Sta2": {
        3: "AA-1",
        4: "AA-1",
        6: "AE-6",
        10: "AA-1",
        12: "AA-1",
        13: "AA-1",
        16: "AA-2",
        17: "AA-5",
        18: "AA-2",
        19: "AA-1",
    },
    "Sta3": _FAIL | {7: "AE-7", 8: "AE-8"},
    "Sta4": {2: "AE-2", 15: "AA-2", 17: "AA-4"},
    "Sta5": _FAIL | {3: "AE-3", 4: "AE-4"},
    "Sta6": _FAIL | {9: "DT-1", 10: "DT-2", 11: "AR-1", 12: "AR-2"},
    "Sta7": _FAIL | {10: "AR-6", 12: "AR-8", 13: "AR-3"},
    "Sta8": _FAIL | {9: "AR-7", 14: "AR-4"},
    "Sta9": _FAIL | {14: "AR-9"},
    "Sta10": _FAIL | {13: "AR-10"},
    "Sta11": _FAIL | {13: "AR-3"},
    "Sta12": _FAIL | {14: "AR-4"},
    "Sta13": {
        3: "AA-6",
        4: "AA-6",
        6: "AA-7",
        10: "AA-6",
        12: "AA-6",
        13: "AA-6",
        16: "AA-2",
        17: "AR-5",
        18: "AA-2",
        19: "AA-7",
    },
}


@pytest.mark.parametrize("trigger", Trigger, ids=lambda trigger: trigger.value)
@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
def test_every_cell_is_the_one_of_the_standard(state: State, trigger: Trigger) -> None:
    wanted = COLUMNS[state.value].get(int(trigger.value.removeprefix("Evt")))
    found = TABLE.get((state, trigger))
    if wanted is None:
        assert found is None
        return
    assert found is not None
    assert found.action.value == wanted
    first, second = NEXT[wanted] if isinstance(NEXT[wanted], tuple) else (NEXT[wanted], None)
    assert found.next_state.value == first
    assert (found.otherwise.value if found.otherwise else None) == second


def test_the_table_is_the_one_pynetdicom_uses() -> None:
    ours = {(trigger.value, state.value): cell.action.value for (state, trigger), cell in TABLE.items()}
    assert ours == TRANSITION_TABLE


def test_all_of_it_is_there() -> None:
    assert (len(State), len(Trigger), len(Action)) == (13, 19, 28)
    assert {cell.action for cell in TABLE.values()} == set(Action)


def test_nobody_can_change_it() -> None:
    with pytest.raises(TypeError):
        TABLE[State.IDLE, Trigger.ASSOCIATE_REQUEST] = TABLE[State.IDLE, Trigger.TRANSPORT_INDICATED]  # type: ignore[index]
