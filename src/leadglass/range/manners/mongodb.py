"""A simulated MongoDB server: open, or wanting to know who asks. It has counts and fields, and no documents."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action
from leadglass.range.manners.messages import MessageManner

__all__ = ["MongodbServer", "SimulatedCollection"]

_OP_QUERY: Final = 2004
_OP_MSG: Final = 2013
_AT_LEVEL_1: Final = frozenset({"hello", "isMaster", "ismaster", "buildInfo", "buildinfo", "ping", "endSessions"})
_UNAUTHORIZED: Final = 13

_Value: TypeAlias = "str | int | float | Sequence[_Value] | Mapping[str, _Value]"


@dataclass(frozen=True, slots=True)
class SimulatedCollection:
    """What there is to say of one."""

    database: str
    name: str
    documents: int
    fields: tuple[str, ...] = ()


class MongodbServer(MessageManner):
    """MongoDB 6.0."""

    def __init__(
        self, law: Law, collections: Sequence[SimulatedCollection] = (), *, demands_login: bool = False
    ) -> None:
        super().__init__(law)
        self._collections = tuple(collections)
        self._demands_login = demands_login

    def _size(self) -> int | None:
        return int.from_bytes(self._buffer[:4], "little") if len(self._buffer) >= 4 else None

    def _answer(self, request: bytes) -> Iterable[Action]:
        if len(request) < 30:
            return self._end()
        number, operation = struct.unpack_from("<i", request, 4)[0], struct.unpack_from("<i", request, 12)[0]
        start = request.find(b"\0", 20) + 9 if operation == _OP_QUERY else 21
        name, argument = _first_element(request[start:])
        answer = _encoded(self._obeyed(name, argument, request))
        if operation == _OP_MSG:
            return [_message(number, _OP_MSG, bytes(5) + answer)]
        if operation == _OP_QUERY:
            return [_message(number, 1, struct.pack("<iqii", 8, 0, 0, 1) + answer)]
        return self._end()

    def _obeyed(self, name: str, argument: str, request: bytes) -> Mapping[str, _Value]:
        level, what = _needs(name, request)
        self._law.saw(level, what)
        if name in ("hello", "isMaster", "ismaster"):
            return {"ismaster": 1, "maxBsonObjectSize": 16777216, "minWireVersion": 0, "maxWireVersion": 17, "ok": 1.0}
        if level == 1:
            return {"version": "6.0.14", "versionArray": [6, 0, 14, 0], "ok": 1.0}
        if self._demands_login:
            return {"ok": 0.0, "errmsg": "Command requires authentication", "code": _UNAUTHORIZED}
        return self._told(name, argument, request)

    def _told(self, name: str, argument: str, request: bytes) -> Mapping[str, _Value]:
        database = _database(request)
        mine = [c for c in self._collections if c.database == database]
        whose = f"{database}.{argument or '$cmd.listCollections'}"
        chosen = next((c for c in mine if c.name == argument), None)
        match name:
            case "listDatabases":
                names = dict.fromkeys(["admin", *(c.database for c in self._collections)])
                return {"databases": [{"name": name} for name in names], "ok": 1.0}
            case "listCollections":
                return _cursor(whose, [{"name": c.name, "type": "collection"} for c in mine])
            case "count":
                return {"n": chosen.documents if chosen else 0, "ok": 1.0}
            case "aggregate":
                fields: list[_Value] = [{"name": field, "parts": []} for field in chosen.fields] if chosen else []
                return _cursor(whose, [{"fields": fields}] if fields else [])
            case "find":
                return _cursor(whose, [])
        return {"ok": 0.0, "code": 59, "errmsg": "no such command"}


def _needs(name: str, request: bytes) -> tuple[int, str]:
    """The level of a command, and a name for it."""
    if name in _AT_LEVEL_1:
        return 1, "MongoDB greeting"
    if name in ("listDatabases", "listCollections") and b"nameOnly\0" in request:
        return 2, "MongoDB names"
    if name == "find" and b"\2_id\0" in request and b"2.25." in request:
        return 2, "MongoDB find by a random identifier"
    if name == "count":
        return 3, "MongoDB count"
    if name == "aggregate" and b"$objectToArray\0" in request and b"$limit\0" in request:
        return 4, "MongoDB field names"
    return NEVER, "MongoDB command"


def _database(request: bytes) -> str:
    at = request.rfind(b"\2$db\0")
    if at < 0:
        return request[20:].split(b".$cmd")[0].decode("utf-8", "replace")
    return request[at + 9 :].split(b"\0")[0].decode("utf-8", "replace")


def _first_element(document: bytes) -> tuple[str, str]:
    """The name of a command, and its argument if that is text."""
    name, _, value = document[5:].partition(b"\0")
    text = value[4:].split(b"\0")[0] if document[4:5] == b"\2" else b""
    return name.decode("utf-8", "replace"), text.decode("utf-8", "replace")


def _cursor(whose: str, rows: Sequence[Mapping[str, _Value]]) -> dict[str, _Value]:
    return {"cursor": {"firstBatch": list(rows), "id": 0, "ns": whose}, "ok": 1.0}


def _encoded(document: Mapping[str, _Value]) -> bytes:
    """BSON."""
    body = b""
    for name, value in document.items():
        key = name.encode() + b"\0"
        match value:
            case float():
                body += b"\x01" + key + struct.pack("<d", value)
            case int():
                body += b"\x12" + key + struct.pack("<q", value)
            case str():
                body += b"\x02" + key + struct.pack("<i", len(value.encode()) + 1) + value.encode() + b"\0"
            case Mapping():
                body += b"\x03" + key + _encoded(value)
            case _:
                body += b"\x04" + key + _encoded({str(at): item for at, item in enumerate(value)})
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _message(answers: int, operation: int, body: bytes) -> bytes:
    return struct.pack("<iiii", 16 + len(body), 1, answers, operation) + body
