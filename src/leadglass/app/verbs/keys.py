"""The master key."""

from __future__ import annotations

from typing import Any

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.app.verbs.recording import record
from leadglass.gate.ledger import Event
from leadglass.store.index.study_keys import rewrap_all_keys

__all__ = ["rotate"]


async def rotate(house: House, progress: Progress) -> dict[str, Any]:
    """A new master key wraps every study key; no object is rewritten. Finishes an interrupted rotation."""
    del progress
    count = await house.ring.rotate(lambda rewrap: rewrap_all_keys(house.database, house.ring.master_id, rewrap))
    await record(house, Event.KEY_ROTATED, keys=count, master=house.ring.master_id)
    return {"keys": count, "master_key_id": house.ring.master_id, "file": str(house.home.keys / "master.key")}
