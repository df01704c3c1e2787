"""MongoDB: what it is, whether it asks who we are, what it names, how much there is, what its fields are called.

Level 2 asks for names, and for one document by an identifier that nobody has issued. Level 3 counts. Level 4 has the
server write down the names of one document's fields; their values never leave it.
"""

from __future__ import annotations

from collections.abc import Generator

from leadglass.net.conversing import Outcome, TlsOffer
from leadglass.survey.level import Level
from leadglass.survey.observation import Collection, Counts, DatabaseFacts, Sighting, Software
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes.dialogue_opening import Opening, opening, spoken
from leadglass.survey.probes.mongodb_counting import CollectionSizes
from leadglass.survey.probes.mongodb_fields import CollectionFields
from leadglass.survey.probes.mongodb_names import HOW, Greeting, Names
from leadglass.survey.target import Target

__all__ = ["probe_mongodb"]


def probe_mongodb(target: Target, caller: Caller, chance: Chance) -> Probe:
    """DatabaseFacts; counts at level 3, kinds at level 4."""
    names: Names | None = None
    found: Opening[Greeting]
    if target.level < Level.ACCESS:
        found = yield from opening(lambda: Greeting(caller.name))
    else:
        identifier = chance.uid()
        asked = yield from opening(lambda: Names(caller.name, identifier))
        found, names = asked, asked.talk
    talk = found.talk
    collections: tuple[Collection, ...] = ()
    counts: Counts | None = None
    if names is not None and names.collections:
        collections = yield from _looked_into(names, target.level, caller.name, found.tls)
        if target.level >= Level.COUNTS:
            sizes = [collection.records or 0 for collection in collections]
            counts = Counts(records=sum(sizes), how="count of each collection", is_at_least=names.were_too_many)
    return Sighting(
        ending=found.ending,
        tries=(*spoken(talk, HOW, found.ending), *(names.tries if names else ())),
        facts=DatabaseFacts(asks_for_password=talk.asks_for_password, collections=collections)
        if talk.is_spoken
        else None,
        software=Software(product="MongoDB", version=talk.version, proof="its build information")
        if talk.version
        else Software(),
        counts=counts,
        kinds=tuple(sorted({kind for collection in collections for kind in collection.kinds})),
        handshakes=found.handshakes,
        speaks_tls=found.speaks_tls,
    )


def _looked_into(
    names: Names, level: Level, caller: str, tls: TlsOffer | None
) -> Generator[Call, Outcome, tuple[Collection, ...]]:
    """The collections, with as much as the level grants."""
    sizes: dict[int, int] = {}
    kinds: dict[int, tuple[str, ...]] = {}
    if level >= Level.COUNTS:
        counting = CollectionSizes(caller, names.collections)
        yield Call(counting, tls)
        sizes = counting.found
    if level >= Level.KINDS:
        reading = CollectionFields(caller, names.collections)
        yield Call(reading, tls)
        kinds = reading.found
    return tuple(
        Collection(name=f"{database}.{name}", records=sizes.get(at), kinds=kinds.get(at, ()))
        for at, (database, name) in enumerate(names.collections)
    )
