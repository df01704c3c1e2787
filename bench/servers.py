"""Starts the servers that are compared, each in a new folder, each with the same manners. The only place that knows
their command lines.

A server's folder is kept until the run is over: on ext4, deleting many files makes creating files slow for a while.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.light import CALLING, SINK
from bench.tls import TlsFiles, make_tls_files
from bench.tls_proxy import tls_in_front_of
from helpers.orthanc import Modality, OrthancTls, run_orthanc
from helpers.ports import free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
LEADGLASS = ROOT / ".venv/bin/leadglass"


@dataclass(frozen=True, slots=True)
class WebDoor:
    """Where DICOMweb is answered, and what a light web client needs to be let in."""

    port: int
    options: tuple[str, ...] = ()
    pids: tuple[int, ...] = ()  # everybody who works for it


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `sender_tls` are the options with which storescu reaches it (none on a plain port)."""

    kind: str
    ae_title: str
    port: int
    pid: int
    directory: Path
    sender_tls: tuple[str, ...] = ()
    web: WebDoor = WebDoor(0)


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
    doors = {"--dicom": free_port(), "--dicom-tls": free_port(), "--https": free_port()}
    serve = [str(LEADGLASS), "serve", *home]
    for option, port in doors.items():
        serve += [option, f"127.0.0.1:{port}"]
    with process(serve, wanted.directory, doors["--dicom"]) as pid:
        sender_tls = enrol(home, wanted)
        port = doors["--dicom-tls" if wanted.tls else "--dicom"]
        web = WebDoor(doors["--https"], ("--token", token(home)), (pid,))
        yield Server("leadglass", "LEADGLASS", port, pid, wanted.directory, sender_tls, web)


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


def token(home: tuple[str, str]) -> str:
    """An API token that may store, search and view everything."""
    wanted = ("--allow", "store,query,view", "--studies", "everything", "--expires", "1d", "--json")
    return str(json.loads(leadglass("token", "create", "bench", "--role", "service", *wanted, *home))["token"])


def leadglass(*arguments: str) -> str:
    """Runs one of our commands and returns what it printed."""
    done = subprocess.run([str(LEADGLASS), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"leadglass {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def run_orthanc_peer(wanted: Wanted) -> AbstractContextManager[Server]:
    """Debian's Orthanc with its DICOMweb plugin, nginx in front for TLS: SQLite index, SyncStorageArea true."""
    return _orthanc(wanted, "orthanc", web_over_tls=True)


def run_orthanc_plain(wanted: Wanted) -> AbstractContextManager[Server]:
    """The same, but without TLS on the web."""
    return _orthanc(wanted, "orthanc-plain", web_over_tls=False)


@contextlib.contextmanager
def _orthanc(wanted: Wanted, kind: str, *, web_over_tls: bool) -> Iterator[Server]:
    tls = OrthancTls(wanted.tls.certificate, wanted.tls.key, wanted.tls.ca) if wanted.tls else None
    sender_tls = wanted.tls.sender_options if wanted.tls else ()
    modalities = [Modality(CALLING, 104)]
    if wanted.sink_port:
        modalities.append(Modality(SINK, wanted.sink_port))
    settings: dict[str, object] = {"AuthenticationEnabled": False}
    with contextlib.ExitStack() as stack:
        orthanc = stack.enter_context(
            run_orthanc(wanted.directory, modalities=modalities, tls=tls, dicomweb=True, settings=settings)
        )
        port, pids = orthanc.http_port, [orthanc.process.pid]
        if web_over_tls:
            directory = wanted.directory / "nginx"
            files = make_tls_files(directory / "tls")
            port, proxy = stack.enter_context(tls_in_front_of(port, files, directory))
            pids.append(proxy)
        web = WebDoor(port, () if web_over_tls else ("--plain",), tuple(pids))
        yield Server(kind, orthanc.ae_title, orthanc.dicom_port, pids[0], wanted.directory, sender_tls, web)


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
    "orthanc-plain": run_orthanc_plain,
    "storescp": run_storescp,
}
