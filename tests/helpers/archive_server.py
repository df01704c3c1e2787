"""The real thing in a folder of its own: `leadglass serve` as a process, and its command line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.ports import free_port, wait_for_port

__all__ = ["ArchiveServer", "DeviceFiles", "command", "run_archive"]

LEADGLASS = (sys.executable, "-m", "leadglass")


@dataclass(frozen=True, slots=True)
class DeviceFiles:
    """What an enrolled TLS device holds, and the DCMTK options that use it."""

    folder: Path

    @property
    def dcmtk(self) -> tuple[str, ...]:
        key, certificate, ca = (str(self.folder / name) for name in ("key.pem", "cert.pem", "ca.pem"))
        return ("+tls", key, certificate, "+cf", ca)


def command(home: Path, *words: object, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs `leadglass WORDS --home HOME` to its end. With `check`, anything but success raises with what it said."""
    done = subprocess.run(
        [*LEADGLASS, *map(str, words), "--home", str(home)],
        capture_output=True,
        text=True,
        input=stdin,
        check=False,
        timeout=120,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"leadglass {words} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done


class ArchiveServer:
    """A running archive. Its ports change with every start; its home stays."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes], dicom: int, dicom_tls: int, https: int) -> None:
        self.home = home
        self.process = process
        self.dicom = dicom
        self.dicom_tls = dicom_tls
        self.https = https

    @property
    def ca(self) -> Path:
        """The certificate authority of its TLS doors and devices."""
        return self.home / "ca" / "ca.pem"

    def command(self, *words: object, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A command, answered by this server through its control socket."""
        return command(self.home, *words, check=check, stdin=stdin)

    def ask(self, *words: object) -> Any:
        """The JSON answer of a command."""
        return json.loads(self.command(*words, "--json").stdout)

    def add_device(
        self, name: str, ae_title: str, *, allow: str = "", networks: str = "127.0.0.0/8", listens_at: str = ""
    ) -> None:
        """Enrols a weak device: AE title and source network, plain door."""
        words = ["device", "add", name, "--ae-title", ae_title, "--from", networks]
        words += ["--allow", allow] if allow else []
        words += ["--listens-at", listens_at] if listens_at else []
        self.command(*words)

    def add_tls_device(self, name: str, ae_title: str, *, allow: str = "", listens_at: str = "") -> DeviceFiles:
        """Enrols a strong device and returns where its key and certificate are."""
        folder = self.home.parent / f"{self.home.name}-{name}"
        words = ["device", "add", name, "--ae-title", ae_title, "--tls", "--folder", folder]
        words += ["--allow", allow] if allow else []
        words += ["--listens-at", listens_at] if listens_at else []
        self.command(*words)
        return DeviceFiles(folder)

    def grant(self, to: str, actions: str, studies: str = "everything") -> str:
        """A grant; returns its id."""
        words = ("grant", "add", "--to", to, "--allow", actions, "--studies", studies, "--why", "test")
        return str(self.ask(*words)["id"])

    def peak_rss(self) -> int:
        """The largest resident set so far, in bytes (VmHWM)."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the server is gone")

    def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@contextlib.contextmanager
def run_archive(
    home: Path, *, configuration: str = "", options: tuple[str, ...] = (), limit: Callable[[], None] | None = None
) -> Iterator[ArchiveServer]:
    """`leadglass serve` in `home` on free ports until the block ends. `limit` runs in the child before it starts."""
    home.mkdir(parents=True, exist_ok=True)
    if configuration:
        (home / "leadglass.toml").write_text(configuration)
    dicom, dicom_tls, https = free_port(), free_port(), free_port()
    doors = ("--dicom", f"127.0.0.1:{dicom}", "--dicom-tls", f"127.0.0.1:{dicom_tls}", "--https", f"127.0.0.1:{https}")
    log = home.parent / f"{home.name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*LEADGLASS, "serve", "--home", str(home), *doors, *options],
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            preexec_fn=limit,
        )
    server = ArchiveServer(home, process, dicom, dicom_tls, https)
    try:
        try:
            wait_for_port(https, process)
        except (RuntimeError, TimeoutError) as fault:
            raise AssertionError(f"{fault}: {log.read_text()[-2000:]}") from fault
        yield server
    finally:
        if process.poll() is None:
            server.stop()
