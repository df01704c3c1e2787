"""`make bench`: every scene, every server in turn, some rounds; a table on the screen and JSON in bench/results.

Environment: LEADGLASS_BENCH_INGEST is the number of instances of the ingest row (100,000).
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections import defaultdict

from bench import machine, table
from bench.rows import NMAP, OURS, Sample
from bench.scenes import SCENES as DICOM_SCENES
from bench.scenes import Bench, new_bench
from bench.scenes_survey import SCENES as SURVEY_SCENES
from bench.scenes_web import SCENES as WEB_SCENES
from bench.servers import ROOT, RUN

SCENES = DICOM_SCENES | WEB_SCENES | SURVEY_SCENES


def main() -> None:
    options = _options()
    work = ROOT / "bench/scratch"
    shutil.rmtree(work / "servers", ignore_errors=True)
    bench = new_bench(work, options.scale, int(os.environ.get("LEADGLASS_BENCH_INGEST", "100000")))
    facts = machine.facts() | {"rounds": options.rounds, "scale": options.scale, "ingest": bench.ingest}
    held = machine.hold_memory(machine.memory_available_gb() - 8 if options.hold is None else options.hold)
    facts["held_gb"] = round(len(held) / 1e9, 1) if held else 0
    figures: dict[str, dict[str, list[Sample]]] = {}
    for name in options.only or SCENES:
        scene = run_scene(bench, name, options)
        figures |= scene
        print("\n".join(table.lines(scene, OURS)), flush=True)
    result = ROOT / "bench/results" / time.strftime("%Y%m%d-%H%M%S.json", time.gmtime())
    table.write(result, table.document(figures, facts, OURS))
    print(f"\n{facts}\nwritten to {result.relative_to(ROOT)}")
    if not options.keep:
        shutil.rmtree(work / "servers", ignore_errors=True)


def run_scene(bench: Bench, name: str, options: argparse.Namespace) -> dict[str, dict[str, list[Sample]]]:
    """All rounds of one scene; the servers take turns within a round."""
    scene = SCENES[name]
    kinds = [kind for kind in scene.kinds if kind in options.servers]
    figures: dict[str, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    if not kinds:
        return figures
    with scene.open(bench, kinds) as measure:
        for turn in range(1 if scene.once else options.rounds):
            for kind in kinds:
                print(f"{time.strftime('%H:%M:%S')} {name}: {kind}, round {turn + 1}", flush=True)
                for row, by_server in measure(kind).items():
                    for server, sample in by_server.items():
                        figures[row][server].append(sample)
    return figures


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(SCENES), help="this scene (may be repeated)")
    parser.add_argument(
        "--servers", default=[*RUN, NMAP], type=lambda text: text.split(","), help="some of " + ",".join([*RUN, NMAP])
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="0.1: a tenth of the data, for a try-out")
    parser.add_argument("--hold", type=float, help="GB of memory to hold first (all but 8)")
    parser.add_argument("--keep", action="store_true", help="keep what the servers stored in bench/scratch")
    return parser.parse_args()


main()
