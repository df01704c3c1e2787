"""Starts the servers that are compared, each in a new folder, each with the same manners. The only place that knows
their command lines.

A server's folder is kept until the run is over: on ext4, deleting many files makes creating files slow for a while.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.light import CALLING, SINK
from bench.tls import TlsFiles
from helpers.orthanc import Modality, OrthancTls, run_orthanc
from helpers.ports import free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
LEADGLASS = ROOT / ".venv/bin/leadglass"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `sender_tls` are the options with which storescu reaches it (none on a plain port)."""

    kind: str
    ae_title: str
    port: int
    pid: int
    directory: Path
    sender_tls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row needs of a server."""

    directory: Path
    sink_port: int = 0  # where C-MOVE may send to
    tls: TlsFiles | None = None  # the peers' keys; ours issues its own


@contextlib.contextmanager
def run_leadglass(wanted: Wanted) -> Iterator[Server]:
    """Ours, as `make run` leaves it: encryption, index, gate, ledger and fdatasync are on, there is no other way."""
    home = ("--home", str(wanted.directory / "home"))
    doors = {"--dicom": free_port(), "--dicom-tls": free_port()}
    serve = [str(LEADGLASS), "serve", *home]
    for option, port in doors.items():
        serve += [option, f"127.0.0.1:{port}"]
    with process(serve, wanted.directory, doors["--dicom"]) as pid:
        sender_tls = enrol(home, wanted)
        port = doors["--dicom-tls" if wanted.tls else "--dicom"]
        yield Server("leadglass", "LEADGLASS", port, pid, wanted.directory, sender_tls)


def enrol(home: tuple[str, str], wanted: Wanted) -> tuple[str, ...]:
    """Makes the senders and the sink known to our running server; returns storescu's TLS options, if wanted."""
    near = ("--from", "127.0.0.1/32")
    sender_tls: tuple[str, ...] = ()
    if wanted.tls:
        folder = wanted.directory / "sender"
        leadglass("device", "add", "bench", "--ae-title", CALLING, "--tls", "--folder", str(folder), *home)
        sender_tls = ("+tls", f"{folder}/key.pem", f"{folder}/cert.pem", "+cf", f"{folder}/ca.pem")
    else:
        leadglass("device", "add", "bench", "--ae-title", CALLING, *near, "--allow", "store,query,retrieve", *home)
    if wanted.sink_port:
        listens_at = f"127.0.0.1:{wanted.sink_port}"
        leadglass("device", "add", "sink", "--ae-title", SINK, *near, "--listens-at", listens_at, *home)
    allow = ("--allow", "query,view,download", "--studies", "everything")
    leadglass("grant", "add", "--to", "device:bench", *allow, "--why", "figures", *home)
    return sender_tls


def leadglass(*arguments: str) -> str:
    """Runs one of our commands and returns what it printed."""
    done = subprocess.run([str(LEADGLASS), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"leadglass {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def run_orthanc_peer(wanted: Wanted) -> Iterator[Server]:
    """Debian's Orthanc: SQLite index, SyncStorageArea true."""
    tls = OrthancTls(wanted.tls.certificate, wanted.tls.key, wanted.tls.ca) if wanted.tls else None
    sender_tls = wanted.tls.sender_options if wanted.tls else ()
    modalities = [Modality(CALLING, 104)]
    if wanted.sink_port:
        modalities.append(Modality(SINK, wanted.sink_port))
    with run_orthanc(wanted.directory, modalities=modalities, tls=tls) as orthanc:
        yield Server("orthanc", orthanc.ae_title, orthanc.dicom_port, orthanc.process.pid, wanted.directory, sender_tls)


@contextlib.contextmanager
def run_storescp(wanted: Wanted) -> Iterator[Server]:
    """DCMTK's storescp, a process per association. It neither syncs nor indexes."""
    storescp = shutil.which("storescp")
    if storescp is None:
        raise SystemExit("storescp is not installed: apt-get install dcmtk")
    port, received = free_port(), wanted.directory / "received"
    received.mkdir(parents=True)
    command = [storescp, "--quiet", "--fork", "-od", str(received)]
    if wanted.tls:
        command += ["+tls", str(wanted.tls.key), str(wanted.tls.certificate), "+cf", str(wanted.tls.ca)]
    with process([*command, str(port)], wanted.directory, port) as pid:
        sender_tls = wanted.tls.sender_options if wanted.tls else ()
        yield Server("storescp", "STORESCP", port, pid, wanted.directory, sender_tls)


@contextlib.contextmanager
def process(command: list[str], directory: Path, port: int) -> Iterator[int]:
    """A server process that listens on `port`; its output goes to a file in `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "output.log").open("ab") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "TCP_NODELAY": "1"})
    try:
        wait_for_port(port, running)
        yield running.pid
    finally:
        running.terminate()
        try:
            running.wait(timeout=60)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


RUN: dict[str, Callable[[Wanted], AbstractContextManager[Server]]] = {
    "leadglass": run_leadglass,
    "orthanc": run_orthanc_peer,
    "storescp": run_storescp,
}
