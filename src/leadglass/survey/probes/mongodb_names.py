"""What is said to a MongoDB server at levels 1 and 2: what it is, whether it asks who we are, and what it names."""

from __future__ import annotations

from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Try, Verdict
from leadglass.survey.personal_data import UNSAID
from leadglass.survey.probes.bson import Document
from leadglass.survey.probes.mongodb_answers import names_in, verdict_of, version_in
from leadglass.survey.probes.mongodb_talks import Commands
from leadglass.terms.ceilings import MAX_COLLECTIONS_NAMED, MAX_DATABASES_NAMED

__all__ = ["HOW", "Greeting", "Names"]

HOW: Final = "MongoDB"
_SYSTEMS_OWN: Final = frozenset({"admin", "config", "local"})


class Greeting(Commands):
    """`buildInfo`: it, too, is answered before anybody has logged in."""

    kind: ClassVar[str] = "mongodb greeting"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.version = ""
        self.asks_for_password: bool | None = None
        self._follow = self._introduced

    def _first(self) -> bytes:
        return self._command("admin", {"buildInfo": 1})

    def _next(self, document: Document) -> bytes:
        return self._follow(document)

    def _introduced(self, document: Document) -> bytes:
        self.version = version_in(document)
        return self._enter()

    def _enter(self) -> bytes:
        self.is_over = True
        return b""


class Names(Greeting):
    """Databases and collections by name, then one document by an identifier that does not exist."""

    kind = "mongodb names"
    level = Level.ACCESS

    def __init__(self, name: str, identifier: str) -> None:
        super().__init__(name)
        self.tries: tuple[Try, ...] = ()
        self.collections: list[tuple[str, str]] = []
        """Database and collection."""
        self.were_too_many = False
        self._identifier = identifier
        self._databases: list[str] = []

    def _enter(self) -> bytes:
        self._follow = self._entered
        return self._command("admin", {"listDatabases": 1, "nameOnly": True})

    def _entered(self, document: Document) -> bytes:
        verdict, code = verdict_of(document)
        self.asks_for_password = {Verdict.OPEN: False, Verdict.CLOSED: True}.get(verdict)
        self.tries = (Try(act=Act.ENTER, how=HOW, verdict=verdict, code=code),)
        if verdict is Verdict.OPEN:
            names = [name for name in names_in(document.get("databases")) if name not in _SYSTEMS_OWN]
            listed = Verdict.OPEN if names else Verdict.UNCLEAR
            self.tries += (Try(act=Act.LIST, how=HOW, verdict=listed),)
            self.were_too_many = len(names) > MAX_DATABASES_NAMED or UNSAID in names
            self._databases = [name for name in names if name != UNSAID][:MAX_DATABASES_NAMED][::-1]
        return self._list_next()

    def _list_next(self) -> bytes:
        if self._databases and len(self.collections) < MAX_COLLECTIONS_NAMED:
            self._follow = self._listed
            return self._command(self._databases[-1], {"listCollections": 1, "nameOnly": True})
        self.were_too_many = self.were_too_many or bool(self._databases)
        if not self.collections:
            self.is_over = True
            return b""
        self._follow = self._asked
        database, name = self.collections[0]
        return self._command(database, {"find": name, "filter": {"_id": self._identifier}, "limit": 1})

    def _listed(self, document: Document) -> bytes:
        database = self._databases.pop()
        cursor = document.get("cursor")
        listed = cursor.get("firstBatch") if isinstance(cursor, dict) else None
        names = [name for name in names_in(listed) if not name.startswith("system.")]
        room = MAX_COLLECTIONS_NAMED - len(self.collections)
        self.were_too_many = self.were_too_many or len(names) > room or UNSAID in names
        self.collections += [(database, name) for name in names if name != UNSAID][:room]
        return self._list_next()

    def _asked(self, document: Document) -> bytes:
        verdict, code = verdict_of(document)
        self.tries += (Try(act=Act.QUERY, how=HOW, verdict=verdict, code=code),)
        self.is_over = True
        return b""
