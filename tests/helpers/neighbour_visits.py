"""Probes against simulated services in memory: no socket, no clock; and the same again from the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from leadglass.net.conversing import Ending, Handshake, Outcome, TlsOffer
from leadglass.range.law import Law
from leadglass.range.manner import Action, HangUp, Manner, Reset
from leadglass.survey.conversation import Said, Talk
from leadglass.survey.level import Level
from leadglass.survey.observation import Sighting, Verdict
from leadglass.survey.probe import Call, Caller, Prober
from leadglass.survey.services import Service
from leadglass.survey.target import Target
from leadglass.survey.transcript import Noted

__all__ = ["CALLER", "FixedChance", "Heard", "probed", "replayed", "target", "verdicts"]

CALLER = Caller(
    calling_ae_title="LEADGLASS",
    user_agent="Leadglass/0.1 (security@example.org)",
    contact="security@example.org",
)
_PORTIONS = 100_000
"""A test peer that says more portions than that never ends."""


class FixedChance:
    """The same identifiers every time."""

    def uid(self) -> str:
        return "2.25.329800735698586629295641978511506172918"

    def word(self, length: int) -> str:
        return ("LEADGLASSPROBE0123456789" * 4)[:length]


@dataclass(slots=True)
class Heard:
    """What a probe said and heard, call by call, with how each ended."""

    sighting: Sighting
    law: Law
    calls: list[tuple[Call, Outcome, list[Said]]] = field(default_factory=list)

    @property
    def sent(self) -> bytes:
        return b"".join(said.data for _, _, parts in self.calls for said in parts if said.by_us)


def target(level: Level, service: Service = Service.DICOM, port: int = 1) -> Target:
    return Target(address="192.0.2.7", port=port, service=service, level=level)


def probed(
    prober: Prober,
    level: Level,
    manner: Callable[[Law], Manner] | None,
    *,
    size: int | None = None,
    trailing: bytes = b"",
    tls: Handshake | None = None,
    caller: Caller = CALLER,
) -> Heard:
    """The probe's sighting of a service. Bytes come in portions of `size`; `trailing` follows each answer's last.

    With `tls` the service speaks on TLS alone, and this is what its handshake shows. None as manner: nobody is there.
    """
    law = Law()
    heard: list[tuple[Call, Outcome, list[Said]]] = []
    probe = prober(target(level), caller, FixedChance())
    try:
        call = next(probe)
        while True:
            assert call.talk.level <= level, f"{call.talk.kind} needs more than is granted"
            said: list[Said] = []
            outcome = _connection(call, None if manner is None else manner(law), said, size, trailing, tls)
            heard.append((call, outcome, said))
            call = probe.send(outcome)
    except StopIteration as end:
        return Heard(end.value, law, heard)


def replayed(prober: Prober, level: Level, heard: Heard) -> Sighting:
    """The sighting again from what the evidence keeps: reduced transcripts, or tallies."""
    probe = prober(target(level), CALLER, FixedChance())
    talks = iter(heard.calls)
    try:
        call = next(probe)
        while True:
            before, outcome, said = next(talks)
            tally = before.talk.tally
            if tally is not None:
                call.talk.recall(tally)
            else:
                assert before.talk.level <= Level.ACCESS, "transcribed above level 2"
                call.talk.begin()
                for part in said:
                    if not part.by_us:
                        call.talk.receive(before.talk.reduced(part.data))
                if outcome.ending is not Ending.OVER:
                    call.talk.hung_up()
            call = probe.send(outcome)
    except StopIteration as end:
        result: Sighting = end.value
        return result


def verdicts(sighting: Sighting) -> dict[str, Verdict]:
    """Each act that was tried."""
    return {t.act.value: t.verdict for t in sighting.tries}


def _connection(
    call: Call, manner: Manner | None, said: list[Said], size: int | None, trailing: bytes, tls: Handshake | None
) -> Outcome:
    if manner is None:
        return Outcome(ending=Ending.REFUSED)
    if tls is not None and call.tls is None:
        call.talk.hung_up()
        return Outcome(ending=Ending.HUNG_UP)
    if tls is None and call.tls is TlsOffer.MODERN:
        call.talk.hung_up()
        return Outcome(ending=Ending.TLS_FAILED)
    ending = _played(call.talk, manner, said, size, trailing)
    if not call.talk.is_over:
        call.talk.hung_up()
    return Outcome(ending=ending, handshake=tls)


def _played(talk: Talk, manner: Manner, said: list[Said], size: int | None, trailing: bytes) -> Ending:
    noted = Noted(talk)
    try:
        return _spoken(noted, manner, size, trailing)
    finally:
        said.extend(noted.said())


def _spoken(talk: Noted, manner: Manner, size: int | None, trailing: bytes) -> Ending:
    ours = talk.begin()
    came, ending = _taken(manner.opened())
    for _ in range(_PORTIONS):
        if ours and ending is None:
            more, ending = _taken(manner.received(ours))
            came += more
        ours = b""
        for portion in _portions(came + trailing if came else b"", size):
            ours += talk.receive(portion)
            if talk.is_over:
                if ours:
                    list(manner.received(ours))
                return Ending.OVER
        came = b""
        if ending is not None and not ours:
            return ending
        if not ours:
            return Ending.STALLED
    raise AssertionError("the conversation does not end")


def _taken(actions: Iterable[Action]) -> tuple[bytes, Ending | None]:
    """What a manner says, and how it ends the connection if it does."""
    came = b""
    for action in actions:
        match action:
            case bytes():
                came += action
            case HangUp():
                return came, Ending.HUNG_UP
            case Reset():
                return came, Ending.RESET
    return came, None


def _portions(data: bytes, size: int | None) -> Iterator[bytes]:
    step = size or len(data) or 1
    return (data[at : at + step] for at in range(0, len(data), step))
