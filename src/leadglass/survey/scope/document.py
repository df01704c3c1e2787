"""The scope as its owner writes it: docs/formats/scope.md.

Unknown words are refused, so that a misspelt exclusion cannot pass unseen.
"""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, field

from leadglass.survey.level import Level
from leadglass.survey.services import DEFAULT_PORTS, Service
from leadglass.terms.ceilings import MAX_SCOPE, MAX_SCOPE_BLOCKS
from leadglass.terms.errors import UserFault

__all__ = ["Authority", "Caps", "Exclusion", "Network", "Pace", "Quiet", "Rates", "Scope", "read_scope"]

_ADVICE: Final = (
    "Mend that line; docs/formats/scope.md explains each field, and `leadglass survey scope new` writes one."
)
_NO_SCOPE: Final = "Name a scope; `leadglass survey scope new` writes one."

_HIDES: Final = r"\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
"""What steers a terminal, is nothing to see, or puts letters into another order: who signs must see what he signs."""

# Each ends with \Z: before a newline at the end, $ would do.
LINE: Final = rf"^[^{_HIDES}]*\Z"
Words = Annotated[str, Meta(max_length=200, pattern=LINE)]
NeededWords = Annotated[str, Meta(min_length=1, max_length=200, pattern=rf"^[^{_HIDES}]*[^\s{_HIDES}][^{_HIDES}]*\Z")]
Contact = Annotated[str, Meta(max_length=200, pattern=r"^((mailto:)?[!-?A-~]+@[!-?A-~]+|https://[!-~]+)\Z")]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Rate = Annotated[float, Meta(gt=0, le=1_000_000)]
Clock = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)\Z")]
Country = Annotated[str, Meta(pattern=r"^([A-Z]{2})?\Z")]
Moment = Annotated[datetime, Meta(tz=True)]


class Authority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who allows the survey, and who answers for it."""

    organisation: NeededWords
    person: NeededWords
    contact: Contact  # a mail address or an https URL: every probe shows it
    reference: NeededWords  # of the permission: a contract, a decision, a ticket


class Pace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many of each in a second."""

    packets_per_second: Rate
    associations_per_second: Rate


class Rates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How gently. Connections to one host are made one at a time, whatever stands here."""

    packets_per_second: Rate = 2000
    associations_per_second: Rate = 200
    per_network: Pace = Pace(packets_per_second=500, associations_per_second=50)  # /24; of IPv6 /48
    per_host: Pace = Pace(packets_per_second=100, associations_per_second=5)


class Quiet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours in which nothing is sent."""

    days: list[str]  # "Mon" … "Sun": the days on which it begins
    begins: Clock = field(name="from")
    until: Clock  # not after `from`: it ends on the next day
    zone: str  # IANA name, like "Europe/Berlin"
    networks: list[str] = []  # empty: everywhere


class Caps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where counting ends."""

    records_per_system: Annotated[int, Meta(ge=1, le=100_000_000)] = 1_000_000  # level 3
    samples_per_system: Annotated[int, Meta(ge=1, le=100)] = 10  # level 4


class Network(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses with what their owner grants. Where two networks hold an address, the smaller one alone counts."""

    addresses: Annotated[list[str], Meta(min_length=1)]  # CIDR, range, address or host name
    level: Annotated[int, Meta(ge=0, le=4)]
    organisation: Words = ""
    country: Country = ""  # ISO 3166-1 alpha-2
    state: Words = ""
    district: Words = ""
    services: list[Service] = []
    ports: list[Port] = []  # with neither: the ports of all services

    @property
    def granted(self) -> Level:
        return Level(self.level)


class Exclusion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is never touched, whatever else the scope says."""

    addresses: Annotated[list[str], Meta(min_length=1)]
    ports: list[Port] = []  # empty: all
    why: Words = ""


class Scope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole document."""

    authority: Authority
    valid_from: Moment
    valid_until: Moment
    rates: Rates = Rates()
    caps: Caps = Caps()
    quiet: list[Quiet] = []
    ports: dict[Service, list[Port]] = {}
    network: Annotated[list[Network], Meta(min_length=1)]
    exclude: list[Exclusion] = []

    def ports_of(self, service: Service) -> tuple[int, ...]:
        """Where this kind of service is looked for."""
        return tuple(self.ports.get(service, DEFAULT_PORTS[service]))


def read_scope(data: bytes, name: str = "the scope") -> Scope:
    """The scope in these bytes. UserFault names the line or the field, and what is wrong with it."""
    if len(data) > MAX_SCOPE:
        raise UserFault(f"{name} is larger than {MAX_SCOPE} bytes", "Write neighbouring addresses as networks.")
    try:
        scope = msgspec.convert(_tables(data), Scope)
    except msgspec.ValidationError as error:
        raise UserFault(f"{name}: {_in_words(str(error))}", _ADVICE) from None
    except UnicodeDecodeError:
        raise UserFault(f"{name} is not TOML: it is no text in UTF-8", _NO_SCOPE) from None
    except (ValueError, RecursionError) as error:
        raise UserFault(f"{name} is not TOML: {_first_line(error)}", _ADVICE) from None
    _check(scope, name)
    return scope


def _tables(data: bytes) -> dict[str, Any]:
    return tomllib.loads(data.decode("utf-8"))


def _check(scope: Scope, name: str) -> None:
    if scope.valid_until <= scope.valid_from:
        raise UserFault(f"{name}: valid_until is not after valid_from", _ADVICE)
    named = sum(len(network.addresses) for network in scope.network)
    if named + sum(len(exclusion.addresses) for exclusion in scope.exclude) > MAX_SCOPE_BLOCKS:
        raise UserFault(
            f"{name} names more than {MAX_SCOPE_BLOCKS} networks and hosts",
            "Write neighbours as networks, or split it.",
        )
    seen: dict[int, Service] = {}
    for service in Service:
        for port in scope.ports_of(service):
            if seen.setdefault(port, service) is not service:
                both = f"{seen[port].value} and {service.value}"
                raise UserFault(
                    f"{name}: port {port} is given to both {both}", "Name it under [ports] for one of them."
                )


_PATH = re.compile(r"(?P<what>.*) - at (?:`key` in )?`\$\.?(?P<where>.*)`\Z", re.DOTALL)
_MEANT: Final = {
    "contact": "it is neither a mail address nor an https address",
    "country": "it is not two capital letters (ISO 3166-1)",
    "from": "it is not a time like 07:00",
    "until": "it is not a time like 18:00",
}
_NUMBER = re.compile(r"\[(\d+)\]")
_EXPECTED: Final = re.compile(r"Expected `(?P<kind>\w+)`(?P<more>.*)", re.DOTALL)
_KINDS: Final = {
    "array": "a list: in [brackets]; of tables: under [[double brackets]]",
    "datetime": "a moment like 2026-11-21T08:00:00Z, with a time and a zone",
    "float": "a number",
    "int": "a whole number",
    "object": "a table: under [brackets], or in {braces}",
    "str": 'a text in "quotation marks"',
}


def _in_words(message: str) -> str:
    found = _PATH.match(message)
    what, where = (found["what"], found["where"]) if found else (message, "")
    where = _NUMBER.sub(lambda number: f" {int(number[1]) + 1}", where).replace("[...]", "")
    field_name = where.rpartition(".")[2]
    what = what.replace("Object contains", "it has an").replace("Object missing required", "it lacks the")
    if "regex" in what:
        what = _MEANT.get(field_name, "it is empty, or has control characters in it")
    elif "length >= 1" in what:
        what = "it is empty"
    elif "enum value" in what:
        what = f"{what.rpartition('value ')[2]} is none of {', '.join(Service)}"
    elif expected := _EXPECTED.match(what):
        what = f"it should be {_KINDS.get(expected['kind'], expected['kind'])}{_bounds(expected['more'])}"
    elif "RFC3339" in what:
        what = f"it should be {_KINDS['datetime']}"
    return f"{where}: {what}" if where else what


def _bounds(more: str) -> str:
    """What follows the kind: a bound in words, or nothing that its description does not say already."""
    for sign, words in (
        (" of length <= ", "of at most {} characters"),
        (" <= ", "of at most {}"),
        (" >= ", "of at least {}"),
    ):
        if more.startswith(sign):
            return f" {words.format(more.removeprefix(sign).removesuffix('.0'))}"
    return " above 0" if more.startswith(" > 0") else ""


def _first_line(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "brackets within brackets without end"
    return (str(error).splitlines() or [""])[0][:200]
