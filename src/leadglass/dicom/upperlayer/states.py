"""PS3.8 §9.2, the upper layer state machine, as one table of data.

Two rules. First: every transition is in this file, and nowhere else; it is table 9-10 as printed, one row per
event, one column per state, a dot where the standard leaves the cell blank. Second: this file does nothing.
`association.py` performs the actions; the only question it may answer for itself is which of two next states
applies where the standard gives a condition (AE-6: was the request acceptable; AR-8: are we the requestor).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

__all__ = ["TABLE", "Action", "State", "Transition", "Trigger"]


class State(Enum):
    """Tables 9-1 to 9-5. The value is the standard's label."""

    IDLE = "Sta1"
    AWAITING_REQUEST = "Sta2"
    AWAITING_LOCAL_ANSWER = "Sta3"
    AWAITING_CONNECTION = "Sta4"
    AWAITING_ANSWER = "Sta5"
    ESTABLISHED = "Sta6"
    AWAITING_RELEASE_RP = "Sta7"
    AWAITING_LOCAL_RELEASE = "Sta8"
    COLLISION_REQUESTOR_AWAITING_LOCAL_RELEASE = "Sta9"
    COLLISION_ACCEPTOR_AWAITING_RELEASE_RP = "Sta10"
    COLLISION_REQUESTOR_AWAITING_RELEASE_RP = "Sta11"
    COLLISION_ACCEPTOR_AWAITING_LOCAL_RELEASE = "Sta12"
    AWAITING_CLOSE = "Sta13"

    __hash__ = object.__hash__  # by identity: Enum's own hashes the name, on the path of every PDU


class Trigger(Enum):
    """The events of table 9-10. The value is the standard's number."""

    ASSOCIATE_REQUEST = "Evt1"
    TRANSPORT_CONFIRMED = "Evt2"
    ASSOCIATE_AC_RECEIVED = "Evt3"
    ASSOCIATE_RJ_RECEIVED = "Evt4"
    TRANSPORT_INDICATED = "Evt5"
    ASSOCIATE_RQ_RECEIVED = "Evt6"
    ASSOCIATE_RESPONSE_ACCEPT = "Evt7"
    ASSOCIATE_RESPONSE_REJECT = "Evt8"
    P_DATA_REQUEST = "Evt9"
    P_DATA_TF_RECEIVED = "Evt10"
    RELEASE_REQUEST = "Evt11"
    RELEASE_RQ_RECEIVED = "Evt12"
    RELEASE_RP_RECEIVED = "Evt13"
    RELEASE_RESPONSE = "Evt14"
    ABORT_REQUEST = "Evt15"
    ABORT_RECEIVED = "Evt16"
    TRANSPORT_CLOSED = "Evt17"
    ARTIM_EXPIRED = "Evt18"
    INVALID_PDU_RECEIVED = "Evt19"

    __hash__ = object.__hash__


class Action(Enum):
    """Tables 9-6 to 9-9. What each one does is written beside its method in `association.py`."""

    AE_1 = "AE-1"
    AE_2 = "AE-2"
    AE_3 = "AE-3"
    AE_4 = "AE-4"
    AE_5 = "AE-5"
    AE_6 = "AE-6"
    AE_7 = "AE-7"
    AE_8 = "AE-8"
    DT_1 = "DT-1"
    DT_2 = "DT-2"
    AR_1 = "AR-1"
    AR_2 = "AR-2"
    AR_3 = "AR-3"
    AR_4 = "AR-4"
    AR_5 = "AR-5"
    AR_6 = "AR-6"
    AR_7 = "AR-7"
    AR_8 = "AR-8"
    AR_9 = "AR-9"
    AR_10 = "AR-10"
    AA_1 = "AA-1"
    AA_2 = "AA-2"
    AA_3 = "AA-3"
    AA_4 = "AA-4"
    AA_5 = "AA-5"
    AA_6 = "AA-6"
    AA_7 = "AA-7"
    AA_8 = "AA-8"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Transition:
    """One cell: what to do and where that leads. `otherwise` is the other next state of AE-6 and AR-8."""

    action: Action
    next_state: State
    otherwise: State | None = None


_NEXT_STATE = """
    AE-1 Sta4    AE-2 Sta5    AE-3 Sta6    AE-4 Sta1    AE-5 Sta2    AE-6 Sta3/Sta13    AE-7 Sta6    AE-8 Sta13
    DT-1 Sta6    DT-2 Sta6
    AR-1 Sta7    AR-2 Sta8    AR-3 Sta1    AR-4 Sta13   AR-5 Sta1    AR-6 Sta7    AR-7 Sta8    AR-8 Sta9/Sta10
    AR-9 Sta11   AR-10 Sta12
    AA-1 Sta13   AA-2 Sta1    AA-3 Sta1    AA-4 Sta1    AA-5 Sta1    AA-6 Sta13   AA-7 Sta13   AA-8 Sta13
"""
"""Tables 9-6 to 9-9: the next state of each action. "Sta3/Sta13": if acceptable, otherwise. "Sta9/Sta10": if we
are the association requestor, otherwise."""

_ROWS = """
           Sta1  Sta2  Sta3  Sta4  Sta5  Sta6  Sta7  Sta8  Sta9  Sta10 Sta11 Sta12 Sta13
    Evt1   AE-1  .     .     .     .     .     .     .     .     .     .     .     .
    Evt2   .     .     .     AE-2  .     .     .     .     .     .     .     .     .
    Evt3   .     AA-1  AA-8  .     AE-3  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
    Evt4   .     AA-1  AA-8  .     AE-4  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
    Evt5   AE-5  .     .     .     .     .     .     .     .     .     .     .     .
    Evt6   .     AE-6  AA-8  .     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7
    Evt7   .     .     AE-7  .     .     .     .     .     .     .     .     .     .
    Evt8   .     .     AE-8  .     .     .     .     .     .     .     .     .     .
    Evt9   .     .     .     .     .     DT-1  .     AR-7  .     .     .     .     .
    Evt10  .     AA-1  AA-8  .     AA-8  DT-2  AR-6  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
    Evt11  .     .     .     .     .     AR-1  .     .     .     .     .     .     .
    Evt12  .     AA-1  AA-8  .     AA-8  AR-2  AR-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
    Evt13  .     AA-1  AA-8  .     AA-8  AA-8  AR-3  AA-8  AA-8  AR-10 AR-3  AA-8  AA-6
    Evt14  .     .     .     .     .     .     .     AR-4  AR-9  .     .     AR-4  .
    Evt15  .     .     AA-1  AA-2  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  .
    Evt16  .     AA-2  AA-3  .     AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-2
    Evt17  .     AA-5  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AR-5
    Evt18  .     AA-2  .     .     .     .     .     .     .     .     .     .     AA-2
    Evt19  .     AA-1  AA-8  .     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7
"""


def _read_next_states() -> Mapping[Action, Transition]:
    words = _NEXT_STATE.split()
    transitions = {}
    for name, states in zip(words[::2], words[1::2], strict=True):
        next_state, _, otherwise = states.partition("/")
        action = Action(name)
        transitions[action] = Transition(action, State(next_state), State(otherwise) if otherwise else None)
    return transitions


def _read_table() -> Mapping[tuple[State, Trigger], Transition]:
    by_action = _read_next_states()
    header, *rows = (line.split() for line in _ROWS.strip().splitlines())
    columns = [State(label) for label in header]
    table = {}
    for number, *cells in rows:
        for state, cell in zip(columns, cells, strict=True):
            if cell != ".":
                table[state, Trigger(number)] = by_action[Action(cell)]
    return MappingProxyType(table)


TABLE: Mapping[tuple[State, Trigger], Transition] = _read_table()
"""Table 9-10. A pair that is not in it is a blank cell: it cannot happen, or our own code must not do it."""
