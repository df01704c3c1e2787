"""The small world: forty systems, every kind."""

from __future__ import annotations

from collections import Counter

import pytest

from leadglass.range.world import TlsManner
from leadglass.range.worlds import PROFILES, load
from leadglass.range.worlds.kinds import KINDS
from leadglass.terms.errors import UserFault


def test_forty_systems_of_every_kind() -> None:
    world = load("small")
    assert len(world.systems) == len(world.by_address) == 40
    realities = Counter(system.truth.reality for system in world.systems)
    assert realities["honeypot"] >= 2
    assert realities["demo or test data"] == 1
    assert len({system.truth.organisation for system in world.systems}) > 5
    assert len({(system.truth.country, system.truth.state) for system in world.systems}) > 8
    products = {system.truth.product for system in world.systems}
    assert {"Orthanc", "dcm4chee-arc", "Conquest", "DCMTK wlmscpfs"} < products
    assert {door.tls for system in world.systems for door in system.doors if door.uses_tls} == set(TlsManner)
    assert 0 < world.truth_in_all().systems < 40


def test_archives_have_personal_data_of_several_kinds_and_some_have_none() -> None:
    kinds = [system.truth.kinds for system in load("small").systems if system.truth.is_open and system.truth.is_archive]
    assert {"name", "birth date", "contact"} <= {kind for some in kinds for kind in some}
    assert () in kinds


def test_the_headline_is_that_of_the_report() -> None:
    told = load("small").headline()
    assert (told.archives.systems, told.others, told.demos, told.honeypots) == (11, 7, 1, 2)
    assert (told.archives.records, told.archives.images_linked) == (194_100, 6_021_500)
    assert told.archives.images_accessible == 5_587_500


def test_who_is_closed_holds_nothing_for_a_stranger() -> None:
    for system in load("small").systems:
        truth = system.truth
        assert truth.is_open or not (truth.records or truth.images or truth.serves_images), system.address
        assert truth.is_open or not truth.has_viewer


def test_a_scaled_world_is_smaller() -> None:
    small, whole = load("small", 100).truth_in_all(), load("small").truth_in_all()
    assert small.systems == whole.systems
    assert small.records < whole.records / 50


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_whether_it_is_a_leak(kind: str) -> None:
    assert KINDS[kind].answers or not KINDS[kind].serves


@pytest.mark.parametrize(("profile", "scale"), [("atlantis", 1), ("small", 0)])
def test_what_is_not_there_is_said(profile: str, scale: int) -> None:
    with pytest.raises(UserFault) as fault:
        load(profile, scale)
    assert fault.value.advice


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_profiles_are_the_same_each_time(profile: str) -> None:
    assert [system.truth for system in load(profile).systems] == [system.truth for system in load(profile).systems]
