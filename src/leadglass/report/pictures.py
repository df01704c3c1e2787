"""The parts of a report that count systems by one thing: ladder, encryption, certificates, reality, personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from leadglass.net.conversing import Certificate, Handshake
from leadglass.report.judged import Judged
from leadglass.report.language import Language
from leadglass.report.model import Figure, Shown, Slice
from leadglass.report.withholding import Overlapping, small
from leadglass.report.words import one_line
from leadglass.survey.finding import Reality
from leadglass.survey.observation import Act, DatabaseFacts, HttpFacts, Rung, Sighting, Verdict
from leadglass.survey.system import System

__all__ = ["by_size", "certificates", "confidence", "kinds", "kinds_of", "ladder", "reasons", "tls", "tls_class"]

T = TypeVar("T", bound=str)
_PLAIN, _RETIRED, _MODIFIED, _BCP195 = "plain", "retired", "modified", "bcp195"
_TLS: Final = {_PLAIN: "bad", _RETIRED: "warn", _MODIFIED: "good", _BCP195: "good"}  # the weakest first
_COUNTING: Final = {Reality.REAL: "bad", Reality.UNKNOWN: "warn"}
_SOON: Final = timedelta(days=30)


def ladder(judged: Sequence[Judged], beside: Overlapping, say: Language) -> tuple[Slice, ...]:
    """How many systems stand on each rung; one system stands on several. `beside`: what is shown already."""
    standing = Counter(rung for one in judged if one.counts for rung in one.system.rungs)
    tones = {Rung.ACCEPTS_STRANGERS: "warn"} | dict.fromkeys(list(Rung)[4:], "bad")
    return tuple(
        Slice(
            name=say(f"rung.{int(rung)}"),
            systems=beside.shown(standing[rung]),
            meaning=say(f"rung_meaning.{int(rung)}"),
            tone=tones.get(rung, ""),
        )
        for rung in list(Rung)[1:]
    )


def tls(judged: Sequence[Judged], beside: Overlapping, say: Language) -> tuple[Slice, ...]:
    """Imaging systems by the weakest of their doors. Nothing if none was seen."""
    found = Counter(tls_class(one.system) for one in judged if one.counts and one.system.is_archive)
    return _parts("tls", found, _TLS, beside, say) if found.total() else ()


def tls_class(system: System) -> str:
    """By the weakest door: "plain", "retired", "modified" (PS3.15 B.13) or "bcp195" (B.12)."""
    order = list(_TLS)
    doors = [o.sighting for o in system.observations if _is_spoken(o.sighting)]
    return min((_door(door.handshakes) for door in doors), key=order.index, default=_PLAIN)


def _is_spoken(door: Sighting) -> bool:
    """Whether anything answers there in a language of this survey."""
    return any(t.act is Act.SPEAK and t.verdict is Verdict.OPEN for t in door.tries)


def _door(handshakes: Sequence[Handshake]) -> str:
    agreed = [_profile(one.version, one.cipher) for one in handshakes if one.version]
    return min(agreed, key=list(_TLS).index, default=_PLAIN)


def _profile(version: str, cipher: str) -> str:
    if version not in {"TLSv1.2", "TLSv1.3"}:
        return _RETIRED
    suite = cipher.upper().replace("_", "-")
    if version == "TLSv1.2" and not suite.removeprefix("TLS-").startswith(("ECDHE-", "DHE-")):
        return _RETIRED
    if "GCM" in suite and "AES" in suite:
        return _BCP195
    return _MODIFIED if any(word in suite for word in ("CHACHA20", "CCM", "CAMELLIA")) else _RETIRED


def certificates(judged: Sequence[Judged], now: datetime, beside: Overlapping, say: Language) -> tuple[Slice, ...]:
    """What is wrong with certificates, by system; one system may be in several."""
    shown = [found for one in judged if one.counts and (found := list(_certificates(one.system)))]
    if not shown:
        return ()
    asked = sum(
        any(h.demands_client_certificate for o in one.system.observations for h in o.sighting.handshakes)
        for one in judged
        if one.counts
    )
    rows = (
        ("shown", len(shown), ""),
        ("ended", sum(any(c.not_after < now for c in found) for found in shown), "bad"),
        ("ending", sum(any(now <= c.not_after < now + _SOON for c in f) for f in shown), "warn"),
        ("self_signed", sum(any(c.is_self_signed for c in found) for found in shown), ""),
        ("demanded", asked, "good"),
    )
    return tuple(
        Slice(name=say(f"certificate.{name}"), systems=beside.shown(count), tone=tone) for name, count, tone in rows
    )


def _certificates(system: System) -> Iterable[Certificate]:
    return (h.certificate for o in system.observations for h in o.sighting.handshakes if h.certificate is not None)


def confidence(judged: Sequence[Judged], beside: Overlapping, say: Language) -> tuple[Slice, ...]:
    """What the systems most likely are. How many count is told elsewhere too, so these are parts of one whole; how many
    do not count is told nowhere."""
    found = Counter(one.confidence.reality for one in judged)
    apart = (
        Slice(
            name=say(f"reality.{name}"),
            systems=small(found[name], beside.least),
            meaning=say(f"reality_meaning.{name}"),
        )
        for name in (Reality.DEMO, Reality.HONEYPOT)
    )
    return (*_parts("reality", found, _COUNTING, beside, say), *apart)


def reasons(judged: Sequence[Judged], shown: Shown, say: Language) -> tuple[Slice, ...]:
    """Why: each reason with the number of systems it was given for, most first; none where single systems may not be
    listed, for many are those of one system."""
    if not shown.lists_systems:
        return ()
    given = Counter(say.because(one_line(reason)) for one in judged for reason in dict.fromkeys(one.confidence.reasons))
    return tuple(Slice(name=reason, systems=count) for reason, count in given.most_common(12))


def kinds(judged: Sequence[Judged], beside: Overlapping, say: Language) -> tuple[Slice, ...]:
    """Kinds of personal data found within strangers' reach, by system."""
    found = Counter(kind for one in judged if one.leaks for kind in kinds_of(one.system))
    counted = {say.named("kind", one_line(kind)): beside.shown(count) for kind, count in found.most_common()}
    return tuple(
        Slice(name=kind, systems=counted[kind]) for kind in sorted(counted, key=lambda k: by_size(counted[k], k))
    )


def by_size(count: Figure, name: str) -> tuple[bool, int, str]:
    """A place that says nothing of a count that is withheld: such ones stand behind, in the order of the alphabet."""
    return (False, -count, name) if isinstance(count, int) else (True, 0, name)


def kinds_of(system: System) -> tuple[str, ...]:
    """Of one system, sorted."""
    found: set[str] = set()
    for observation in system.observations:
        found.update(observation.sighting.kinds)
        facts = observation.sighting.facts
        if isinstance(facts, HttpFacts | DatabaseFacts):
            found.update(kind for collection in facts.collections for kind in collection.kinds)
    return tuple(sorted(found))


def _parts(
    what: str, found: Counter[T], tones: Mapping[T, str], beside: Overlapping, say: Language
) -> tuple[Slice, ...]:
    """Parts of one whole: who knows the whole may not work out a small part."""
    shown = beside.column([found[name] for name in tones])
    return tuple(
        Slice(name=say(f"{what}.{name}"), systems=systems, meaning=say(f"{what}_meaning.{name}"), tone=tones[name])
        for name, systems in zip(tones, shown, strict=True)
    )
