"""The process that the crash test kills: records observations for ever, and says the number of each before it does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from helpers.sightings import observation
from helpers.survey_records import begun, heard, silent
from leadglass.survey.records import RunWriter, log
from leadglass.survey.records.chain import shards


def main(folder: Path) -> None:
    log._EVERY = 0.02  # many small writes, so that a kill meets one
    writer = RunWriter.resume(folder, scope_digest="") if shards(folder) else RunWriter.create(folder, begun())
    os.write(1, b"ready\n")
    number = 0
    while True:
        number += 1
        if number in writer.done:
            continue
        os.write(1, b"%d\n" % number)
        writer.record(silent(number) if number % 3 else observation(number), [heard("ABCDEFGH", b"open" * 50 + b".")])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
