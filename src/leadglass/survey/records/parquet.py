"""Observations as Parquet, a file for each shard of evidence and each type of facts, for whoever likes SQL.

Derived from the evidence and nothing else, so they may be deleted and made anew. The columns follow from the
dataclasses of `survey/observation.py`: a field added there is a column here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from os import SEEK_END
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import duckdb

from leadglass.survey.observation import Observation, Sighting
from leadglass.survey.records.entries import FACTS
from leadglass.survey.target import Place, Target
from leadglass.terms.ceilings import MAX_EVIDENCE_ENTRY
from leadglass.terms.errors import StorageFault

__all__ = ["NO_FACTS", "drop_tables", "faults_in_tables", "has_tables", "make_tables"]

NO_FACTS: Final = "other"
"""Name of the files of observations without facts."""

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "threads": 1,
    "memory_limit": "128MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_SCALARS: Final = ((bool, "BOOLEAN"), (int, "BIGINT"), (float, "DOUBLE"), (str, "VARCHAR"), (datetime, "TIMESTAMP"))


def make_tables(folder: Path, shard: int) -> None:
    """Write the tables of one shard of evidence, each whole or not at all. The last line may be written by half.

    StorageFault if there is no room for them; the evidence is not touched, and they can be made another time.
    """
    source = folder / "evidence" / f"{shard:05}.jsonl"
    try:
        (folder / "observations").mkdir(exist_ok=True)
        with _whole_lines(source, folder / "observations") as lines, _seen(lines) as database:
            for name in (*FACTS, NO_FACTS):
                _export(database, name, _path(folder, name, shard))
    except (duckdb.Error, OSError) as fault:
        raise StorageFault(f"the tables of {source.name} cannot be written") from fault


def faults_in_tables(folder: Path, shard: int) -> list[str]:
    """What the tables of a shard say otherwise than its evidence, which must be intact; in words, a sentence for each
    file. One that is not there says nothing."""
    paths = {name: path for name in (*FACTS, NO_FACTS) if (path := _path(folder, name, shard)).exists()}
    if not paths:
        return []
    source = folder / "evidence" / f"{shard:05}.jsonl"
    try:
        with _whole_lines(source, folder / "observations") as lines, _seen(lines) as database:
            checked = {path: _fault_in(database, name, path) for name, path in paths.items()}
    except (duckdb.Error, OSError):
        return [f"the tables of evidence/{source.name} cannot be checked: there is no room for it"]
    return [
        f"observations/{path.name} {fault}: delete it, and it is made anew" for path, fault in checked.items() if fault
    ]


def has_tables(folder: Path, shard: int) -> bool:
    """Whether all tables of the shard are there."""
    return all(_path(folder, name, shard).exists() for name in (*FACTS, NO_FACTS))


def drop_tables(folder: Path, shard: int) -> None:
    """Remove the tables of a shard that is about to grow."""
    for name in (*FACTS, NO_FACTS):
        _path(folder, name, shard).unlink(missing_ok=True)


def _path(folder: Path, name: str, shard: int) -> Path:
    return folder / "observations" / f"{name}-{shard:05}.parquet"


@contextmanager
def _seen(lines: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with a table `seen` of a shard's entries."""
    with duckdb.connect(config=_SETTINGS) as database:
        database.execute(
            f"CREATE TABLE seen AS SELECT hash, entry FROM read_json({_text(str(lines))}, "  # noqa: S608
            f"format='newline_delimited', maximum_object_size={2 * MAX_EVIDENCE_ENTRY}, "
            f"columns={{hash: 'VARCHAR', entry: {_text(_entry_type())}}}) WHERE entry.kind = 'seen'"
        )
        yield database


def _fault_in(database: duckdb.DuckDBPyConnection, name: str, path: Path) -> str:
    """What is wrong with a table, "" for nothing."""
    try:
        there = _sum_of(database, f"SELECT * FROM read_parquet({_text(str(path))})")  # noqa: S608
    except duckdb.Error:
        return "cannot be read"
    return "" if there == _sum_of(database, _rows(name)) else "does not say what the evidence says"


def _sum_of(database: duckdb.DuckDBPyConnection, rows: str) -> tuple[object, ...] | None:
    """Stands for rows, in whatever order: there is no need to have all of them in memory."""
    found = database.execute(f"SELECT count(*), sum(hash(row)::HUGEINT) FROM ({rows}) AS row").fetchone()  # noqa: S608
    return None if found is None else tuple(found)


def _export(database: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    draft = path.with_name(f".{path.name}.draft")
    database.execute(
        f"COPY ({_rows(name)} ORDER BY entry.number) TO {_text(str(draft))} (FORMAT parquet, COMPRESSION zstd)"
    )
    draft.replace(path)


def _rows(name: str) -> str:
    """The SELECT of a table's rows."""
    columns = ", ".join(f'{source} AS "{column}"' for column, source in _columns(name))
    which = (
        " AND ".join(f"entry.sighting.facts.{other} IS NULL" for other in FACTS)
        if name == NO_FACTS
        else f"entry.sighting.facts.{name} IS NOT NULL"
    )
    return f"SELECT {columns} FROM seen WHERE {which}"  # noqa: S608 - names of our own


def _columns(name: str) -> Iterator[tuple[str, str]]:
    """(column, where it stands in an entry)."""
    for field in ("number", "seen_at", "source", "level", "seconds_to_connect"):
        yield field, f'entry."{field}"'
    yield "evidence", "hash"
    for part in fields(Target):
        if part.name != "place":
            yield ("granted_level" if part.name == "level" else part.name), f'entry.target."{part.name}"'
    for part in fields(Place):
        yield part.name, f'entry.target.place."{part.name}"'
    for part in fields(Sighting):
        if part.name != "facts":
            yield part.name, f'entry.sighting."{part.name}"'
    if name != NO_FACTS:
        for part in fields(FACTS[name]):
            yield part.name, f'entry.sighting.facts."{name}"."{part.name}"'


def _entry_type() -> str:
    hints = get_type_hints(Observation)
    facts = ", ".join(f'"{name}" {_type(facts)}' for name, facts in FACTS.items())
    sighting = get_type_hints(Sighting) | {"facts": None}
    inner = ", ".join(f'"{n}" {f"STRUCT({facts})" if n == "facts" else _type(h)}' for n, h in sighting.items())
    outer = ", ".join(f'"{n}" {_type(h)}' for n, h in hints.items() if n not in ("sighting", "evidence"))
    return f"STRUCT(kind VARCHAR, {outer}, sighting STRUCT({inner}))"


def _type(hint: Any) -> str:
    """The column type of a field's type."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is Literal:  # one of some words
        return "VARCHAR"
    if get_origin(hint) is tuple:
        return f"{_type(get_args(hint)[0])}[]"
    if is_dataclass(hint):
        parts = ", ".join(f'"{name}" {_type(part)}' for name, part in get_type_hints(hint).items())
        return f"STRUCT({parts})"
    return next(column for scalar, column in _SCALARS if issubclass(hint, scalar))


def _text(value: str) -> str:
    """As an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


@contextmanager
def _whole_lines(source: Path, folder: Path) -> Iterator[Path]:
    """The file, or a copy without its last line if that was written by half."""
    with source.open("rb") as file:
        size = file.seek(0, SEEK_END)
        file.seek(max(0, size - 1))
        if file.read() in (b"", b"\n"):
            yield source
            return
        file.seek(0)
        with NamedTemporaryFile(dir=folder, prefix=".", suffix=".jsonl") as copy:
            for line in file:
                copy.write(line if line.endswith(b"\n") else b"")
            copy.flush()
            yield Path(copy.name)
