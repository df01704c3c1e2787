"""Which connections are made to a web port, by what became of those before."""

from __future__ import annotations

import pytest

from helpers.web_visits import CALLER, FixedChance, shaken, target_of
from leadglass.net.conversing import Ending, Outcome, TlsOffer
from leadglass.survey.level import Level
from leadglass.survey.observation import Sighting, Verdict
from leadglass.survey.probes.http import web_port

MODERN, RETIRED = TlsOffer.MODERN, TlsOffer.RETIRED
PAGE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
WANTED = b"HTTP/1.1 400 No\r\nContent-Length: 47\r\n\r\nThe plain HTTP request was sent to HTTPS port.."
Offer = TlsOffer | None


def opened(port: int, peer: dict[Offer, tuple[Ending, bytes, str]]) -> tuple[list[Offer], Sighting]:
    """The offers that were made to a peer that ends so, having said so, on a TLS of this version; and the sighting."""
    probe = web_port(target_of(port, Level.PRESENCE), CALLER, FixedChance())
    offers: list[Offer] = []
    call = next(probe)
    while True:
        offers.append(call.tls)
        ending, says, version = peer.get(call.tls, (Ending.RESET, b"", ""))
        call.talk.begin()
        call.talk.receive(says if version or not call.tls else b"")
        call.talk.hung_up()
        handshake = shaken(call.tls, version) if call.tls and says else None
        try:
            call = probe.send(Outcome(ending=ending, handshake=handshake, bytes_received=len(says)))
        except StopIteration as end:
            return offers, end.value


OVER, LOST, FAILED = Ending.OVER, Ending.HUNG_UP, Ending.TLS_FAILED
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"


@pytest.mark.parametrize(
    ("port", "peer", "offers"),
    [
        (80, {None: (OVER, PAGE, "")}, [None]),
        (80, {None: (Ending.REFUSED, b"", "")}, [None]),
        (80, {None: (Ending.SILENT, b"", "")}, [None]),
        (80, {None: (Ending.STALLED, b"", "")}, [None]),
        (80, {None: (LOST, b"SSH-2.0-x\r\n", "")}, [None]),
        (80, {None: (Ending.RESET, b"", "")}, [None]),
        (81, {None: (Ending.RESET, b"", "")}, [None, MODERN]),
        (80, {None: (LOST, ALERT, ""), MODERN: (OVER, PAGE, "TLSv1.3")}, [None, MODERN, RETIRED]),
        (80, {None: (OVER, WANTED, ""), MODERN: (OVER, PAGE, "TLSv1.3")}, [None, MODERN, RETIRED]),
        (80, {None: (OVER, WANTED, "")}, [None, MODERN]),
        (443, {MODERN: (OVER, PAGE, "TLSv1.2")}, [MODERN, RETIRED]),
        (443, {MODERN: (FAILED, ALERT, ""), RETIRED: (OVER, PAGE, "TLSv1")}, [MODERN, RETIRED]),
        (
            443,
            {MODERN: (FAILED, ALERT, ""), RETIRED: (FAILED, ALERT, ""), None: (OVER, PAGE, "")},
            [MODERN, RETIRED, None],
        ),
        (443, {}, [MODERN, None]),
    ],
)
def test_offers(port: int, peer: dict[Offer, tuple[Ending, bytes, str]], offers: list[Offer]) -> None:
    made, sighting = opened(port, peer)
    assert made == offers
    assert sighting.ending is peer.get(offers[0], (Ending.RESET, b"", ""))[0]


def test_a_door_that_only_resets() -> None:
    offers, sighting = opened(8042, {})
    assert offers == [None, MODERN]
    assert [t.verdict for t in sighting.tries] == [Verdict.UNCLEAR]
    assert sighting.facts is None
