"""Content negotiation, pure: what the caller can take (RFC 9110 §12.5.1, PS3.18 §8.7), and the best of what is offered.

    ranges = parse_accept(request.headers.get("accept"), request.query_params.getlist("accept"))
    chosen = choose(ranges, [Offer("application/dicom", is_multipart=True), ...])        # None: answer 406

Media types are spoken of by their inner name: `multipart/related; type="application/dicom"` is the offer
`application/dicom` in several parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from leadglass.terms.ceilings import MAX_ACCEPT, MAX_MEDIA_RANGES
from leadglass.terms.errors import PeerAnswer, PeerViolation

__all__ = ["AS_STORED", "MULTIPART", "MediaRange", "Offer", "acceptable", "choose", "parse_accept", "transfer_syntaxes"]

MULTIPART: Final = "multipart/related"
AS_STORED: Final = "*"
"""The transfer syntax of somebody who takes any (PS3.18 §8.7.3.5.2): then nothing is transcoded."""

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(rf"[ \t]*({_WORD}/{_WORD}|\*)[ \t]*")
_PARAMETER = re.compile(
    rf';[ \t]*(?:({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?[ \t]*'
)  # an unquoted value may hold a slash, as in type=application/dicom: RFC 9110 forbids it, and everybody writes it
_WEIGHT = re.compile(r"(?:0|1)?(?:\.[0-9]{0,3})?")
_PLUS_EATEN = re.compile(r"(?<=[0-9A-Za-z]) (?=json\b|xml\b)")


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One thing the caller takes. `type` and the names in `parameters` are in lower case."""

    type: str  # "multipart/related", "image/*", "*/*"
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    q: float = 1.0
    is_header: bool = True  # not from the Accept query parameter, which comes first (PS3.18 §8.7.8.1)

    @property
    def transfer_syntax(self) -> str:
        """The transfer syntax asked for: a UID, AS_STORED, or "" if none is named (then the default is meant)."""
        return self.parameters.get("transfer-syntax", "")


@dataclass(frozen=True, slots=True)
class Offer:
    """A representation that can be given. `transfer_syntaxes`: those it can be had in, None if any may be asked for,
    empty if the media type knows none (then one that is asked for means nothing)."""

    media_type: str
    is_multipart: bool = False
    transfer_syntaxes: tuple[str, ...] | None = ()


ANYTHING: Final = MediaRange("*/*")


def parse_accept(header: str | None, query_accept: Sequence[str] = ()) -> tuple[MediaRange, ...]:
    """What the caller takes, the best first: the Accept query parameter (PS3.18 §8.3.3.1), then the Accept header.

    Nothing said means anything will do. PeerViolation for what is no list of media ranges, or too long a one.
    """
    if len(header or "") + sum(map(len, query_accept)) > MAX_ACCEPT:
        raise _nonsense(f"Accept is longer than {MAX_ACCEPT} characters")
    ranges = [r for value in query_accept for r in _ranges(_PLUS_EATEN.sub("+", value), is_header=False)]
    ranges.extend(_ranges(header or "", is_header=True))
    if len(ranges) > MAX_MEDIA_RANGES:
        raise _nonsense(f"Accept lists more than {MAX_MEDIA_RANGES} media ranges")
    if not ranges:
        return (ANYTHING,)
    return tuple(sorted(ranges, key=lambda r: (r.is_header, -r.q)))


def choose(ranges: Sequence[MediaRange], offered: Sequence[Offer]) -> tuple[Offer, MediaRange] | None:
    """The offer that suits best, and the range that asked for it; None if nothing that is offered will do (406)."""
    return next(iter(acceptable(ranges, offered)), None)


def acceptable(ranges: Sequence[MediaRange], offered: Sequence[Offer]) -> list[tuple[Offer, MediaRange]]:
    """Every offer that will do with each range that asks for it, the best first.

    Of the ranges that match an offer only the most specific ones count (RFC 9110 §12.5.1). Among equal weights what
    was named goes before a wildcard, then the caller's order holds, then ours.
    """
    found: list[tuple[tuple[bool, float, int, int, int], Offer, MediaRange]] = []
    for position, offer in enumerate(offered):
        for is_header in (False, True):
            matching = [
                (_specificity(r, offer), number, r) for number, r in enumerate(ranges) if r.is_header is is_header
            ]
            most = max((specificity for specificity, _, _ in matching), default=0)
            if most == 0:
                continue
            closest = [(number, r) for specificity, number, r in matching if specificity == most]
            banned = {r.transfer_syntax for _, r in closest if r.q == 0}
            found.extend(
                ((is_header, -r.q, -most, number, position), offer, r)
                for number, r in closest
                if r.q > 0 and r.transfer_syntax not in banned and _can_be_had(offer, r.transfer_syntax)
            )
    return [(offer, r) for _, offer, r in sorted(found, key=lambda entry: entry[0])]


def transfer_syntaxes(ranges: Sequence[MediaRange], offer: Offer) -> tuple[tuple[str, ...], ...]:
    """The transfer syntaxes that `offer` is asked for in: groups of equal weight, the best group first.

    A value is a UID, AS_STORED, or "" for the default.
    """
    groups: dict[tuple[bool, float], list[str]] = {}
    for _, r in acceptable(ranges, [offer]):
        groups.setdefault((r.is_header, -r.q), []).append(r.transfer_syntax)
    return tuple(tuple(dict.fromkeys(groups[key])) for key in sorted(groups))


def _ranges(text: str, *, is_header: bool) -> Iterator[MediaRange]:
    position = 0
    while position < len(text):
        if text[position] in ", \t":  # empty list elements are legal (RFC 9110 §5.6.1.2)
            position += 1
            continue
        begin = _TYPE.match(text, position)
        if begin is None:
            raise _nonsense("Accept is not a list of media ranges")
        position = begin.end()
        parameters: dict[str, str] = {}
        while (parameter := _PARAMETER.match(text, position)) is not None:
            position = parameter.end()
            name, quoted, plain = parameter.groups()
            if name is not None:
                parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain)
        if position < len(text) and text[position] != ",":
            raise _nonsense("Accept is not a list of media ranges")
        media_type = "*/*" if begin[1] == "*" else begin[1].lower()  # a lone star comes from Java's own client
        yield MediaRange(media_type, parameters, _weight(parameters.pop("q", "1")), is_header)


def _weight(text: str) -> float:
    if not text.strip(".") or not _WEIGHT.fullmatch(text) or float(text) > 1:
        raise _nonsense("a weight in Accept is not a number from 0 to 1")
    return float(text)


def _nonsense(what: str) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(), clause="RFC 9110 §12.5.1")


def _specificity(wanted: MediaRange, offer: Offer) -> int:
    """0 if `wanted` does not match `offer`; more, the more closely it names it."""
    if wanted.type == "*/*":
        return 1
    if not offer.is_multipart:
        return max(0, 3 * _closeness(wanted.type, offer.media_type) - 2)
    outer = _closeness(wanted.type, MULTIPART)
    inner = _closeness(wanted.parameters.get("type", "*/*").lower(), offer.media_type)
    return 0 if not outer or not inner else 3 * (outer - 2) + inner + 1


def _closeness(wanted: str, offered: str) -> int:
    """3 if `wanted` is the very type, 2 for `type/*`, 1 for `*/*`, 0 if it does not match."""
    if wanted == offered:
        return 3
    if wanted == "*/*":
        return 1
    return 2 if wanted.endswith("/*") and offered.startswith(wanted[:-1]) else 0


def _can_be_had(offer: Offer, transfer_syntax: str) -> bool:
    known = offer.transfer_syntaxes
    return not known or transfer_syntax in ("", AS_STORED) or transfer_syntax in known
