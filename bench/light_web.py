"""Light web clients, each its own process: `python -m bench.light_web stow|study|frame|metadata|search …`.

As with bench/light.py: a client connects and warms up, prints `ready`, waits for a line on its input, works, and
prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path

from bench.http import Connection
from bench.light import WARM_UP, patient_id, report, study_date, wait_for_go

ROOT = "/dicom-web"
BOUNDARY = b"bench-0f3a5c7e9b1d"
DICOM = 'multipart/related; type="application/dicom"'
JSON = "application/dicom+json"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["stow", "study", "frame", "metadata", "search"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--called", default="")
    parser.add_argument("--plain", action="store_true", help="no TLS")
    parser.add_argument("--token", default="")
    parser.add_argument("--share", type=int, default=0, help="which of the parallel clients this is")
    parser.add_argument("--shares", type=int, default=1)
    parser.add_argument("--together", type=int, default=10, help="instances of one STOW request")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to ask")
    parser.add_argument("--folder", action="append", default=[], help="folder of files to store")
    parser.add_argument("--study", action="append", default=[], help="study to retrieve")
    parser.add_argument("--count", type=int, default=1, help="patients that can be asked for")
    parser.add_argument("--question", default="patient", choices=list(QUESTIONS))
    options = parser.parse_args()
    VERBS[options.verb](options, Connection(options.port, tls=not options.plain, token=options.token))


def stow(options: argparse.Namespace, connection: Connection) -> None:
    """Sends this client's share of the requests; the answer of each must say that all of it was stored."""
    paths = [path for folder in options.folder for path in sorted(Path(folder).glob("*.dcm"))]
    batches = [paths[at : at + options.together] for at in range(0, len(paths), options.together)]
    mine = batches[options.share :: options.shares]
    requests = [_stow_request(connection, [path.read_bytes() for path in batch]) for batch in mine]
    wait_for_go()
    begin = time.perf_counter()
    for request in requests:
        connection.send(request)
        if json.loads(connection.answer()).get("00081198", {}).get("Value"):
            raise SystemExit("not everything was stored")
    report(requests=len(mine), seconds=time.perf_counter() - begin)


def _stow_request(connection: Connection, files: Sequence[bytes]) -> bytes:
    body = [
        piece
        for file in files
        for piece in (b"--" + BOUNDARY + b"\r\nContent-Type: application/dicom\r\n\r\n", file, b"\r\n")
    ]
    body.append(b"--" + BOUNDARY + b"--\r\n")
    return connection.post_of(f"{ROOT}/studies", f"{DICOM}; boundary={BOUNDARY.decode()}", body)


def study(options: argparse.Namespace, connection: Connection) -> None:
    """Retrieves its share of the studies as they were stored; the images are counted and thrown away."""
    mine = options.study[options.share :: options.shares]
    requests = [connection.head_of(f"{ROOT}/studies/{uid}", f"{DICOM}; transfer-syntax=*") for uid in mine]
    wait_for_go()
    begin, taken = time.perf_counter(), 0
    for request in requests:
        connection.send(request)
        taken += connection.skip_answer()
    report(data_bytes=taken, seconds=time.perf_counter() - begin)


def frame(options: argparse.Namespace, connection: Connection) -> None:
    """One frame after another, as a viewer scrolls."""
    accept = 'multipart/related; type="application/octet-stream"'
    paths = []
    for uid in options.study:
        connection.send(connection.head_of(f"{ROOT}/studies/{uid}/instances?limit=100", JSON))
        for found in json.loads(connection.answer()):
            series, instance = (found[tag]["Value"][0] for tag in ("0020000E", "00080018"))
            paths.append(f"{ROOT}/studies/{uid}/series/{series}/instances/{instance}/frames/1")
    _ask(options, connection, [connection.head_of(path, accept) for path in paths])


def metadata(options: argparse.Namespace, connection: Connection) -> None:
    """The metadata of one study after another."""
    paths = [f"{ROOT}/studies/{uid}/metadata" for uid in options.study]
    _ask(options, connection, [connection.head_of(path, JSON) for path in paths])


def search(options: argparse.Namespace, connection: Connection) -> None:
    """One kind of question about studies, with other values each time."""
    questions = dict.fromkeys(QUESTIONS[options.question](number * 7919 % options.count) for number in range(200))
    _ask(options, connection, [connection.head_of(f"{ROOT}/studies?{query}", JSON) for query in questions])


QUESTIONS: dict[str, Callable[[int], str]] = {
    "patient": lambda study: f"PatientID={patient_id(study)}",
    "date": lambda study: f"StudyDate={study_date(study)}-{study_date(study)}",
    "name": lambda study: f"PatientName=Phantom^P{study // 10:06d}*",  # Orthanc does not decode %5E
    "page": lambda study: f"limit=100&offset={study // 100 * 100}",
    "all": lambda _: "limit=1000",
}


def _ask(options: argparse.Namespace, connection: Connection, requests: Sequence[bytes]) -> None:
    asked = cycle(requests)
    for _ in range(max(WARM_UP, len(requests) if len(requests) <= 20 else 0)):
        connection.send(next(asked))
        if connection.skip_answer() < 100:
            raise SystemExit("a request was answered with nothing")
    wait_for_go()
    waits: list[float] = []
    taken = 0
    begin = now = time.perf_counter()
    while now - begin < options.seconds:
        connection.send(next(asked))
        taken += connection.skip_answer()
        before, now = now, time.perf_counter()
        waits.append(now - before)
    waits.sort()
    report(
        answers=len(waits),
        seconds=now - begin,
        p50_ms=1000 * waits[len(waits) // 2],
        p99_ms=1000 * waits[len(waits) * 99 // 100],
        kb=taken / len(waits) / 1000,
    )


VERBS: dict[str, Callable[[argparse.Namespace, Connection], None]] = {
    "stow": stow,
    "study": study,
    "frame": frame,
    "metadata": metadata,
    "search": search,
}

if __name__ == "__main__":
    main()
    sys.stdout.flush()
