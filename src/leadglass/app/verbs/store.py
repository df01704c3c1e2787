"""Checking the store from outside."""

from __future__ import annotations

import asyncio
from typing import Any

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.store.check import CheckedRecord, check_volumes
from leadglass.store.index.statistics import count_everything, walk_instances
from leadglass.store.index.study_keys import key_by_id
from leadglass.store.keys import StudyKey

__all__ = ["check"]

_PAGE = 1000


async def check(house: House, progress: Progress) -> dict[str, Any]:
    """Verifies every tag of every record, and that every row of the index has its record.

    `unreferenced` counts whole records that no row names: of two senders that raced with one UID, the second.
    """
    total = (await house.database.read(count_everything)).instances
    loop = asyncio.get_running_loop()
    keys: dict[bytes, StudyKey | None] = {}

    def key_of(key_id: bytes) -> StudyKey | None:  # called in the checking thread
        if key_id not in keys:
            wrapped = asyncio.run_coroutine_threadsafe(house.database.read(key_by_id, key_id), loop).result()
            keys[key_id] = house.ring.unwrap(wrapped) if wrapped is not None else None
        return keys[key_id]

    def walk() -> tuple[set[tuple[int, int, bytes]], int, list[str]]:
        sound: set[tuple[int, int, bytes]] = set()
        dead, problems = 0, list[str]()
        for found in check_volumes(house.home.volumes, key_of):
            if not isinstance(found, CheckedRecord):
                problems.append(str(found))
            elif found.has_key:
                sound.add((found.location.volume, found.location.offset, found.location.object_id))
                if len(sound) % 100 == 0:
                    loop.call_soon_threadsafe(progress, len(sound), total)
            else:
                dead += 1
        return sound, dead, problems

    # Rows first: what is stored while we look has its record before its row, so no row can be missing one.
    rows: list[tuple[int, int, bytes]] = []
    after = ""
    while page := await house.database.read(walk_instances, after, _PAGE):
        rows += [(stored.location.volume, stored.location.offset, stored.location.object_id) for stored in page]
        after = page[-1].sop_instance_uid
    sound, dead, problems = await asyncio.to_thread(walk)
    problems += [
        f"volume {volume} at {offset}: the index names a record that is not there, or is damaged"
        for volume, offset, object_id in rows
        if (volume, offset, object_id) not in sound
    ]
    return {
        "instances": len(rows),
        "sound": len(sound),
        "unreferenced": len(sound.difference(rows)),
        "of_deleted_studies": dead,
        "problems": problems,
    }
