"""Profiles of the practice range: TOML, and generators that fill them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadglass.range.world import World
from leadglass.range.worlds.census import census
from leadglass.range.worlds.hostile import hostile
from leadglass.range.worlds.listed import listed
from leadglass.terms.errors import UserFault

__all__ = ["PROFILES", "load"]

PROFILES: Final[Mapping[str, str]] = {
    "small": "40 systems of every kind, for a first walk",
    "world-2019": "2,300 archives, 590 of them open, in 52 countries: the world of September 2019",
    "world-2019-11": "the same world 60 days later: 172 gone, 129 new, 11 countries dark",
    "india-2020": "an Indian survey by state, February 2020",
    "hostile": "what breaks, lies, drips and never ends; honeypots and fleets; and nobody's patients",
}
"""Name → what it is."""


def load(profile: str, scale: int = 1) -> World:
    """The profile's world. `scale`: of volumes only one so-many-th, in as many systems. UserFault for unknown ones."""
    if profile not in PROFILES:
        raise UserFault(f"there is no profile {profile!r}", f"choose one of {', '.join(PROFILES)}")
    if scale < 1:
        raise UserFault(f"a scale of {scale} means nothing", "give a whole number from 1")
    if profile == "hostile":
        return hostile()
    return listed(profile, scale) if profile == "small" else census(profile, scale)
