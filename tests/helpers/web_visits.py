"""Probes of the web played against simulated systems, without a socket; and played again from their transcripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from leadglass.net.conversing import Certificate, Ending, Handshake, Outcome, TlsOffer
from leadglass.range.law import Law
from leadglass.range.manner import HangUp, Manner
from leadglass.survey.conversation import Talk
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Sighting, Verdict
from leadglass.survey.probe import Call, Caller, Probe
from leadglass.survey.probes.http import web_port
from leadglass.survey.services import Service
from leadglass.survey.target import Target

__all__ = ["CALLER", "FixedChance", "Played", "Pretender", "kept", "replayed", "verdicts", "visit"]

CALLER = Caller(
    calling_ae_title="LEADGLASS", user_agent="Leadglass/0.1 (survey; mailto:security@example.org)", contact="x"
)


_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"  # a TLS server's answer to clear words


class FixedChance:
    """The same draws for everybody."""

    def __init__(self) -> None:
        self._drawn = 0

    def uid(self) -> str:
        self._drawn += 1
        return f"2.25.9{self._drawn:036d}"

    def word(self, length: int) -> str:
        self._drawn += 1
        return f"Q{self._drawn}ZX7KJ3M9P0WLRTBVCDHFGN"[:length]


class Pretender:
    """Says fixed bytes to whatever it hears, and hangs up."""

    def __init__(self, says: bytes) -> None:
        self._says = says

    def opened(self) -> Iterable[bytes]:
        return ()

    def received(self, data: bytes) -> Iterable[bytes | HangUp]:
        return (self._says, HangUp())


@dataclass
class Played:
    """A visit: what was sighted, and what passed on each connection."""

    sighting: Sighting
    calls: list[tuple[Talk, Outcome, list[bytes]]] = field(default_factory=list)

    @property
    def requests(self) -> list[str]:
        """Paths in the order they were asked for."""
        return [ask.path for talk, _, _ in self.calls for ask in getattr(talk, "asks", ())]


def target_of(port: int, level: Level, address: str = "192.0.2.7") -> Target:
    return Target(address=address, port=port, service=Service.HTTP, level=level)


def visit(
    manner: Callable[[Law], Manner],
    law: Law,
    *,
    port: int = 80,
    level: Level = Level.COUNTS,
    tls: bool = False,
    portion: int = 1 << 20,
) -> Played:
    """What the probe sees of a server with these manners. `tls`: it speaks that only."""
    probe = web_port(target_of(port, level), CALLER, FixedChance())
    calls: list[tuple[Talk, Outcome, list[bytes]]] = []

    def answered(call: Call) -> Outcome:
        assert call.talk.level <= level
        is_heard = bool(call.tls) is tls and call.tls is not TlsOffer.RETIRED
        heard = list(_spoken(call.talk, manner(law), portion)) if is_heard else []
        ending = Ending.OVER if is_heard else Ending.TLS_FAILED if call.tls else Ending.HUNG_UP
        shown = shaken(call.tls, "TLSv1.3" if is_heard else "") if call.tls and tls else None
        outcome = Outcome(ending=ending, handshake=shown)
        if tls and not call.tls:
            heard = [_ALERT]
            call.talk.receive(_ALERT)
        call.talk.hung_up()
        calls.append((call.talk, outcome, heard))
        return outcome

    return Played(_ended(probe, answered), calls)


def shaken(offer: TlsOffer, version: str) -> Handshake:
    certificate: Certificate | None = None
    return Handshake(
        offer=offer,
        version=version,
        cipher="",
        certificate=certificate,
        asks_client_certificate=None,
        demands_client_certificate=None,
        fault="" if version else "protocol version",
    )


def _ended(probe: Probe, answered: Callable[[Call], Outcome]) -> Sighting:
    call = next(probe)
    while True:
        outcome = answered(call)
        try:
            call = probe.send(outcome)
        except StopIteration as end:
            sighting: Sighting = end.value
            return sighting


def _spoken(talk: Talk, manner: Manner, portion: int) -> Iterator[bytes]:
    """The bytes of the peer, as they pass."""
    said = [talk.begin()]
    list(manner.opened())
    while said and not talk.is_over:
        for action in manner.received(said.pop(0)):
            if isinstance(action, HangUp):
                talk.hung_up()
                return
            assert isinstance(action, bytes)
            yield action
            for start in range(0, len(action), portion):
                answer = talk.receive(action[start : start + portion])
                said += [answer] if answer else []
    if not talk.is_over:
        talk.hung_up()


def kept(talk: Talk, heard: list[bytes]) -> bytes:
    """What is on disk of a connection."""
    tally = talk.tally
    return b"".join(map(talk.reduced, heard)) if tally is None else str(dict(tally)).encode()


def replayed(played: Played, port: int = 80, level: Level = Level.COUNTS, *, joined: bool = False) -> Sighting:
    """What the probe sees when it is fed what was kept of a visit, turn by turn or all at once."""
    probe = web_port(target_of(port, level), CALLER, FixedChance())
    calls = iter(played.calls)

    def answered(call: Call) -> Outcome:
        talk, outcome, heard = next(calls)
        assert call.talk.kind == talk.kind
        tally = talk.tally
        if tally is not None:
            call.talk.recall(tally)
        else:
            call.talk.begin()
            for part in [b"".join(heard)] if joined else heard:
                call.talk.receive(talk.reduced(part))
            call.talk.hung_up()
        return outcome

    return _ended(probe, answered)


def verdicts(sighting: Sighting) -> set[tuple[Act, str, Verdict]]:
    """Its tries without their codes, and without "a web server speaks HTTP"."""
    return {(t.act, t.how, t.verdict) for t in sighting.tries if t.how != "landing page" or t.act is not Act.SPEAK}
