"""The worlds' truth is what was published, to the last digit, and holds together where nothing was."""

from __future__ import annotations

import csv
from collections import defaultdict
from importlib.resources import files

import pytest

from leadglass.range.world import TruthCounts, World
from leadglass.range.worlds import load
from leadglass.range.worlds.census import rows_of

_COLUMNS = {
    "systems_open": "systems",
    "records": "records",
    "images_linked": "images_linked",
    "images_accessible": "images_accessible",
    "http_viewer_or_open_dir": "viewers",
}
_EUROPE = {
    *("AT", "BE", "BG", "CH", "CZ", "DE", "ES", "FR", "GB", "GR"),
    *("HU", "IT", "NL", "PL", "PT", "RO", "SE", "SK", "UA"),
}
_UGLY = {"US", "IN", "ZA", "BR", "EC"}


def facts(name: str) -> list[dict[str, str]]:
    text = files("leadglass.range.worlds").joinpath("facts", name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def by_country(world: World) -> dict[str, TruthCounts]:
    return {country: counts for (country, _), counts in world.truth_table().items()}


@pytest.mark.parametrize(("profile", "report"), [("world-2019", "2019-09"), ("world-2019-11", "2019-11")])
def test_every_published_cell_is_exact(profile: str, report: str) -> None:
    world = load(profile)
    table, whole = by_country(world), world.truth_in_all()
    checked = 0
    for line in facts("greenbone-2019.csv"):
        if line["report"] != report or line["iso2"] == "EU+":
            continue
        truth = whole if line["iso2"] == "ZZ" else table[line["iso2"]]
        for published, ours in _COLUMNS.items():
            if line[published]:
                assert getattr(truth, ours) == int(line[published]), (line["iso2"], published)
                checked += 1
    assert checked > 15


def test_the_world_of_september() -> None:
    world = load("world-2019")
    table = by_country(world)
    assert len(world.systems) == 2_300
    assert sum(counts.systems > 0 for counts in table.values()) == 52
    assert sum(table[country].systems for country in _EUROPE) > 90
    assert len(_EUROPE) == 19
    assert table["TR"].images_linked > table["ZA"].images_linked > table["BR"].images_linked
    assert all(system.truth.is_archive for system in world.systems)


def test_sixty_days_later() -> None:
    before, after = load("world-2019"), load("world-2019-11")
    opened = [{s.address for s in world.systems if s.truth.is_open} for world in (before, after)]
    assert len(opened[0] - opened[1]) == 172
    assert len(opened[1] - opened[0]) == 129
    old, new = by_country(before), by_country(after)
    dark = {country for country, counts in old.items() if counts.systems and not new[country].systems}
    assert len(dark) == 11
    assert {"GB", "DE", "TH", "VE"} < dark
    assert sum(counts.systems > 0 for counts in new.values()) == 50
    assert sum(counts.systems > 0 and not old[c].systems for c, counts in new.items() if c in old) == 0
    assert len(new.keys() - old.keys()) == 9


def test_the_ugly_five_grew_and_are_the_smallest_set_with_three_quarters() -> None:
    old, new = by_country(load("world-2019")), by_country(load("world-2019-11"))
    total = sum(counts.records for counts in new.values())
    held, ugly = 0, set()
    for country in sorted(new, key=lambda country: -new[country].records):
        if held * 4 >= total * 3:
            break
        held += new[country].records
        ugly.add(country)
    assert ugly == _UGLY
    assert all(new[country].records > old[country].records for country in ugly)


def test_india_by_state() -> None:
    world = load("india-2020")
    states = {state: counts for (_, state), counts in world.truth_table().items()}
    published = [line for line in facts("greenbone-india-2020.csv") if line["rank"]]
    ranking = sorted(states, key=lambda state: -states[state].records)
    assert ranking[:5] == [line["state"] for line in published]
    for line in published:
        if line["data_troves"]:
            truth = states[line["state"]]
            assert (truth.records, truth.images_linked) == (int(line["data_troves"]), int(line["images"]))
            assert round(100 * truth.records / 1_010_000, 1) == float(line["share_of_india_troves_pct"])
            assert round(100 * truth.images_linked / 121_000_000, 1) == float(line["share_of_india_images_pct"])
    whole = world.truth_in_all()
    assert (whole.records, whole.images_linked, whole.images_accessible) == (1_010_000, 121_000_000, 121_000_000)


@pytest.mark.parametrize("profile", ["world-2019", "world-2019-11", "india-2020"])
@pytest.mark.parametrize("scale", [1, 100, 100_000])
def test_the_systems_are_what_the_table_says(profile: str, scale: int) -> None:
    world = load(profile, scale)
    table = world.truth_table()
    for row in rows_of(profile):
        truth = table.get((row.country, row.state), TruthCounts())
        assert (truth.systems, truth.viewers) == (row.systems, row.viewers)
        if scale == 1:
            assert (truth.records, truth.images_linked) == (row.records, row.images)
            assert truth.images_accessible == row.accessible
        else:
            assert bool(truth.records) == bool(row.records)
            assert bool(truth.images_accessible) == bool(row.accessible)
    assert len(world.by_address) == len(world.systems)


def test_what_a_door_holds_is_its_systems_truth() -> None:
    for system in load("world-2019").systems:
        if not system.truth.is_open:
            continue
        shelf = system.doors[0].manner.shelf  # type: ignore[attr-defined]
        assert (shelf.records, shelf.images) == (system.truth.records, system.truth.images)


def test_regions_lie_in_blocks() -> None:
    networks: defaultdict[str, set[str]] = defaultdict(set)
    for system in load("world-2019").systems:
        networks[system.address.rpartition(".")[0]].add(system.truth.country)
    assert all(len(countries) == 1 for countries in networks.values())
