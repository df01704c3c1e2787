"""Scans of others as a run of their own (level 0: nothing is sent), and as lists of what to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leadglass.app.beginning import begun_now
from leadglass.app.user_folder import user_folder
from leadglass.survey.level import Level
from leadglass.survey.records import RunWriter
from leadglass.survey.scope import Refusal, Warrant
from leadglass.survey.scope.signing import copied
from leadglass.survey.targets.choosing import lines_of
from leadglass.survey.targets.imports import is_scan, observation_of, read_scan
from leadglass.survey.targets.places import Places
from leadglass.terms.ceilings import MAX_TARGETS_NAMED
from leadglass.terms.errors import UserFault

__all__ = ["Taken", "take_scans", "targets_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the scans."""

    taken: int  # open ports, now observations
    addresses: int
    outside: int  # open ports of which the scope does not speak
    first_refusal: Refusal | None


def take_scans(paths: Sequence[Path], scope: Path, warrant: Warrant, folder: Path) -> Taken:
    """A run in `folder` of what the scans saw within the scope, each port with the time it was seen at.

    UserFault if a scan is damaged, before anything is written, or if the folder holds a run already.
    """
    for path in paths:
        for _ in read_scan(path):
            pass  # each is sound to its end: half of one must not pass for what was seen
    begun = begun_now(warrant, Level.IMPORTS)
    places = Places(user_folder() / "places")
    content, signature = copied(scope, warrant.digest)
    writer = RunWriter.create(folder, begun, scope=content, signature=signature)
    taken, outside, addresses = 0, 0, set()
    first_refusal: Refusal | None = None
    finished = False
    try:
        for path in paths:
            for imported in read_scan(path):
                if imported.protocol != "tcp":
                    continue  # no service we know speaks UDP
                seen = observation_of(imported, taken + 1, warrant, places)
                if isinstance(seen, Refusal):
                    outside += 1
                    first_refusal = first_refusal or seen
                else:
                    taken += 1
                    addresses.add(imported.address)
                    writer.record(seen, ())
        finished = True
    finally:
        writer.close({"targets": taken, "answered": taken}, finished=finished)
    return Taken(taken=taken, addresses=len(addresses), outside=outside, first_refusal=first_refusal)


def targets_in(path: Path) -> tuple[str, ...]:
    """The hosts of a list, one a line, or the open TCP ports of a scan. UserFault if there are too many, or if the
    file is neither."""
    if is_scan(path):
        doors = dict.fromkeys(imported.door for imported in read_scan(path) if imported.protocol == "tcp")
    else:
        doors = dict.fromkeys(lines_of(_text_of(path)))
    if len(doors) > MAX_TARGETS_NAMED:
        raise UserFault(
            f"{path} names more than {MAX_TARGETS_NAMED:,} targets",
            "Write neighbours as networks, or make several runs.",
        )
    return tuple(doors)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise UserFault(
            f"{path} cannot be read: {error.strerror}", "Name a list of hosts, or a scan: --targets."
        ) from None
    except UnicodeDecodeError:
        raise UserFault(f"{path} is neither a list of hosts nor a scan", "Write a host or host:port a line.") from None
