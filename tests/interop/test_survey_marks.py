"""Servers that put a mark wherever a patient's name might stand: it is in nothing that a survey writes or says."""

from __future__ import annotations

import json
import re
import socketserver
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from helpers.desk import Desk
from helpers.ports import free_port
from helpers.scopes import hasty_scope

MARK = "Zqxjohndoe"
Answer = Callable[[bytes], bytes]


def page(body: str, status: str = "200 OK", media_type: str = "text/html", *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"X-Patient: {MARK}", f"Set-Cookie: p={MARK}", f"Content-Type: {media_type}")
    head = "\r\n".join((*lines, *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""))
    return (head + body).encode()


def web(pages: dict[str, bytes]) -> Answer:
    """By the beginning of the path; an error that quotes a patient for all others."""
    fallback = page(f"<pre>Exception: no such patient {MARK}</pre>", "404 Not Found")

    def answer(request: bytes) -> bytes:
        path = request.split(b" ")[1].decode()
        fits = [start for start in pages if path == start or (start != "/" and path.startswith(start))]
        return pages[max(fits, key=len)] if fits else fallback

    return answer


def as_json(value: object) -> bytes:
    return page(json.dumps(value), "200 OK", "application/json")


PATIENT = {"resourceType": "Patient", "name": [{"family": MARK}], "birthDate": "1970-01-31"}
STUDY = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": MARK}]}}
WELCOME = page(f"<title>Welcome {MARK}</title><h1>{MARK}</h1>")
SERVERS: dict[str, list[Answer]] = {
    "http": [
        web({"/": WELCOME, "/dicom-web/studies": as_json([STUDY] * 50)}),
        web({"/": page("", "302 Found", "text/html", f"Location: /patients/{MARK}/studies/1.2.3")}),
        web({"/": page(f"<title>Index of /</title><a href='{MARK}.dcm'>{MARK}</a>")}),
        web({"/": page(f"<ListBucketResult><Contents><Key>{MARK}.dcm</Key></Contents></ListBucketResult>")}),
        web(
            {
                "/": WELCOME,
                "/fhir/metadata": as_json({"resourceType": "CapabilityStatement", "publisher": MARK}),
                "/fhir/": as_json({"resourceType": "Bundle", "total": 3, "entry": [{"resource": PATIENT}] * 50}),
            }
        ),
        web(
            {
                "/": as_json({"version": {"number": "7.1.0"}, "tagline": "You Know, for Search", "name": MARK}),
                "/_cat/indices": as_json([{"index": f"{MARK}-19700131".lower(), "docs.count": "7"}]),
            }
        ),
        web(
            {
                "/": page("<title>Orthanc Explorer</title>"),
                "/system": as_json({"ApiVersion": 20, "Version": "1.12.1", "Name": MARK, "DicomAet": MARK}),
                "/statistics": as_json({"CountPatients": 1, "CountStudies": 2, "CountInstances": 3, "Last": MARK}),
                "/patients": as_json([MARK]),
                "/studies": as_json([{"PatientMainDicomTags": {"PatientName": MARK}}]),
            }
        ),
    ],
    "ftp": [lambda said: f"{'331' if said[:4] == b'USER' else '230'} hello {MARK}\r\n".encode()],
    "redis": [lambda said: b"+PONG\r\n" if b"PING" in said else f"-{MARK.upper()} has no such key\r\n".encode()],
    "hl7": [lambda _: f"\x0bMSH|^~\\&|{MARK}\rPID|1|{MARK}|{MARK}\rMSA|AE|1|{MARK}\r\x1c\r".encode()],
}


@contextmanager
def served(answer: Answer, greeting: bytes) -> Iterator[int]:
    class Guest(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(5)
            try:
                self.request.sendall(greeting)
                while said := self.request.recv(4096):
                    self.request.sendall(answer(said))
                    if b"HTTP/" in said:
                        return
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", free_port()), Guest) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_no_mark_is_written_or_said(tmp_path: Path, level: int) -> None:
    desk, said = Desk(tmp_path), ""
    with _all_served() as ports:
        text = hasty_scope("127.0.0.1", ports=[port for each in ports.values() for port in each], level=level)
        kinds = "\n".join(f"{kind} = {each}" for kind, each in ports.items())
        (tmp_path / "scope.toml").write_text(text.replace("[[network]]", f"[ports]\n{kinds}\n\n[[network]]"))
        desk.type("survey scope sign scope.toml")
        said += _all_said(desk, "survey run --scope scope.toml --out run --json")
    said += _all_said(desk, "survey cases update run")
    said += _all_said(desk, "survey verify run --replay")
    said += _all_said(desk, "survey report run --format html,csv,json,sarif,csaf,ocsf,stix,shadowserver --cases cases")
    if level >= 2:
        said += _all_said(desk, "survey cases show C-0001")
        said += _all_said(desk, "survey cases notice C-0001 --scope scope.toml --language en,de")
    assert MARK.lower() not in said.lower()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        assert MARK.lower().encode() not in b"".join(contents(path)).lower(), path


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes; of evidence also what it holds as base64."""
    data = path.read_bytes()
    yield data
    if path.suffix == ".jsonl":
        for word in re.findall(rb'"([A-Za-z0-9+/]{8,}={0,2})"', data):
            yield b64decode(word[: len(word) // 4 * 4])


def test_a_mark_in_base64_would_be_found(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(b'{"said":"' + b64encode(f"GET /{MARK} HTTP/1.1".encode()) + b'"}')
    assert MARK.encode() in b"".join(contents(path))


@contextmanager
def _all_served() -> Iterator[dict[str, list[int]]]:
    with ExitStack() as stack:
        yield {
            kind: [
                stack.enter_context(served(a, f"220 vsFTPd {MARK}\r\n".encode() if kind == "ftp" else b""))
                for a in each
            ]
            for kind, each in SERVERS.items()
        }


def _all_said(desk: Desk, line: str) -> str:
    """Standard output and errors, however it ends but by a fault of ours."""
    command = [sys.executable, "-m", "leadglass", *line.split()]
    done = subprocess.run(command, cwd=desk.folder, env=desk.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return done.stdout + done.stderr
