"""How anything is said to a MongoDB server: first who we are, then one command after another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Final

from leadglass import __version__
from leadglass.survey.probes.bson import Document, Writable
from leadglass.survey.probes.dialogue import Dialogue
from leadglass.survey.probes.mongodb_answers import number_in, understood
from leadglass.survey.probes.mongodb_wire import OP_MSG_SINCE, as_msg, as_query, as_reply, cut_message, document_of
from leadglass.terms.ceilings import MAX_DATABASE_ANSWER

__all__ = ["Commands"]

_MAX_APPLICATION: Final = 128
"""Bytes of an application's name (MongoDB Handshake, Limitations): a server refuses a longer one."""


class Commands(Dialogue):
    """`isMaster` with our name, which is answered before anybody has logged in; subclasses say what follows."""

    ceiling = MAX_DATABASE_ANSWER

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._uses_op_msg = False

    def begin(self) -> bytes:
        client: Mapping[str, Writable] = {
            "application": {"name": self._name.encode()[:_MAX_APPLICATION].decode("utf-8", "ignore")},
            "driver": {"name": "Leadglass", "version": __version__},
            "os": {"type": "unknown"},
        }
        return as_query("admin", {"isMaster": 1, "helloOk": True, "client": client})

    def _cut(self, buffer: bytearray) -> bytes | None:
        return cut_message(buffer)

    def _answer(self, message: bytes) -> bytes:
        document = document_of(message)
        if document is None:
            self.is_over = True
            return b""
        if self.is_spoken:
            return self._next(document)
        self.is_spoken = True
        self._uses_op_msg = number_in(document.get("maxWireVersion")) >= OP_MSG_SINCE
        return self._first()

    @abstractmethod
    def _first(self) -> bytes:
        """The first command."""

    @abstractmethod
    def _next(self, document: Document) -> bytes:
        """The next command after this answer; b"" and `is_over` at the end."""

    def _command(self, database: str, command: Mapping[str, Writable]) -> bytes:
        return as_msg(database, command) if self._uses_op_msg else as_query(database, command)

    def _kept(self, message: bytes) -> bytes:
        return as_reply(understood(document_of(message) or {}))
