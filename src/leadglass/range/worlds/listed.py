"""Worlds whose systems are listed one by one in the profile."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final
from zlib import crc32

from leadglass.range.manners.studies import Shelf
from leadglass.range.world import Door, Reality, SimulatedSystem, TlsManner, Truth, World
from leadglass.range.worlds.kinds import KINDS

__all__ = ["listed"]

_ATTRIBUTES: Final[Mapping[str, int]] = {
    "name": 0x00100010,  # Patient's Name
    "patient id": 0x00100020,
    "birth date": 0x00100030,  # Patient's Birth Date
    "sex": 0x00100040,  # Patient's Sex
    "contact": 0x00102154,  # Patient's Telephone Numbers
    "physician": 0x00080090,  # Referring Physician's Name
    "notes": 0x00104000,  # Patient Comments
}
"""What an archive has filled in, by the kinds of personal data that its profile names."""


def listed(profile: str, scale: int) -> World:
    """The profile's world, each system with one `scale`-th of its records and images."""
    text = files(__package__).joinpath(f"{profile}.toml").read_text("utf-8")
    document = tomllib.loads(text)
    systems = [
        _system({**{name: value for name, value in place.items() if name != "system"}, **system}, scale)
        for place in document["place"]
        for system in place["system"]
    ]
    return World(profile, systems)


def _system(row: dict[str, Any], scale: int) -> SimulatedSystem:
    """One line of the profile: its address and doors, what it holds, what it is."""
    address: str = row["address"]
    records, images = row.get("records", 0), row.get("images", 0)
    shelf = Shelf(
        seed=crc32(address.encode()),
        records=max(records // scale, min(records, 1)),
        images=max(images // scale, min(images, 1)),
        undated=row.get("undated", 0) // scale,
        uid_root=row.get("uid_root", ""),
        attributes=tuple(_ATTRIBUTES[kind] for kind in row.get("kinds", ())),
    )
    doors = [
        Door(
            port=door["port"],
            manner=KINDS[door["kind"]].make(address, shelf),
            uses_tls="tls" in door,
            tls=TlsManner(door.get("tls", TlsManner.VALID)),
            latency=door.get("latency", 0.0),
        )
        for door in row["doors"]
    ]
    return SimulatedSystem(address=address, doors=tuple(doors), truth=_truth(row, shelf))


def _truth(row: dict[str, Any], shelf: Shelf) -> Truth:
    kinds = [KINDS[door["kind"]] for door in row["doors"] if door.get("tls") != TlsManner.CLIENT_CERTIFICATE]
    answers, serves = any(kind.answers for kind in kinds), any(kind.serves for kind in kinds)
    is_open = answers or serves
    opened = [kind for kind in kinds if kind.answers or kind.serves]
    return Truth(
        organisation=row["organisation"],
        country=row["country"],
        state=row.get("state", ""),
        district=row.get("district", ""),
        product=next((kind.product for kind in kinds if kind.product), ""),
        is_archive=any(kind.is_archive for kind in kinds),
        is_open=is_open,
        is_open_elsewhere=is_open and not any(kind.is_archive for kind in opened),
        serves_images=serves,
        takes_writes=any(kind.takes_writes for kind in kinds),
        has_viewer=any(kind.has_viewer for kind in kinds),
        records=shelf.records if is_open else 0,
        images=shelf.images if is_open else 0,
        reality=Reality(row.get("reality", Reality.REAL)),
        kinds=tuple(row.get("kinds", ())),
    )
