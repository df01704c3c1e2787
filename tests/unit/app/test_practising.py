"""The scope of the practice range allows surveying exactly its systems."""

from __future__ import annotations

import json
from ipaddress import IPv4Address

import pytest
from typer.testing import CliRunner

from leadglass.app.cli.main import app
from leadglass.app.practising import scope_of
from leadglass.range.worlds import PROFILES, load
from leadglass.survey.level import Level
from leadglass.survey.scope.document import read_scope
from leadglass.survey.services import Service


def _addresses(written: str) -> range:
    first, _, last = written.partition("-")
    return range(int(IPv4Address(first)), int(IPv4Address(last or first)) + 1)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_scope_covers_its_world_and_nothing_else(profile: str) -> None:
    world = load(profile)
    scope = read_scope(scope_of(world, Level.COUNTS, 10_000).encode())
    granted: dict[str, tuple[str, str, str, str]] = {}
    for network in scope.network:
        assert network.granted is Level.COUNTS
        for written in network.addresses:
            for address in _addresses(written):
                place = (network.country, network.state, network.district, network.organisation)
                granted[str(IPv4Address(address))] = place
    assert granted == {
        s.address: (s.truth.country, s.truth.state, s.truth.district, s.truth.organisation) for s in world.systems
    }
    asked = {port for service in Service for port in scope.ports.get(service, [])}
    assert asked == {door.port + 10_000 for system in world.systems for door in system.doors}


def test_worlds_to_be_compared_have_one_scope() -> None:
    printed = CliRunner().invoke(app, ["range", "scope", "world-2019", "--also", "world-2019-11"])
    scope = read_scope(printed.stdout.encode())
    granted = {str(IPv4Address(a)) for network in scope.network for w in network.addresses for a in _addresses(w)}
    assert granted == {s.address for name in ("world-2019", "world-2019-11") for s in load(name).systems}


def test_the_command_prints_it_and_names_the_profiles() -> None:
    run = CliRunner()
    printed = run.invoke(app, ["range", "scope", "india-2020", "--level", "2"])
    assert printed.exit_code == 0
    assert read_scope(printed.stdout.encode()).network[0].granted is Level.ACCESS
    listed = run.invoke(app, ["range", "list", "--json"])
    assert {row["profile"] for row in json.loads(listed.stdout)} == set(PROFILES)


def test_an_unknown_profile_is_said() -> None:
    failed = CliRunner().invoke(app, ["range", "scope", "atlantis"])
    assert failed.exit_code == 1
