"""`leadglass run` as a new user meets it: what it prints for curl is what curl can do."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.archive_server import LEADGLASS
from helpers.ports import free_port


@dataclass(frozen=True, slots=True)
class Running:
    home: Path
    said: str

    @property
    def folder(self) -> Path:
        """Where its commands are to be given."""
        return self.home / "devices" / "demo"

    def curl(self, words: str) -> subprocess.CompletedProcess[bytes]:
        """The printed command whose text holds `words`, run as it stands."""
        [line] = [line for line in self.said.splitlines() if line.startswith("  curl ") and words in line]
        return subprocess.run(["curl", "-sS", *shlex.split(line)[1:]], cwd=self.folder, capture_output=True, check=True)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("run")
    doors = [f"{option}=127.0.0.1:{free_port()}" for option in ("--dicom", "--dicom-tls", "--https")]
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([*LEADGLASS, "run", "--home", str(folder / "home"), *doors], stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 90
        while "First clinician" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield Running(folder / "home", log.read_text())
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_a_stranger_is_told_nothing(running: Running) -> None:
    told = running.curl("curl -i").stdout
    assert told.startswith(b"HTTP/1.1 401 ")
    assert b"Phantom" not in told


def test_studies_are_listed_with_a_token_and_with_a_certificate(running: Running) -> None:
    by_token = json.loads(running.curl("includefield=StudyDescription").stdout)
    by_certificate = json.loads(running.curl("--cert cert.pem").stdout)
    assert len(by_token) == len(by_certificate) >= 10
    assert "CT chest phantom" in {study["00081030"]["Value"][0] for study in by_token if "Value" in study["00081030"]}


def test_a_study_is_fetched_and_looked_at(running: Running) -> None:
    running.curl("/metadata ")
    assert len(json.loads((running.folder / "metadata.json").read_bytes())) == 120
    running.curl("study.multipart")
    assert (running.folder / "study.multipart").read_bytes().count(b"Content-Type: application/dicom") == 120
    running.curl("/thumbnail ")
    assert (running.folder / "thumbnail.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert json.loads(running.curl("openapi.json").stdout)["openapi"].startswith("3.1")


def test_the_token_is_nowhere_but_in_its_file(running: Running) -> None:
    header = running.folder / "authorization"
    assert header.stat().st_mode & 0o777 == 0o600
    [token] = re.findall(r"lgt_\S+", header.read_text())
    assert token not in running.said


def test_two_links_lead_to_a_welcome(running: Running) -> None:
    links = re.findall(r"^ *First \w+: (https://\S+)$", running.said, re.MULTILINE)
    assert len(links) == 2
    for link in links:
        told = subprocess.run(
            ["curl", "-sS", "-i", "--cacert", "ca.pem", link], cwd=running.folder, capture_output=True, check=True
        ).stdout
        assert told.startswith(b"HTTP/1.1 200 ")
        assert b"text/html" in told
