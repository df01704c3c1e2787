"""An outside verifier of evidence, written from docs/formats/evidence.md only. Imports nothing of Leadglass.

python evidencecheck.py RUN
"""

import hashlib
import json
import sys
from pathlib import Path


def check(run: Path) -> tuple[int, str]:
    """(entries, hash of the last one); ValueError if the evidence is broken."""
    previous, entries = "0" * 64, 0
    shards = sorted(run.glob("evidence/*.jsonl"))
    for number, shard in enumerate(shards, 1):
        if int(shard.stem) != number:
            raise ValueError(f"shard {number} is missing")
        for line in shard.read_bytes().splitlines(keepends=True):
            if not (line.startswith(b'{"hash":"') and line[73:83] == b'","entry":' and line.endswith(b"}\n")):
                raise ValueError(f"{shard.name}: not a line of evidence")
            body = line[83:-2]
            if hashlib.sha256(previous.encode() + body).hexdigest() != line[9:73].decode():
                raise ValueError(f"{shard.name}: the chain is broken")
            if (json.loads(body)["kind"] == "begun") != (entries == 0):
                raise ValueError("a run begins with its first entry and nowhere else")
            previous, entries = line[9:73].decode(), entries + 1
    return entries, previous


if __name__ == "__main__":
    print(*check(Path(sys.argv[1])))
