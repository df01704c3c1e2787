from __future__ import annotations

import pytest

from leadglass.survey.cases.events import OpenDoor
from leadglass.survey.cases.notice.proving import commands
from leadglass.survey.services import Service


@pytest.mark.parametrize(
    ("door", "said"),
    [
        (
            OpenDoor(port=30104, service=Service.DICOM, how=("C-FIND",)),
            [
                "echoscu -aet TEST -aec TEST 192.0.2.7 30104",
                "findscu -S -aet TEST -aec TEST -k QueryRetrieveLevel=STUDY -k StudyInstanceUID=2.25.1 192.0.2.7 30104",
            ],
        ),
        (
            OpenDoor(port=80, service=Service.HTTP, how=("Orthanc REST", "viewer", "listing")),
            ["curl -ik 'http://192.0.2.7:80/system'", "curl -ik 'http://192.0.2.7:80/'"],
        ),
        (OpenDoor(port=21, service=Service.FTP, how=("FTP",)), ["curl ftp://192.0.2.7:21/"]),
    ],
)
def test_by_what_stood_open_and_not_by_the_port(door: OpenDoor, said: list[str]) -> None:
    assert list(commands("192.0.2.7", door)) == said


def test_an_encrypted_door_is_tried_encrypted() -> None:
    first, _ = commands("192.0.2.7", OpenDoor(port=2762, service=Service.DICOM, uses_tls=True))
    assert "--anonymous-tls --ignore-peer-cert" in first


@pytest.mark.parametrize("service", Service)
def test_there_is_one_for_each_kind_of_door(service: Service) -> None:
    said = list(commands("2001:db8::7", OpenDoor(port=1, service=service, how=("x",))))
    assert said
    assert all("{" not in command.replace("{listDatabases: 1}", "") for command in said)
