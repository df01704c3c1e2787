"""Web servers as people run them, on loopback, and the survey's visit to them over real sockets."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from helpers.peers import peer
from helpers.ports import free_port, listening
from helpers.web_visits import CALLER
from leadglass.net.conversing import Patience, converse
from leadglass.survey.chance import FreshChance
from leadglass.survey.level import Level
from leadglass.survey.observation import Sighting
from leadglass.survey.probes.http import web_port
from leadglass.survey.services import Service
from leadglass.survey.target import Target

__all__ = ["Visited", "asked_by_curl", "nginx", "python_listing", "visited"]

_PATIENCE = Patience(to_connect=5.0, for_answer=20.0, in_all=60.0)


@dataclass
class Visited:
    """A sighting, and the paths that were asked for."""

    sighting: Sighting
    paths: list[str] = field(default_factory=list)


async def visited(port: int, level: Level = Level.COUNTS) -> Visited:
    """What the survey's probe sees at 127.0.0.1:`port`."""
    target = Target(address="127.0.0.1", port=port, service=Service.HTTP, level=level)
    probe = web_port(target, CALLER, FreshChance())
    paths: list[str] = []
    call = next(probe)
    while True:
        assert call.talk.level <= level
        paths += [ask.path for ask in getattr(call.talk, "asks", ())]
        window = call.talk.window
        outcome = await converse("127.0.0.1", port, call.talk, tls=call.tls, patience=_PATIENCE, window=window)
        try:
            call = probe.send(outcome)
        except StopIteration as end:
            return Visited(end.value, paths)


def asked_by_curl(url: str, *words: str) -> int:
    """The status that curl gets; 0 if there is no answer."""
    command = [peer("curl", "curl"), "-s", "-k", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", *words, url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return int(done.stdout)


@contextlib.contextmanager
def nginx(folder: Path, server: str) -> Iterator[int]:
    """nginx in `folder`, its files in folder/www; `server` are lines of its one server block. Yields its port."""
    program, port = peer("nginx", "nginx-light"), free_port()
    (folder / "www").mkdir(parents=True, exist_ok=True)
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in names)
    user = "user root;" if os.geteuid() == 0 else ""  # whom it would else become may not read our folders
    file = folder / "nginx.conf"
    file.write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n"
        f"server {{ listen 127.0.0.1:{port}{server} root {folder}/www; }} }}\n"
    )
    with (folder / "out.log").open("ab") as log:
        process = subprocess.Popen([program, "-p", str(folder), "-c", str(file)], stdout=log, stderr=log)
    with listening(process, port):
        yield port


@contextlib.contextmanager
def python_listing(folder: Path) -> Iterator[int]:
    """`python -m http.server` in `folder`. Yields its port."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with listening(process, port):
        yield port
