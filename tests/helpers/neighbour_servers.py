"""Real databases and shares of Debian's, started for a test on loopback, in folders of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.echoing import CALLER, FAST, Anything, Kept
from helpers.peers import peer
from helpers.ports import free_port, listening
from leadglass.net.conversing import Patience
from leadglass.survey.campaign import survey
from leadglass.survey.courier import Courier
from leadglass.survey.level import Level
from leadglass.survey.observation import Sighting
from leadglass.survey.pace import Pacer
from leadglass.survey.probes import PROBERS
from leadglass.survey.records.entries import Seen, decode, seen_body
from leadglass.survey.records.replay import differences
from leadglass.survey.services import Service
from leadglass.survey.target import Target

__all__ = ["MARK", "client", "mariadb", "postgresql", "redis", "samba", "visit", "vsftpd"]

_PATIENCE = Patience(to_connect=5.0, for_answer=20.0, in_all=60.0)


MARK = "LEADGLASSMARK"
"""Stands in whatever the servers store. No probe may ever hear it."""


async def visit(service: Service, port: int, level: Level = Level.ACCESS) -> Sighting:
    """What the service's probe says of 127.0.0.1:port; its evidence says the same, and nothing stored was heard."""
    target = Target(address="127.0.0.1", port=port, service=service, level=level)
    kept = Kept()
    await survey([target], Courier(Anything(), Pacer(FAST), _PATIENCE), CALLER, kept, probers=PROBERS)
    (observation,) = kept.observations
    heard = b"".join(part.data for call in kept.calls[0] for part in call.said if not part.by_us)
    assert MARK.encode() not in heard
    entry = decode(seen_body(observation, tuple(kept.calls[0])))
    assert isinstance(entry, Seen)
    assert list(differences(entry, CALLER, PROBERS)) == []
    return observation.sighting


def client(*command: str) -> tuple[bool, str]:
    """Whether a client's command succeeded, and what it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env={**os.environ, "LC_ALL": "C"})
    return done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _folder(owner: str | None = None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="leadglass-nb-"))
    if owner is not None and os.geteuid() == 0:
        shutil.chown(folder, owner)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: Sequence[str], port: int, cwd: Path) -> Iterator[None]:
    """The program, in a process group of its own: smbd ends all of its group when it ends."""
    with (cwd / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=cwd, stdout=said, stderr=said, start_new_session=True)
    with listening(process, port):
        yield


@contextmanager
def redis(*settings: str) -> Iterator[int]:
    """The port of a Redis server with these settings."""
    port = free_port()
    with _folder() as folder:
        command = [peer("redis-server", "redis-server"), "--port", str(port), "--save", "", *settings]
        with _running(command, port, folder):
            yield port


@contextmanager
def vsftpd(*, anonymous: bool) -> Iterator[int]:
    """The port of a vsftpd."""
    port = free_port()
    program = peer("vsftpd", "vsftpd")
    with _folder() as folder:
        (folder / "empty").mkdir()
        (folder / "empty" / f"{MARK}.dcm").write_text(MARK)
        settings = folder / "vsftpd.conf"
        settings.write_text(
            f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nlocal_enable=YES\n"
            f"anon_root={folder}/empty\nsecure_chroot_dir={folder}/empty\n"
            f"anonymous_enable={'YES' if anonymous else 'NO'}\n"
        )
        folder.chmod(0o755)
        with _running([program, str(settings)], port, folder):
            yield port


@contextmanager
def samba(*settings: str) -> Iterator[int]:
    """The port of a Samba file server."""
    port = free_port()
    program = peer("smbd", "samba")
    with _folder() as folder:
        for name in ("lock", "state", "cache", "private", "pid"):
            (folder / name).mkdir()
        lines = [
            "[global]",
            "interfaces = 127.0.0.1",
            "bind interfaces only = yes",
            f"smb ports = {port}",
            f"lock directory = {folder}/lock",
            f"state directory = {folder}/state",
            f"cache directory = {folder}/cache",
            f"private dir = {folder}/private",
            f"pid directory = {folder}/pid",
            f"ncalrpc dir = {folder}/private/rpc",
            f"log file = {folder}/log",
            "load printers = no",
            *settings,
        ]
        (folder / "smb.conf").write_text("\n".join(lines) + "\n")
        command = [program, "--foreground", "--no-process-group", "-s", str(folder / "smb.conf"), "-l", str(folder)]
        with _running(command, port, folder):
            yield port


@contextmanager
def mariadb(*statements: str) -> Iterator[int]:
    """The port of a MariaDB server that was told these statements by its administrator."""
    port, user = free_port(), "root" if os.geteuid() == 0 else ""
    server = peer("mariadbd", "mariadb-server-core")
    install = peer("mariadb-install-db", "mariadb-server-core")
    peer("my_print_defaults", "mariadb-client-core")
    with _folder() as folder:
        whose = [f"--user={user}"] if user else []
        prepare = [install, "--no-defaults", f"--datadir={folder}/data", "--skip-test-db", *whose]
        subprocess.run(prepare, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        first = folder / "first.sql"
        first.write_text("".join(f"{statement};\n" for statement in statements))
        command = [server, "--no-defaults", f"--datadir={folder}/data", f"--port={port}", "--bind-address=127.0.0.1"]
        command += [f"--socket={folder}/socket", f"--init-file={first}", "--innodb-flush-log-at-trx-commit=0", *whose]
        with _running(command, port, folder):
            yield port


@contextmanager
def postgresql(*, asks: bool) -> Iterator[int]:
    """The port of a PostgreSQL server on TCP that trusts everybody, or asks for a password; `owner` is its role."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PEER MISSING: PostgreSQL (apt-get install postgresql)")
    port, user = free_port(), "postgres" if os.geteuid() == 0 else None
    with _folder(user) as folder:
        way = "scram-sha-256" if asks else "trust"
        secret = folder / "secret"
        secret.write_text("not-for-strangers\n")
        secret.chmod(0o644)
        subprocess.run(
            [programs[-1], "-D", folder / "data", "-U", "owner", f"--auth={way}", f"--pwfile={secret}", "--no-sync"],
            user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        settings = [
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={folder}",
            "fsync=off",
            "shared_buffers=16MB",
        ]
        options = " ".join(f"-c {setting}" for setting in settings) + f" -p {port}"
        control = [str(programs[-1].parent / "pg_ctl"), "-D", str(folder / "data"), "-w"]
        subprocess.run(
            [*control, "-l", str(folder / "log"), "-o", options, "start"],
            user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        try:
            yield port
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], user=user, cwd=folder, stdout=subprocess.DEVNULL)
