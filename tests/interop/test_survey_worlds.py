"""The survey against worlds whose truth is known: every address judged right, every row exact, nothing beyond the law.

Worlds of a hundredth of the volume, in as many systems; `make bench` takes the whole one.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.practice_range import served
from leadglass.app.cli.survey.running import LEAKS
from leadglass.range.world import World
from leadglass.range.worlds import load
from leadglass.survey.comparing import Judgement, Region, compare, counts_by_region
from leadglass.survey.observation import Rung
from leadglass.survey.records import Run
from leadglass.survey.system import System

pytestmark = pytest.mark.interop

DESCRIPTORS = 192
"""Of the survey: few hosts are underway at once. On a machine that is busy with other tests, a flood would be answered
too late."""
COUNTS = ("systems", "records", "images_linked", "images_accessible", "viewers")


@dataclass(slots=True)
class Surveyed:
    """A world, what the survey made of it, and what it asked, by level."""

    world: World
    systems: list[System]
    asked: list[dict[str, object]]

    def above(self, level: int) -> set[object]:
        return {row["what"] for row in self.asked if int(str(row["level"])) > level}


def leadglass(folder: Path, *arguments: str) -> str:
    """The command's output; whatever is not success or "leaks found" fails the test."""
    done = subprocess.run(
        [sys.executable, "-m", "leadglass", *arguments],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)),
    )
    assert done.returncode in (0, LEAKS), done.stderr
    return done.stdout


def surveyed(folder: Path, profile: str, *, level: int, scale: int) -> Surveyed:
    """The world, surveyed as a person would."""
    answers = folder / f"{profile}.asked"
    with served(profile, "--json", scale=scale, said=answers) as offset:
        scope = leadglass(folder, "range", "scope", profile, "--level", str(level), "--port-offset", str(offset))
        (folder / f"{profile}.toml").write_text(scope)
        leadglass(folder, "survey", "scope", "sign", f"{profile}.toml")
        leadglass(folder, "survey", "run", "--scope", f"{profile}.toml", "--out", profile)
    said = answers.read_text()
    _, end_of_the_first = json.JSONDecoder().raw_decode(said)
    at_the_end = json.loads(said[end_of_the_first:])
    return Surveyed(load(profile, scale), Run.open(folder / profile).systems(), at_the_end["asked"])


def misjudged(done: Surveyed) -> dict[str, list[str]]:
    """Addresses of which the survey says another thing than the truth, and what."""
    seen = {system.address: system for system in done.systems}
    assert seen.keys() == done.world.by_address.keys()
    wrong: dict[str, list[str]] = {}
    for address, simulated in done.world.by_address.items():
        truth, system = simulated.truth, seen[address]
        pairs = {
            "archive": (system.is_archive, truth.is_archive),
            "open": (system.is_open, truth.is_open),
            "images": (Rung.SERVES_IMAGES in system.rungs, truth.serves_images),
            "writes": (Rung.ACCEPTS_WRITES in system.rungs, truth.takes_writes),
            "viewer": (system.has_open_viewer, truth.has_viewer),
            "records": (system.records, truth.records),
            "images linked": (system.images_linked, truth.images),
        }
        if found := [f"{name}: {said} instead of {true}" for name, (said, true) in pairs.items() if said != true]:
            wrong[address] = found
    return wrong


def rows_are_exact(done: Surveyed, by: str) -> None:
    """Each region's counts are those of the truth."""
    counted = counts_by_region(done.systems, by=by)  # type: ignore[arg-type]
    for (country, state), truth in done.world.truth_table().items():
        row = counted[Region(country, state if by == "state" else "")]
        assert [getattr(row, name) for name in COUNTS] == [getattr(truth, name) for name in COUNTS], (country, state)


def test_forty_systems_of_every_kind(tmp_path: Path) -> None:
    done = surveyed(tmp_path, "small", level=3, scale=1)
    assert misjudged(done) == {}
    assert done.above(3) == set()


def test_level_two_finds_who_is_open_and_asks_no_more(tmp_path: Path) -> None:
    done = surveyed(tmp_path, "world-2019", level=2, scale=100)
    assert sum(system.is_open for system in done.systems) == 590
    assert sum(system.is_archive for system in done.systems) == 2_300
    assert {system.address for system in done.systems if system.is_open} == {
        system.address for system in done.world.systems if system.truth.is_open
    }
    assert done.above(2) == set()


def test_sixty_days_apart(tmp_path: Path) -> None:
    before = surveyed(tmp_path, "world-2019", level=3, scale=100)
    after = surveyed(tmp_path, "world-2019-11", level=3, scale=100)
    for done in (before, after):
        assert misjudged(done) == {}
        rows_are_exact(done, "country")
        assert done.above(3) == set()
    compared = compare(before.systems, after.systems)
    assert (len(compared.gone), len(compared.new)) == (172, 129)
    assert compared.world.after.systems - compared.world.before.systems == -43
    assert len(compared.dark) == 11
    judged = {change.region.country: change.judgement for change in compared.regions}
    assert {country for country, judgement in judged.items() if judgement is Judgement.UGLY} == {
        *("US", "IN", "ZA", "BR", "EC")
    }
    assert all(judged[country] is Judgement.GOOD for country in ("GB", "DE", "TH", "VE"))


def test_india_by_state(tmp_path: Path) -> None:
    done = surveyed(tmp_path, "india-2020", level=3, scale=100)
    assert misjudged(done) == {}
    rows_are_exact(done, "state")
    counted = counts_by_region(done.systems, by="state")
    ranking = sorted(counted, key=lambda region: -counted[region].records)
    assert [region.state for region in ranking[:5]] == [
        *("Maharashtra", "Karnataka", "West Bengal", "Telangana", "Gujarat")
    ]
