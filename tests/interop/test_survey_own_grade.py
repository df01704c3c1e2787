"""Leadglass's own archive, looked at by its own survey: A, with all its doors as with the encrypted ones alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.sightings import observation
from helpers.surveying import play
from leadglass.survey.grading import Grade, grade_of_system
from leadglass.survey.level import Level
from leadglass.survey.observation import Observation, Rung
from leadglass.survey.probes import PROBERS
from leadglass.survey.rules import findings_of
from leadglass.survey.services import Service
from leadglass.survey.system import System
from leadglass.survey.target import Target

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("ours")) as server:
        yield server


async def looked_at(*doors: tuple[Service, int]) -> System:
    seen: list[Observation] = []
    for number, (service, port) in enumerate(doors, 1):
        target = Target(address="127.0.0.1", port=port, service=service, level=Level.KINDS)
        sighting = (await play(PROBERS[service], target)).sighting
        one = observation(number, sighting, address="127.0.0.1", port=port, service=service)
        seen.append(replace(one, seen_at=datetime.now(UTC)))
    return System("127.0.0.1", tuple(seen))


async def test_its_doors_with_tls(ours: ArchiveServer) -> None:
    system = await looked_at((Service.DICOM, ours.dicom_tls), (Service.HTTP, ours.https))
    findings = findings_of([system])
    assert {finding.rule for finding in findings} <= {"version-disclosed"}
    assert system.rung <= Rung.SPEAKS
    assert grade_of_system(system, findings) is Grade.A


async def test_all_its_doors(ours: ArchiveServer) -> None:
    system = await looked_at((Service.DICOM, ours.dicom), (Service.DICOM, ours.dicom_tls), (Service.HTTP, ours.https))
    findings = findings_of([system])
    assert {finding.rule for finding in findings} <= {"version-disclosed", "no-tls"}
    assert system.rung is Rung.SPEAKS
    assert grade_of_system(system, findings) is Grade.A


async def test_its_plain_door_alone(ours: ArchiveServer) -> None:
    system = await looked_at((Service.DICOM, ours.dicom))
    findings = findings_of([system])
    assert {finding.rule for finding in findings} - {"version-disclosed"} == {"no-tls"}
    assert system.rung is Rung.SPEAKS
    assert grade_of_system(system, findings) is Grade.B
