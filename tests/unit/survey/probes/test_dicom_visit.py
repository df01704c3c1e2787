"""Invariant: the probe asks for no connection it does not need, tells TLS from plain, and says what it did not find."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from helpers.surveying import CALLER, CountingChance, local
from leadglass.dicom.upperlayer import (
    Abort,
    AssociateAc,
    AssociateRj,
    AssociateRq,
    ContextResult,
    UserInformation,
    decode_pdu,
    encode_pdu,
)
from leadglass.net.conversing import Ending, Handshake, Outcome, TlsOffer
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, DicomFacts, Sighting, Verdict
from leadglass.survey.probe import Call
from leadglass.survey.probes import PROBERS
from leadglass.survey.probes.dicom import dicom
from leadglass.survey.services import Service

ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
REJECTED = encode_pdu(AssociateRj(1, 1, 7))


def shaken(offer: TlsOffer, version: str) -> Handshake:
    return Handshake(
        offer=offer,
        version=version,
        cipher="",
        certificate=None,
        asks_client_certificate=None,
        demands_client_certificate=None,
        fault="" if version else "no agreement",
    )


def visited(level: Level, steps: Iterable[tuple[Ending, bytes, str]]) -> tuple[Sighting, list[Call]]:
    """What the probe makes of connections that end so, after these bytes, with that TLS version. All are asked for."""
    probe, calls = dicom(local(104, level), CALLER, CountingChance()), []
    left = iter(steps)
    try:
        call = next(probe)
        while True:
            calls.append(call)
            ending, heard, version = next(left)
            call.talk.begin()
            if heard:
                call.talk.receive(heard)
            if not call.talk.is_over:
                call.talk.hung_up()
            handshake = shaken(call.tls, version) if call.tls else None
            call = probe.send(Outcome(ending=ending, handshake=handshake, seconds_to_connect=0.001))
    except StopIteration as end:
        assert next(left, None) is None
        return end.value, calls


def accepted() -> bytes:
    probe = dicom(local(104, Level.PRESENCE), CALLER, CountingChance())
    request = decode_pdu(next(probe).talk.begin())
    assert isinstance(request, AssociateRq)
    information = UserInformation(16384, "1.2.3", "PEER")
    result = (ContextResult(1, 0, "1.2.840.10008.1.2"),)
    return encode_pdu(AssociateAc(request.called_ae_title, request.calling_ae_title, result, information))


@pytest.mark.parametrize("ending", [Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE])
def test_where_nobody_is_nothing_more_is_asked(ending: Ending) -> None:
    sighting, calls = visited(Level.KINDS, [(ending, b"", "")])
    assert sighting == Sighting(ending=ending)
    assert len(calls) == 1


def test_plain_dicom_is_not_asked_for_tls() -> None:
    sighting, calls = visited(Level.PRESENCE, [(Ending.OVER, REJECTED, "")])
    assert [call.tls for call in calls] == [None]
    assert sighting.speaks_tls is False
    assert isinstance(sighting.facts, DicomFacts)
    assert (sighting.facts.reject, sighting.facts.checks_ae_titles) == ((1, 1, 7), True)


@pytest.mark.parametrize("first", [(Ending.OVER, ALERT, ""), (Ending.HUNG_UP, b"", ""), (Ending.STALLED, b"", "")])
def test_modern_tls_and_whether_the_retired_is_taken_too(first: tuple[Ending, bytes, str]) -> None:
    steps = [first, (Ending.OVER, REJECTED, "TLSv1.3"), (Ending.OVER, b"", "TLSv1")]
    sighting, calls = visited(Level.PRESENCE, steps)
    assert [call.tls for call in calls] == [None, TlsOffer.MODERN, TlsOffer.RETIRED]
    assert [call.talk.kind for call in calls] == ["dicom echo", "dicom echo", "handshake"]
    assert {shake.offer: shake.version for shake in sighting.handshakes} == {"modern": "TLSv1.3", "retired": "TLSv1"}
    assert sighting.speaks_tls is True
    assert sighting.tries[0].verdict is Verdict.OPEN


def test_retired_tls_alone() -> None:
    steps = [(Ending.OVER, ALERT, ""), (Ending.TLS_FAILED, b"", ""), (Ending.OVER, REJECTED, "TLSv1")]
    sighting, calls = visited(Level.ACCESS, steps)
    assert [call.tls for call in calls] == [None, TlsOffer.MODERN, TlsOffer.RETIRED]
    assert sighting.speaks_tls is True


def test_after_tls_the_further_connections_are_tls_too() -> None:
    aborted = accepted() + encode_pdu(Abort(0, 0))
    steps = [(Ending.HUNG_UP, b"", ""), (Ending.OVER, aborted, "TLSv1.2"), (Ending.TLS_FAILED, b"", "")]
    sighting, calls = visited(Level.ACCESS, [*steps, (Ending.OVER, REJECTED, "TLSv1.2")])
    assert [call.tls for call in calls] == [None, TlsOffer.MODERN, TlsOffer.RETIRED, TlsOffer.MODERN]
    assert [(done.how, done.verdict) for done in sighting.tries if done.how == "C-ECHO"] == [("C-ECHO", Verdict.CLOSED)]


def test_a_peer_that_breaks_off_at_the_large_request_gets_a_small_one() -> None:
    no_tls = [(Ending.TLS_FAILED, b"", "")] * 2
    sighting, calls = visited(Level.ACCESS, [(Ending.HUNG_UP, b"", ""), *no_tls, (Ending.OVER, REJECTED, "")])
    assert [call.tls for call in calls] == [None, TlsOffer.MODERN, TlsOffer.RETIRED, None]
    assert calls[-1].talk.kind == "dicom echo"
    assert sighting.tries[0].verdict is Verdict.OPEN
    steps = [(Ending.OVER, encode_pdu(Abort(2, 1)), ""), (Ending.OVER, accepted(), "")]
    sighting, calls = visited(Level.ACCESS, steps)
    assert [call.talk.kind for call in calls] == ["dicom access", "dicom echo"]
    assert [done.verdict for done in sighting.tries[:2]] == [Verdict.OPEN, Verdict.OPEN]


def test_another_language_is_said() -> None:
    sighting, calls = visited(Level.ACCESS, [(Ending.OVER, b"HTTP/1.1 400 Bad Request\r\n", "")])
    (only,) = sighting.tries
    assert (only.act, only.verdict, only.code) == (Act.SPEAK, Verdict.NOT_OFFERED, "HTTP")
    assert len(calls) == 1


def test_no_talk_is_above_what_is_granted() -> None:
    for level in (Level.PRESENCE, Level.ACCESS):
        _, calls = visited(level, [(Ending.OVER, accepted(), "")])
        assert max(call.talk.level for call in calls) <= level


def test_it_is_registered() -> None:
    assert PROBERS[Service.DICOM] is dicom
