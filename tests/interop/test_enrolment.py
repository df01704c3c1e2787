"""The files of an enrolled device work in DCMTK as they are, with the command line that is printed."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.callers import device
from helpers.memory_index import MemoryIndex
from helpers.peers import peer
from helpers.ports import free_port, wait_for_port
from leadglass.gate.enrolment.authority import EnrolmentAuthority
from leadglass.gate.enrolment.enrol import enrol_with_certificate
from leadglass.gate.enrolment.folder import Handover
from leadglass.gate.enrolment.server import ensure_server_certificate
from leadglass.gate.registry import Registry

pytestmark = pytest.mark.interop

NOW = datetime.now(UTC)


@pytest.fixture
def tls_door(tmp_path: Path) -> Iterator[int]:
    """DCMTK's storescp with our server certificate; it lets in only what our CA signed."""
    authority = EnrolmentAuthority.open(tmp_path / "ca", NOW)
    shown = str(ensure_server_certificate(tmp_path / "tls", authority, NOW).certificate)
    port = free_port()
    command = [peer("storescp"), "+tls", shown, shown, "+cf", str(tmp_path / "ca" / "ca.pem"), str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_port(port, process)
    yield port
    process.kill()
    process.wait()


async def enrolled(folder: Path, ca: Path, port: int) -> Handover:
    registry = Registry(MemoryIndex(), lambda: NOW)
    new = device(ae_title="CT 1", networks=(), tls_only=True)
    authority = EnrolmentAuthority.open(ca, NOW)
    return (await enrol_with_certificate(registry, authority, new, folder, f"127.0.0.1 {port}", NOW)).handover


def echo(handover: Handover) -> subprocess.CompletedProcess[bytes]:
    """The printed command, run from the folder as it says."""
    program, *arguments = shlex.split(handover.command)
    return subprocess.run([peer(program), *arguments], cwd=handover.folder, capture_output=True, timeout=30)


async def test_the_printed_command_gets_in(tmp_path: Path, tls_door: int) -> None:
    handover = await enrolled(tmp_path / "ct1", tmp_path / "ca", tls_door)
    ran = echo(handover)
    assert ran.returncode == 0, ran.stderr
    assert b"Received Echo Response (Success)" in ran.stdout + ran.stderr


async def test_files_of_another_authority_do_not(tmp_path: Path, tls_door: int) -> None:
    handover = await enrolled(tmp_path / "ct1", tmp_path / "another", tls_door)
    ran = echo(handover)
    assert ran.returncode != 0
