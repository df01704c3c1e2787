"""The process that the crash test kills: appends objects from several senders for ever, and says what was acknowledged.

Each line on standard output is one acknowledged object: seed, size, then the fields of its Location.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from helpers.objects_in import content, put
from leadglass.store.journal import Journal
from leadglass.store.keys import StudyKey

SIZES = [0, 100, 9000, 9000, 70_000, 525_000, 3_000_000, 6_000_000]
SENDERS = 4


async def sender(journal: Journal, key: StudyKey, number: int, first_seed: int) -> None:
    chance = random.Random(first_seed + number)
    seed = first_seed + number
    while True:
        size = chance.choice(SIZES)
        p = await put(journal, content(size, seed), key)
        fields = (seed, size, p.volume, p.offset, p.length, p.object_id.hex(), p.plaintext_length, p.dataset_offset)
        os.write(1, (" ".join(map(str, fields)) + "\n").encode())
        seed += SENDERS


async def main(directory: Path, secret: str, first_seed: int) -> None:
    journal = Journal.open(directory)
    os.write(1, b"ready\n")
    key = StudyKey(b"crash test's key", bytes.fromhex(secret))
    await asyncio.gather(*(sender(journal, key, number, first_seed) for number in range(SENDERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
