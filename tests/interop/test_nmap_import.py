"""What the real Nmap writes of DCMTK and of a silent service on loopback can be imported."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.dcmtk import running_tool
from helpers.peers import peer
from helpers.ports import free_port
from leadglass.survey.services import Service
from leadglass.survey.targets.imports import read_scan

pytestmark = pytest.mark.interop


def test_a_scan_of_nmap(tmp_path: Path) -> None:
    nmap = peer("nmap", "nmap")
    port, closed = free_port(), free_port()
    report = tmp_path / "scan.xml"
    arguments = ["-sT", "-n", "-Pn", "--script", "+dicom-ping"]
    with running_tool("storescp", port, "--fork", log=tmp_path / "storescp.log"):
        subprocess.run(
            [nmap, *arguments, "-p", f"{port},{closed}", "-oX", report, "127.0.0.1"],
            check=True,
            timeout=60,
            stdout=subprocess.DEVNULL,
        )
    (seen,) = read_scan(report)
    assert (seen.address, seen.port, seen.protocol, seen.source) == ("127.0.0.1", port, "tcp", "Nmap")
    assert abs(seen.seen_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert seen.service is Service.DICOM  # dicom-ping has proved it
