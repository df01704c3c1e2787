"""Our survey in a process of its own: `python -m bench.light_survey --scope FILE --out DIR [--echo] …`.

All of it: warrant, plan, pace, courier, evidence on disk. With `--echo` the probe of DICOM ports is one association
with a C-ECHO and an orderly release; else the probes are the survey's own. Says `ready`, waits for a line, works and
prints one JSON line: `seconds` end when the last host was looked at, `seconds_to_close` when all is on disk and in
tables; `cpu_seconds` is the processor time of the former.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import uvloop

from bench.light_dicom_many import VERIFICATION
from bench.wire import IMPLICIT, associate_rq, command, p_data
from leadglass.app import surveying
from leadglass.net.conversing import Ending
from leadglass.survey.campaign import Progress
from leadglass.survey.conversation import Talk
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Sighting, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes import PROBERS
from leadglass.survey.services import Service
from leadglass.survey.target import Target

_ASSOCIATE = associate_rq("BENCH", "ANY", [(1, VERIFICATION, IMPLICIT)])
_ECHO = p_data(1, command({0x0002: VERIFICATION.encode() + b"\0", 0x0100: 0x0030, 0x0110: 1, 0x0800: 0x0101}))
_RELEASE = bytes.fromhex("05000000000400000000")
_OPEN = (Try(act=Act.SPEAK, how="C-ECHO", verdict=Verdict.OPEN),)


class _Echo(Talk):
    """Takes each answer for the next step; every one of the light hosts' fits one read."""

    kind = "bench echo"

    def __init__(self) -> None:
        super().__init__()
        self._next = [_RELEASE, _ECHO]

    def begin(self) -> bytes:
        return _ASSOCIATE

    def receive(self, _data: bytes) -> bytes:
        if self._next:
            return self._next.pop()
        self.is_over = True
        return b""


def _echo(_target: Target, _caller: Caller, _chance: Chance) -> Probe:
    outcome = yield Call(_Echo())
    return Sighting(ending=outcome.ending, tries=_OPEN if outcome.ending is Ending.OVER else ())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scope", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--level", type=int, default=4)
    parser.add_argument("--only", type=Path, help="a file of targets, one a line")
    parser.add_argument("--echo", action="store_true")
    options = parser.parse_args()
    only = tuple(options.only.read_text().split()) if options.only else None
    order = surveying.Order(
        folder=options.out,
        warrant=surveying.opened_warrant(options.scope),
        scope=options.scope,
        level=Level(options.level),
        only=only,
        probers={Service.DICOM: _echo} if options.echo else PROBERS,
    )
    print("ready", flush=True)
    input()
    began, cpu_before = time.perf_counter(), time.process_time()
    last_told, cpu = began, 0.0

    def tell(_progress: Progress) -> None:
        nonlocal last_told, cpu
        last_told, cpu = time.perf_counter(), time.process_time() - cpu_before  # at the latest after the last host

    report = uvloop.run(surveying.Surveying(order).run(tell))
    facts = {"seconds": last_told - began, "cpu_seconds": cpu, "seconds_to_close": time.perf_counter() - last_told}
    counts = report.totals.as_counts()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(facts | {"peak_mb": peak, "why_stopped": report.why_stopped} | counts), flush=True)


if __name__ == "__main__":
    main()
