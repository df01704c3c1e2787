"""An index in memory: the port `Database` over plain SQLite, run in place. It can fail on cue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.pool import StaticPool

from leadglass.store.index.tables import metadata
from leadglass.terms.errors import StorageFault


class MemoryIndex:
    """Set `broken` and every call raises StorageFault. `reads` counts the calls of `read`."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        metadata.create_all(self.engine)
        self.broken = False
        self.reads = 0

    async def read(self, fn: Callable[..., Any], *args: Any) -> Any:
        self.reads += 1
        return self._run(fn, *args)

    async def write(self, fn: Callable[..., Any], *args: Any, durable: bool = True) -> Any:
        return self._run(fn, *args)

    def _run(self, fn: Callable[[Connection], Any], *args: Any) -> Any:
        if self.broken:
            raise StorageFault("the index is broken on cue")
        with self.engine.begin() as conn:
            return fn(conn, *args)

    def read_all(self, table: str) -> int:
        """How many rows a table has."""
        with self.engine.begin() as conn:
            return conn.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one()

    async def scrub(self) -> None:
        pass

    async def close(self) -> None:
        self.engine.dispose()
